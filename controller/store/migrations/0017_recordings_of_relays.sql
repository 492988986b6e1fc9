-- Relays that are recorded first and heard later (băng tiếp âm): one row for each planned time, whatever came of it.

CREATE TABLE tape (
    occurrence TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.___Z'),
    begins_at TEXT NOT NULL CHECK (begins_at LIKE '____-__-__T__:__:__.___Z'),
    length_s INTEGER NOT NULL CHECK (length_s BETWEEN 1 AND 1800),
    state TEXT NOT NULL CHECK (state IN ('recording', 'kept', 'dropped', 'failed')),
    why TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    sound_ms INTEGER NOT NULL DEFAULT 0 CHECK (sound_ms >= 0),
    clip TEXT REFERENCES clip (sha256),
    changed_at TEXT NOT NULL CHECK (changed_at LIKE '____-__-__T__:__:__.___Z'),
    changed_by TEXT REFERENCES account (id),
    CHECK ((clip IS NULL) = (state IN ('recording', 'failed'))),
    CHECK ((why = '') = (state != 'failed'))
) STRICT;
CREATE INDEX tape_by_area ON tape (area, due_at);
CREATE INDEX tape_by_slot ON tape (due_at);
CREATE TRIGGER tape_is_made_once BEFORE UPDATE ON tape
WHEN OLD.state = 'failed' OR (OLD.clip IS NOT NULL AND NEW.clip IS NOT OLD.clip)
BEGIN SELECT RAISE(ABORT, 'what came of a recording stays'); END;
