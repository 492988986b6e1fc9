-- Areas, people, nodes, the audit chain: the ground on which everything else stands.
-- Instants are fixed-width text, 2026-11-22T05:30:00.000Z, so that text order is time order.

CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE counter (
    name TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL CHECK (value >= 0)
) STRICT;

-- A counter only grows: epochs and command sequences must never be handed out twice.
CREATE TRIGGER counter_grows BEFORE UPDATE ON counter WHEN NEW.value <= OLD.value OR NEW.name <> OLD.name
BEGIN SELECT RAISE(ABORT, 'a counter only grows'); END;
CREATE TRIGGER counter_stays BEFORE DELETE ON counter
BEGIN SELECT RAISE(ABORT, 'a counter stays'); END;

CREATE TABLE area (
    code TEXT PRIMARY KEY NOT NULL,
    parent TEXT REFERENCES area (code),
    level TEXT NOT NULL CHECK (level IN ('nation', 'province', 'commune', 'village')),
    name TEXT NOT NULL,
    population INTEGER NOT NULL DEFAULT 0 CHECK (population >= 0),
    latitude REAL,
    longitude REAL
) STRICT;
CREATE INDEX area_by_parent ON area (parent);

CREATE TABLE account (
    id TEXT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL UNIQUE CHECK (username = lower(username) AND length(username) BETWEEN 1 AND 64),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('author', 'approver', 'operator', 'technician', 'viewer', 'administrator')),
    area TEXT NOT NULL REFERENCES area (code),
    password_hash TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;

CREATE TABLE login_session (
    token_hash TEXT PRIMARY KEY NOT NULL CHECK (length(token_hash) = 64),
    account TEXT NOT NULL REFERENCES account (id),
    address TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z'),
    seen_at TEXT NOT NULL CHECK (seen_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE INDEX login_session_by_account ON login_session (account);

CREATE TABLE login_failure (
    subject TEXT PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL CHECK (failures > 0),
    last_at TEXT NOT NULL CHECK (last_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;

CREATE TABLE node (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    area TEXT NOT NULL REFERENCES area (code),
    public_key TEXT NOT NULL UNIQUE,
    latitude REAL,
    longitude REAL,
    volume_ceiling INTEGER NOT NULL DEFAULT 100 CHECK (volume_ceiling BETWEEN 0 AND 100),
    languages TEXT NOT NULL DEFAULT '["vi"]' CHECK (json_valid(languages)),
    desired_version INTEGER NOT NULL DEFAULT 0 CHECK (desired_version >= 0),
    registered_at TEXT NOT NULL CHECK (registered_at LIKE '____-__-__T__:__:__.___Z'),
    retired_at TEXT CHECK (retired_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE INDEX node_by_area ON node (area);

-- What a node says of itself changes all the time; its registration hardly ever: two tables.
CREATE TABLE node_live (
    node TEXT PRIMARY KEY NOT NULL REFERENCES node (id),
    condition TEXT NOT NULL CHECK (condition IN ('well', 'uneasy', 'silent', 'retired')),
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    since_at TEXT CHECK (since_at LIKE '____-__-__T__:__:__.___Z'),
    alive_at TEXT CHECK (alive_at LIKE '____-__-__T__:__:__.___Z'),
    boot TEXT,
    said_offline INTEGER NOT NULL DEFAULT 0 CHECK (said_offline IN (0, 1)),
    telemetry BLOB,
    new_refusals INTEGER NOT NULL DEFAULT 0,
    boot_nonce TEXT,
    protocol TEXT NOT NULL DEFAULT '',
    firmware TEXT NOT NULL DEFAULT '',
    clock TEXT NOT NULL DEFAULT 'unsure' CHECK (clock IN ('trusted', 'held', 'unsure')),
    documents TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(documents)),
    CHECK (condition = 'well' OR reasons <> '[]')
) STRICT;
CREATE INDEX node_live_by_condition ON node_live (condition);

CREATE TABLE incident (
    id TEXT PRIMARY KEY NOT NULL,
    node TEXT NOT NULL REFERENCES node (id),
    area TEXT NOT NULL REFERENCES area (code),
    kind TEXT NOT NULL CHECK (kind IN ('uneasy', 'silent')),
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    opened_at TEXT NOT NULL CHECK (opened_at LIKE '____-__-__T__:__:__.___Z'),
    closed_at TEXT CHECK (closed_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE UNIQUE INDEX incident_running ON incident (node, kind) WHERE closed_at IS NULL;

CREATE TABLE idempotency (
    account TEXT NOT NULL,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    body_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL CHECK (json_valid(answer)),
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (account, key)
) STRICT;

CREATE TABLE audit (
    n INTEGER PRIMARY KEY NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL,
    deed TEXT NOT NULL,
    subject TEXT NOT NULL,
    facts TEXT NOT NULL CHECK (json_valid(facts)),
    prev TEXT NOT NULL CHECK (length(prev) = 64),
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, n);

-- The head is kept apart, so that a shortened chain contradicts it.
CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    n INTEGER NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head WHEN NEW.n <> OLD.n + 1
BEGIN SELECT RAISE(ABORT, 'the audit head moves one row at a time'); END;
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit head stays'); END;
