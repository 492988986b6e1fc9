-- What was taken back and why it may or may not be undone; and which bài puts which one right, on which nodes.

CREATE TABLE withdrawal (
    n INTEGER PRIMARY KEY NOT NULL REFERENCES announcement_event (n),
    announcement TEXT NOT NULL REFERENCES announcement (id),
    state_before TEXT NOT NULL CHECK (state_before IN ('draft', 'submitted', 'approved', 'returned')),
    approved_by TEXT REFERENCES account (id),
    approved_at TEXT CHECK (approved_at LIKE '____-__-__T__:__:__.___Z'),
    approved_hash TEXT,
    stopped TEXT NOT NULL CHECK (json_valid(stopped)),
    first_due_at TEXT CHECK (first_due_at LIKE '____-__-__T__:__:__.___Z'),
    CHECK ((state_before = 'approved') = (approved_by IS NOT NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((approved_by IS NULL) = (approved_hash IS NULL))
) STRICT;
CREATE INDEX withdrawal_by_announcement ON withdrawal (announcement, n);
CREATE TRIGGER withdrawal_is_not_changed BEFORE UPDATE ON withdrawal
BEGIN SELECT RAISE(ABORT, 'what was taken back is not told otherwise'); END;

-- A đính chính: an announcement that refers to the wrong one. It is planned by the corrector alone.
CREATE TABLE correction (
    announcement TEXT PRIMARY KEY NOT NULL REFERENCES announcement (id),
    wrong TEXT NOT NULL REFERENCES announcement (id),
    opening TEXT NOT NULL CHECK (length(opening) > 0),
    written_at TEXT NOT NULL CHECK (written_at LIKE '____-__-__T__:__:__.___Z'),
    CHECK (announcement <> wrong)
) STRICT;
CREATE INDEX correction_by_wrong ON correction (wrong);
CREATE TRIGGER correction_is_not_changed BEFORE UPDATE ON correction
BEGIN SELECT RAISE(ABORT, 'a correction keeps what it puts right'); END;

-- One airing of a correction: its id is a group on the wire whose list never shrinks, so its version stays 1.
CREATE TABLE correction_wave (
    id TEXT PRIMARY KEY NOT NULL CHECK (id GLOB 'c-[0-9a-f]*' AND length(id) BETWEEN 3 AND 40),
    correction TEXT NOT NULL REFERENCES correction (announcement),
    revision INTEGER NOT NULL CHECK (revision > 0),
    occurrence TEXT NOT NULL UNIQUE REFERENCES occurrence (id),
    local_date TEXT NOT NULL CHECK (local_date LIKE '____-__-__'),
    made_at TEXT NOT NULL CHECK (made_at LIKE '____-__-__T__:__:__.___Z'),
    over_at TEXT NOT NULL CHECK (over_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE INDEX correction_wave_by_correction ON correction_wave (correction, made_at);
CREATE TABLE correction_wave_node (
    wave TEXT NOT NULL REFERENCES correction_wave (id),
    node TEXT NOT NULL REFERENCES node (id),
    PRIMARY KEY (wave, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_wave_node_by_node ON correction_wave_node (node);
CREATE TRIGGER correction_wave_node_stays BEFORE DELETE ON correction_wave_node
BEGIN SELECT RAISE(ABORT, 'who was told is not untold'); END;
