-- An announcement in further languages: each track with who made it and who confirmed it, and its sound.

ALTER TABLE announcement ADD COLUMN tracks TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tracks));
ALTER TABLE announcement_version ADD COLUMN tracks TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tracks));
DROP TRIGGER announcement_version_kept;
CREATE TRIGGER announcement_version_kept AFTER INSERT ON announcement_event WHEN NEW.deed = 'submitted'
BEGIN
    INSERT INTO announcement_version (n, announcement, at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording, late, tracks)
    SELECT NEW.n, id, NEW.at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording, late, tracks
    FROM announcement WHERE id = NEW.announcement;
END;

CREATE TABLE track_sound (
    announcement TEXT NOT NULL REFERENCES announcement (id),
    language TEXT NOT NULL CHECK (length(language) BETWEEN 2 AND 35),
    render TEXT NOT NULL DEFAULT 'none' CHECK (render IN ('none', 'waiting', 'rendering', 'ready', 'failed')),
    render_hash TEXT NOT NULL DEFAULT '',
    clip TEXT REFERENCES clip (sha256),
    duration_ms INTEGER CHECK (duration_ms > 0),
    spoken TEXT NOT NULL DEFAULT '',
    guesses TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(guesses)),
    render_code TEXT NOT NULL DEFAULT '',
    render_vi TEXT NOT NULL DEFAULT '',
    render_en TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (announcement, language)
) STRICT;
CREATE INDEX track_sound_waiting ON track_sound (render) WHERE render IN ('waiting', 'rendering');

-- Each change of what is understood around some nodes, with what stood before it, so that it can be taken back.
CREATE TABLE tongues_deed (
    n INTEGER PRIMARY KEY NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL,
    before TEXT NOT NULL CHECK (json_valid(before)),
    after TEXT NOT NULL CHECK (json_valid(after)),
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
) STRICT;
CREATE INDEX tongues_deed_by_area ON tongues_deed (area, n);
