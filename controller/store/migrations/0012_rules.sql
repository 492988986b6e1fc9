-- What places have of rules of their own: the pack of an area, profiles by document, swaps of a year's days.
CREATE TABLE local_rule (
    subject TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pack', 'profile', 'swap')),
    area TEXT NOT NULL REFERENCES area (code),
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;
CREATE INDEX local_rule_by_area ON local_rule (area, kind);

-- Every change of them with what stood before it, so that the last one can be taken back.
CREATE TABLE local_rule_event (
    n INTEGER PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pack', 'profile', 'swap')),
    area TEXT NOT NULL REFERENCES area (code),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL REFERENCES account (id),
    deed TEXT NOT NULL CHECK (deed IN ('added', 'changed', 'removed', 'undone')),
    before TEXT CHECK (before IS NULL OR json_valid(before)),
    after TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;
CREATE INDEX local_rule_event_by_subject ON local_rule_event (subject, n);
CREATE TRIGGER local_rule_event_is_not_changed BEFORE UPDATE ON local_rule_event
BEGIN SELECT RAISE(ABORT, 'the history of a rule is append-only'); END;
CREATE TRIGGER local_rule_event_is_not_deleted BEFORE DELETE ON local_rule_event
BEGIN SELECT RAISE(ABORT, 'the history of a rule is append-only'); END;

-- What becomes of a missed airing, where its author chose; NULL is the default of its class.
ALTER TABLE announcement ADD COLUMN late TEXT CHECK (late IS NULL OR json_valid(late));
ALTER TABLE occurrence ADD COLUMN late TEXT CHECK (late IS NULL OR json_valid(late));
ALTER TABLE occurrence ADD COLUMN superseded_at TEXT CHECK (superseded_at LIKE '____-__-__T__:__:__.___Z');
ALTER TABLE announcement_version ADD COLUMN late TEXT CHECK (late IS NULL OR json_valid(late));
DROP TRIGGER announcement_version_kept;
CREATE TRIGGER announcement_version_kept AFTER INSERT ON announcement_event WHEN NEW.deed = 'submitted'
BEGIN
    INSERT INTO announcement_version (n, announcement, at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording, late)
    SELECT NEW.n, id, NEW.at, title, text, bulletin_class, targets, timing, expires_at, repeat, recording, late
    FROM announcement WHERE id = NEW.announcement;
END;

-- QCVN 26: a special zone is around a hospital, school, nursery, pagoda or church; NULL where nobody has looked.
ALTER TABLE node ADD COLUMN zone TEXT CHECK (zone IN ('ordinary', 'special'));
