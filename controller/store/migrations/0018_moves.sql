-- Airings of an approved item that an approver moved afterwards: from when to when, under which approval.
CREATE TABLE move (
    announcement TEXT NOT NULL REFERENCES announcement (id),
    day TEXT NOT NULL CHECK (day LIKE '____-__-__'),
    times INTEGER NOT NULL CHECK (times > 0),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.___Z'),
    approved_at TEXT NOT NULL CHECK (approved_at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (announcement, day, approved_at, times)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER move_by_another BEFORE INSERT ON move
    WHEN NEW.who = (SELECT author FROM announcement WHERE id = NEW.announcement)
BEGIN SELECT RAISE(ABORT, 'an author moves no airing of their own item'); END;
CREATE TRIGGER move_is_not_changed BEFORE UPDATE ON move
BEGIN SELECT RAISE(ABORT, 'a move stays as it was done'); END;

-- When the first rounds of an alert begin where they are not all one distance apart (a tsunami's).
ALTER TABLE alert ADD COLUMN offsets_ms TEXT CHECK (offsets_ms IS NULL OR json_valid(offsets_ms));

-- The groups of nodes that a broadcast goes to, beside its areas.
ALTER TABLE broadcast ADD COLUMN groups TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(groups));
