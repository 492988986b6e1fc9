-- What is streamed: where stations are relayed from, and every broadcast that was opened by hand.

CREATE TABLE relay_list (
    area TEXT PRIMARY KEY NOT NULL REFERENCES area (code),
    version INTEGER NOT NULL CHECK (version > 0),
    filler TEXT,
    filler_name TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL CHECK (changed_at LIKE '____-__-__T__:__:__.___Z'),
    changed_by TEXT NOT NULL REFERENCES account (id),
    before TEXT NOT NULL DEFAULT '' CHECK (before = '' OR json_valid(before))
) STRICT;
CREATE TRIGGER relay_list_grows BEFORE UPDATE ON relay_list WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'the version of a list of sources grows'); END;

CREATE TABLE relay_source (
    area TEXT NOT NULL REFERENCES relay_list (area),
    place INTEGER NOT NULL CHECK (place BETWEEN 0 AND 9),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 8 AND 500),
    PRIMARY KEY (area, place)
) STRICT, WITHOUT ROWID;

-- How an address fared when it was tried last; it belongs to the address, not to its place in a list.
CREATE TABLE relay_health (
    url TEXT PRIMARY KEY NOT NULL,
    health TEXT NOT NULL CHECK (health IN ('good', 'silent', 'stalled', 'failed')),
    why TEXT NOT NULL DEFAULT '',
    level_dbfs REAL,
    checked_at TEXT NOT NULL CHECK (checked_at LIKE '____-__-__T__:__:__.___Z')
) STRICT, WITHOUT ROWID;

CREATE TABLE broadcast (
    id TEXT PRIMARY KEY NOT NULL CHECK (id GLOB 'b-[0-9a-f]*' AND length(id) BETWEEN 3 AND 40),
    kind TEXT NOT NULL CHECK (kind IN ('live', 'relay', 'recording')),
    area TEXT NOT NULL REFERENCES area (code),
    targets TEXT NOT NULL CHECK (json_valid(targets)),
    bulletin_class TEXT NOT NULL CHECK (bulletin_class IN ('normal', 'priority')),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    speaker TEXT NOT NULL REFERENCES account (id),
    longest_s INTEGER NOT NULL CHECK (longest_s BETWEEN 10 AND 14400),
    delay_s INTEGER NOT NULL DEFAULT 0 CHECK (delay_s BETWEEN 0 AND 30),
    clip TEXT,
    made_at TEXT NOT NULL CHECK (made_at LIKE '____-__-__T__:__:__.___Z'),
    opened_at TEXT CHECK (opened_at LIKE '____-__-__T__:__:__.___Z'),
    ends_at TEXT CHECK (ends_at LIKE '____-__-__T__:__:__.___Z'),
    ended_at TEXT CHECK (ended_at LIKE '____-__-__T__:__:__.___Z'),
    reason TEXT,
    ended_by TEXT REFERENCES account (id),
    sound_ms INTEGER NOT NULL DEFAULT 0 CHECK (sound_ms >= 0),
    CHECK ((ended_at IS NULL) = (reason IS NULL)),
    CHECK ((opened_at IS NULL) = (ends_at IS NULL))
) STRICT;
CREATE INDEX broadcast_open ON broadcast (made_at) WHERE ended_at IS NULL;
CREATE INDEX broadcast_by_area ON broadcast (area, made_at);
CREATE TRIGGER broadcast_ends_once BEFORE UPDATE ON broadcast WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what has ended has ended'); END;
CREATE TRIGGER broadcast_opens_once BEFORE UPDATE ON broadcast
WHEN OLD.opened_at IS NOT NULL AND (NEW.opened_at IS NOT OLD.opened_at OR NEW.ends_at > OLD.ends_at)
BEGIN SELECT RAISE(ABORT, 'its end is never put off'); END;
CREATE TRIGGER broadcast_stays BEFORE DELETE ON broadcast
BEGIN SELECT RAISE(ABORT, 'a broadcast that was is kept'); END;
