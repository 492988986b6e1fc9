-- Announcements from recordings: the original that was sent, and what it was like before it was prepared.

CREATE TABLE recording (
    n INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    area TEXT NOT NULL REFERENCES area (code),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    sent_by TEXT NOT NULL REFERENCES account (id),
    sent_at TEXT NOT NULL CHECK (sent_at LIKE '____-__-__T__:__:__.___Z'),
    duration_ms INTEGER CHECK (duration_ms > 0),
    lufs REAL,
    peak_dbfs REAL,
    cut_ms INTEGER CHECK (cut_ms >= 0),
    findings TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(findings)),
    CHECK (id = area || '.' || sha256),
    CHECK ((duration_ms IS NULL) = (lufs IS NULL)),
    CHECK ((duration_ms IS NULL) = (peak_dbfs IS NULL)),
    CHECK ((duration_ms IS NULL) = (cut_ms IS NULL))
) STRICT;
CREATE INDEX recording_by_area ON recording (area, n);

ALTER TABLE announcement ADD COLUMN recording TEXT REFERENCES recording (id);
CREATE INDEX announcement_by_recording ON announcement (recording) WHERE recording IS NOT NULL;
-- A commune airs what was sent to it and nobody else's, whatever a caller forgets to ask.
CREATE TRIGGER announcement_recording_is_its_own BEFORE UPDATE OF recording, area ON announcement
WHEN NEW.recording IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM recording WHERE id = NEW.recording AND area = NEW.area)
BEGIN SELECT RAISE(ABORT, 'a recording belongs to the area that it was sent to'); END;
CREATE TRIGGER announcement_recording_is_born_its_own BEFORE INSERT ON announcement
WHEN NEW.recording IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM recording WHERE id = NEW.recording AND area = NEW.area)
BEGIN SELECT RAISE(ABORT, 'a recording belongs to the area that it was sent to'); END;

ALTER TABLE announcement_version ADD COLUMN recording TEXT;
DROP TRIGGER announcement_version_kept;
CREATE TRIGGER announcement_version_kept AFTER INSERT ON announcement_event WHEN NEW.deed = 'submitted'
BEGIN
    INSERT INTO announcement_version (n, announcement, at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording)
    SELECT NEW.n, id, NEW.at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording
    FROM announcement WHERE id = NEW.announcement;
END;
