-- What a commune makes of bulletins from above, of two priority items at one moment; groups as targets; feed addresses.

-- Groups of nodes beside areas as the place of an item, and the documents that carry an occurrence.
ALTER TABLE announcement ADD COLUMN groups TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(groups));
ALTER TABLE occurrence ADD COLUMN carriers TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(carriers));

-- What each commune chose about each revision of an item from above; the newest row of the three is what stands.
CREATE TABLE intake (
    n INTEGER PRIMARY KEY NOT NULL,
    item TEXT NOT NULL REFERENCES announcement (id),
    revision INTEGER NOT NULL CHECK (revision > 0),
    commune TEXT NOT NULL REFERENCES area (code),
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined')),
    timing TEXT CHECK (timing IS NULL OR json_valid(timing)),
    not_before TEXT CHECK (not_before LIKE '____-__-__T__:__:__.___Z'),
    reason TEXT NOT NULL DEFAULT '',
    who TEXT NOT NULL REFERENCES account (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    CHECK ((state = 'accepted') = (timing IS NOT NULL)),
    CHECK (state <> 'declined' OR reason <> '')
) STRICT;
CREATE INDEX intake_by_item ON intake (item, revision, commune, n);
CREATE TRIGGER intake_is_not_changed BEFORE UPDATE ON intake
BEGIN SELECT RAISE(ABORT, 'what was chosen is kept'); END;
CREATE TRIGGER intake_is_not_deleted BEFORE DELETE ON intake
BEGIN SELECT RAISE(ABORT, 'what was chosen is kept'); END;

-- Which of two priority items goes first at one moment; who is null where the default was taken unanswered.
CREATE TABLE precedence (
    n INTEGER PRIMARY KEY NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    first_item TEXT NOT NULL REFERENCES announcement (id),
    first_at TEXT NOT NULL CHECK (first_at LIKE '____-__-__T__:__:__.___Z'),
    second_item TEXT NOT NULL REFERENCES announcement (id),
    second_at TEXT NOT NULL CHECK (second_at LIKE '____-__-__T__:__:__.___Z'),
    pair TEXT NOT NULL UNIQUE,
    waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1)),
    who TEXT REFERENCES account (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE INDEX precedence_by_time ON precedence (at);

-- The secret addresses of an area's week. The secret is kept so that the page can show it; it opens that week alone.
CREATE TABLE feed_address (
    n INTEGER PRIMARY KEY NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    secret TEXT NOT NULL UNIQUE CHECK (length(secret) >= 32),
    made_by TEXT NOT NULL REFERENCES account (id),
    made_at TEXT NOT NULL CHECK (made_at LIKE '____-__-__T__:__:__.___Z'),
    revoked_at TEXT CHECK (revoked_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE UNIQUE INDEX feed_address_in_use ON feed_address (area) WHERE revoked_at IS NULL;
