-- Named groups of nodes across areas; every change raises the version, so that an older list is refused by nodes.

CREATE TABLE node_group (
    id TEXT PRIMARY KEY NOT NULL CHECK (id GLOB 'g-[0-9a-f]*' AND length(id) BETWEEN 3 AND 40),
    area TEXT NOT NULL REFERENCES area (code),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    spelt TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    made_at TEXT NOT NULL CHECK (made_at LIKE '____-__-__T__:__:__.___Z'),
    deleted_at TEXT CHECK (deleted_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE UNIQUE INDEX node_group_by_name ON node_group (area, spelt) WHERE deleted_at IS NULL;
CREATE TRIGGER node_group_has_an_end BEFORE INSERT ON node_group
WHEN (SELECT COUNT(*) FROM node_group WHERE area = NEW.area AND deleted_at IS NULL) >= 200
BEGIN SELECT RAISE(ABORT, 'an area has 200 groups at most'); END;
CREATE TRIGGER node_group_grows BEFORE UPDATE ON node_group
WHEN NEW.version <= OLD.version OR NEW.area <> OLD.area OR NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'a group stays where it is and its version grows'); END;
CREATE TRIGGER node_group_stays BEFORE DELETE ON node_group
BEGIN SELECT RAISE(ABORT, 'a group that was is kept'); END;

CREATE TABLE node_group_member (
    node_group TEXT NOT NULL REFERENCES node_group (id),
    node TEXT NOT NULL REFERENCES node (id),
    PRIMARY KEY (node_group, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_group_member_by_node ON node_group_member (node);
-- Each area with everything that it lies in, itself too: nation, province, commune, village are four levels.
CREATE VIEW area_above AS
SELECT code, code AS above FROM area
UNION ALL SELECT code, parent FROM area WHERE parent IS NOT NULL
UNION ALL SELECT a.code, b.parent FROM area AS a JOIN area AS b ON b.code = a.parent WHERE b.parent IS NOT NULL
UNION ALL SELECT a.code, c.parent FROM area AS a JOIN area AS b ON b.code = a.parent JOIN area AS c ON c.code = b.parent
    WHERE c.parent IS NOT NULL;
-- A group holds nodes of its owner's ground and no others, whatever a caller forgets to ask.
CREATE TRIGGER node_group_member_is_its_own BEFORE INSERT ON node_group_member
WHEN NOT EXISTS (
    SELECT 1 FROM node_group JOIN node ON node.id = NEW.node
    JOIN area_above ON area_above.code = node.area AND area_above.above = node_group.area
    WHERE node_group.id = NEW.node_group
)
BEGIN SELECT RAISE(ABORT, 'a group holds nodes of its own ground only'); END;
CREATE TRIGGER node_group_member_is_not_changed BEFORE UPDATE ON node_group_member
BEGIN SELECT RAISE(ABORT, 'a membership begins or ends'); END;
-- A node that hangs elsewhere now is no member of a group that it has left.
CREATE TRIGGER node_group_member_moved AFTER UPDATE OF area ON node WHEN NEW.area <> OLD.area
BEGIN
    UPDATE node_group SET version = version + 1
    WHERE id IN (SELECT node_group FROM node_group_member WHERE node = NEW.id)
        AND area NOT IN (SELECT above FROM area_above WHERE code = NEW.area);
    DELETE FROM node_group_member WHERE node = NEW.id AND node_group IN (
        SELECT id FROM node_group WHERE area NOT IN (SELECT above FROM area_above WHERE code = NEW.area)
    );
END;

-- What each deed found before it, so that whoever did it can take it back.
CREATE TABLE node_group_deed (
    n INTEGER PRIMARY KEY NOT NULL,
    node_group TEXT NOT NULL REFERENCES node_group (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL REFERENCES account (id),
    deed TEXT NOT NULL CHECK (deed IN ('made', 'renamed', 'changed', 'deleted', 'undid')),
    version INTEGER NOT NULL,
    before TEXT NOT NULL CHECK (json_valid(before)),
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
) STRICT;
CREATE INDEX node_group_deed_by_group ON node_group_deed (node_group, n);
