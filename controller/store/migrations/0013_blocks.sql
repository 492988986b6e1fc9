-- What else a session has: pattern, first day, seasons, changed days, blocks and fixed times, as one JSON.
ALTER TABLE session ADD COLUMN more TEXT CHECK (more IS NULL OR json_valid(more));

-- Airings of an approved item that somebody left out afterwards: only these may come back without approval.
CREATE TABLE skip (
    announcement TEXT NOT NULL REFERENCES announcement (id),
    day TEXT NOT NULL CHECK (day LIKE '____-__-__'),
    approved_at TEXT NOT NULL CHECK (approved_at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (announcement, day)
) STRICT, WITHOUT ROWID;
