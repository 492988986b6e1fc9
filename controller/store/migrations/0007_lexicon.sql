-- What a place says about how its own words are read; who said so, and what a sound was read by.

CREATE TABLE lexicon_entry (
    area TEXT NOT NULL REFERENCES area (code),
    written TEXT NOT NULL CHECK (length(written) BETWEEN 1 AND 80),
    reading TEXT NOT NULL CHECK (length(reading) BETWEEN 1 AND 300),
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    note TEXT NOT NULL CHECK (length(note) <= 200),
    folded TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_by TEXT NOT NULL REFERENCES account (id),
    changed_at TEXT NOT NULL CHECK (changed_at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (area, written)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER lexicon_entry_has_an_end BEFORE INSERT ON lexicon_entry
WHEN (SELECT COUNT(*) FROM lexicon_entry WHERE area = NEW.area) >= 2000
BEGIN SELECT RAISE(ABORT, 'a lexicon holds 2000 lines at most'); END;

-- changed goes up with each deed; reread follows when every sound that is not yet approved was looked at.
CREATE TABLE lexicon_place (
    area TEXT PRIMARY KEY NOT NULL REFERENCES area (code),
    region TEXT CHECK (region IN ('north', 'centre', 'south')),
    changed INTEGER NOT NULL CHECK (changed > 0),
    reread INTEGER NOT NULL CHECK (reread BETWEEN 0 AND changed)
) STRICT;
CREATE INDEX lexicon_place_to_reread ON lexicon_place (area) WHERE reread < changed;

CREATE TABLE lexicon_deed (
    n INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    area TEXT NOT NULL REFERENCES area (code),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL REFERENCES account (id),
    deed TEXT NOT NULL CHECK (deed IN ('added', 'changed', 'removed', 'imported', 'region', 'undid')),
    changes TEXT NOT NULL CHECK (json_valid(changes)),
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
) STRICT;
CREATE INDEX lexicon_deed_by_area ON lexicon_deed (area, n);

-- By the print of an order: an approved sound stays what the approver heard, whatever the lexicon says later.
CREATE TABLE lexicon_used (
    wanted TEXT PRIMARY KEY NOT NULL CHECK (length(wanted) = 64),
    region TEXT NOT NULL CHECK (region IN ('north', 'centre', 'south')),
    lines TEXT NOT NULL CHECK (json_valid(lines))
) STRICT;
