-- What was handed in each time, so that whoever approves sees what changed since the last time.

CREATE TABLE announcement_version (
    n INTEGER PRIMARY KEY NOT NULL REFERENCES announcement_event (n),
    announcement TEXT NOT NULL REFERENCES announcement (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    bulletin_class TEXT NOT NULL,
    targets TEXT NOT NULL CHECK (json_valid(targets)),
    timing TEXT NOT NULL CHECK (json_valid(timing)),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.___Z'),
    repeat INTEGER NOT NULL
) STRICT;
CREATE INDEX announcement_version_by_announcement ON announcement_version (announcement, n);
CREATE TRIGGER announcement_version_kept AFTER INSERT ON announcement_event WHEN NEW.deed = 'submitted'
BEGIN
    INSERT INTO announcement_version (n, announcement, at, title, text, bulletin_class, targets, timing, expires_at, repeat)
    SELECT NEW.n, id, NEW.at, title, text, bulletin_class, targets, timing, expires_at, repeat
    FROM announcement WHERE id = NEW.announcement;
END;
CREATE TRIGGER announcement_version_is_not_changed BEFORE UPDATE ON announcement_version
BEGIN SELECT RAISE(ABORT, 'what was handed in is not changed'); END;
