-- What is to be said: clips, announcements and their history, sessions.

CREATE TABLE clip (
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    duration_ms INTEGER NOT NULL CHECK (duration_ms > 0),
    lufs REAL NOT NULL,
    peak_dbfs REAL NOT NULL,
    engine TEXT NOT NULL,
    media_type TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;

-- n is explicit because the full-text index refers to it, and an implicit rowid may change at VACUUM.
CREATE TABLE announcement (
    n INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    area TEXT NOT NULL REFERENCES area (code),
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    bulletin_class TEXT NOT NULL CHECK (bulletin_class IN ('normal', 'priority', 'emergency')),
    targets TEXT NOT NULL CHECK (json_valid(targets)),
    timing TEXT NOT NULL CHECK (json_valid(timing)),
    valid_from TEXT NOT NULL CHECK (valid_from LIKE '____-__-__T__:__:__.___Z'),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.___Z'),
    repeat INTEGER NOT NULL,
    author TEXT NOT NULL REFERENCES account (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'returned', 'withdrawn')),
    revision INTEGER NOT NULL CHECK (revision > 0),
    approved_by TEXT REFERENCES account (id),
    approved_at TEXT CHECK (approved_at LIKE '____-__-__T__:__:__.___Z'),
    approved_hash TEXT,
    clip TEXT REFERENCES clip (sha256),
    duration_ms INTEGER CHECK (duration_ms > 0),
    spoken TEXT NOT NULL DEFAULT '',
    guesses TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(guesses)),
    render TEXT NOT NULL DEFAULT 'none' CHECK (render IN ('none', 'waiting', 'rendering', 'ready', 'failed')),
    render_hash TEXT NOT NULL DEFAULT '',
    render_code TEXT NOT NULL DEFAULT '',
    render_vi TEXT NOT NULL DEFAULT '',
    render_en TEXT NOT NULL DEFAULT '',
    folded TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z'),
    updated_at TEXT NOT NULL CHECK (updated_at LIKE '____-__-__T__:__:__.___Z'),
    CHECK (approved_by IS NULL OR approved_by <> author),
    CHECK ((state = 'approved') = (approved_by IS NOT NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((approved_by IS NULL) = (approved_hash IS NULL)),
    CHECK (state NOT IN ('submitted', 'approved') OR (expires_at > valid_from AND repeat BETWEEN 1 AND 3)),
    CHECK ((render = 'ready') = (clip IS NOT NULL)),
    CHECK ((clip IS NULL) = (duration_ms IS NULL))
) STRICT;
CREATE INDEX announcement_by_area ON announcement (area, state, updated_at);
CREATE INDEX announcement_in_force ON announcement (expires_at) WHERE state = 'approved';
CREATE INDEX announcement_to_render ON announcement (updated_at) WHERE render IN ('waiting', 'rendering');

CREATE VIRTUAL TABLE announcement_fts USING FTS5 (
    title, text, folded, content=[announcement], content_rowid=[n], tokenize='unicode61 remove_diacritics 0'
);
CREATE TRIGGER announcement_indexed AFTER INSERT ON announcement BEGIN
    INSERT INTO announcement_fts (rowid, title, text, folded) VALUES (NEW.n, NEW.title, NEW.text, NEW.folded);
END;
CREATE TRIGGER announcement_unindexed AFTER DELETE ON announcement BEGIN
    INSERT INTO announcement_fts (announcement_fts, rowid, title, text, folded)
    VALUES ('delete', OLD.n, OLD.title, OLD.text, OLD.folded);
END;
CREATE TRIGGER announcement_reindexed AFTER UPDATE OF title, text, folded ON announcement BEGIN
    INSERT INTO announcement_fts (announcement_fts, rowid, title, text, folded)
    VALUES ('delete', OLD.n, OLD.title, OLD.text, OLD.folded);
    INSERT INTO announcement_fts (rowid, title, text, folded) VALUES (NEW.n, NEW.title, NEW.text, NEW.folded);
END;

CREATE TABLE announcement_event (
    n INTEGER PRIMARY KEY NOT NULL,
    announcement TEXT NOT NULL REFERENCES announcement (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL REFERENCES account (id),
    deed TEXT NOT NULL CHECK (deed IN ('wrote', 'edited', 'submitted', 'approved', 'sent_back', 'withdrew', 'undid')),
    revision INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX announcement_event_by_announcement ON announcement_event (announcement, n);

CREATE TABLE session (
    id TEXT PRIMARY KEY NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    name TEXT NOT NULL,
    start TEXT NOT NULL CHECK (start LIKE '__:__:__'),
    days TEXT NOT NULL CHECK (json_valid(days)),
    dates TEXT NOT NULL CHECK (json_valid(dates)),
    items TEXT NOT NULL CHECK (json_valid(items)),
    opening INTEGER NOT NULL CHECK (opening IN (0, 1)),
    closing INTEGER NOT NULL CHECK (closing IN (0, 1)),
    cap_ms INTEGER CHECK (cap_ms > 0)
) STRICT;
CREATE INDEX session_by_area ON session (area);
