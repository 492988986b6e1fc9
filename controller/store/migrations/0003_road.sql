-- How it gets to the horn and what came back: documents, outbox, occurrences, deliveries, receipts, alerts.

-- The newest signed version of every retained topic. Versions never go back.
CREATE TABLE document (
    topic TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('keys', 'programme', 'alerts', 'desired')),
    area TEXT,
    local_date TEXT CHECK (local_date LIKE '____-__-__'),
    version INTEGER NOT NULL CHECK (version > 0),
    content_hash TEXT NOT NULL,
    payload BLOB NOT NULL,
    signed_at TEXT NOT NULL CHECK (signed_at LIKE '____-__-__T__:__:__.___Z'),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.___Z'),
    retired_at TEXT CHECK (retired_at LIKE '____-__-__T__:__:__.___Z')
) STRICT;
CREATE TRIGGER document_goes_forward BEFORE UPDATE ON document WHEN NEW.version < OLD.version
BEGIN SELECT RAISE(ABORT, 'a document version never goes back'); END;

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL CHECK (qos IN (0, 1)),
    retain INTEGER NOT NULL CHECK (retain IN (0, 1)),
    lane TEXT NOT NULL CHECK (lane IN ('emergency', 'normal')),
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.___Z'),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.___Z'),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'expired', 'superseded', 'parked')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    next_at TEXT NOT NULL CHECK (next_at LIKE '____-__-__T__:__:__.___Z'),
    sent_at TEXT CHECK (sent_at LIKE '____-__-__T__:__:__.___Z'),
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_waiting ON outbox (lane, next_at, n) WHERE state = 'waiting';
CREATE INDEX outbox_waiting_topic ON outbox (topic) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (created_at) WHERE state <> 'waiting';

CREATE TABLE occurrence (
    id TEXT PRIMARY KEY NOT NULL,
    item TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    title TEXT NOT NULL,
    bulletin_class TEXT NOT NULL CHECK (bulletin_class IN ('normal', 'priority', 'emergency')),
    targets TEXT NOT NULL CHECK (json_valid(targets)),
    recurrence_at TEXT NOT NULL CHECK (recurrence_at LIKE '____-__-__T__:__:__.___Z'),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.___Z'),
    duration_ms INTEGER NOT NULL CHECK (duration_ms > 0),
    ends_at TEXT NOT NULL CHECK (ends_at LIKE '____-__-__T__:__:__.___Z'),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.___Z'),
    session TEXT,
    repeat INTEGER NOT NULL,
    clip TEXT NOT NULL REFERENCES clip (sha256),
    state TEXT NOT NULL CHECK (state IN ('planned', 'withdrawn')),
    CHECK (ends_at > due_at)
) STRICT;
CREATE INDEX occurrence_by_due ON occurrence (due_at);
CREATE INDEX occurrence_by_item ON occurrence (item, due_at);
CREATE TRIGGER occurrence_goes_forward BEFORE UPDATE ON occurrence WHEN NEW.revision < OLD.revision
BEGIN SELECT RAISE(ABORT, 'a revision never goes back'); END;

CREATE TABLE alert (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'correction', 'all_clear')),
    area TEXT NOT NULL REFERENCES area (code),
    issuer_level TEXT NOT NULL CHECK (issuer_level IN ('nation', 'province', 'commune', 'village')),
    hazard TEXT NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 5),
    mode TEXT NOT NULL CHECK (mode IN ('actual', 'exercise', 'test')),
    tone TEXT NOT NULL,
    headline TEXT NOT NULL,
    text TEXT NOT NULL,
    targets TEXT NOT NULL CHECK (json_valid(targets) AND targets <> '[]'),
    refers_to TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(refers_to)),
    state TEXT NOT NULL CHECK (
        state IN ('draft', 'pending_second', 'active', 'cancelled', 'ended', 'refused')
    ),
    scope_hash TEXT NOT NULL DEFAULT '',
    people INTEGER NOT NULL CHECK (people >= 0),
    rounds INTEGER NOT NULL CHECK (rounds > 0),
    every_ms INTEGER NOT NULL CHECK (every_ms >= 0),
    volume INTEGER NOT NULL CHECK (volume BETWEEN 0 AND 100),
    drafted_by TEXT NOT NULL REFERENCES account (id),
    drafted_at TEXT NOT NULL CHECK (drafted_at LIKE '____-__-__T__:__:__.___Z'),
    second_by TEXT REFERENCES account (id),
    break_glass_reason TEXT NOT NULL DEFAULT '',
    issued_at TEXT CHECK (issued_at LIKE '____-__-__T__:__:__.___Z'),
    ends_at TEXT NOT NULL CHECK (ends_at LIKE '____-__-__T__:__:__.___Z'),
    cancelled_by TEXT REFERENCES account (id),
    cancelled_at TEXT CHECK (cancelled_at LIKE '____-__-__T__:__:__.___Z'),
    cancel_reason TEXT NOT NULL DEFAULT '',
    broker_ms REAL,
    CHECK (second_by IS NULL OR second_by <> drafted_by),
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (state NOT IN ('active', 'ended') OR issued_at IS NOT NULL)
) STRICT;
CREATE INDEX alert_running ON alert (ends_at) WHERE state IN ('pending_second', 'active');
CREATE INDEX alert_by_draft ON alert (drafted_at);
-- An alert that is over does not come back to life.
CREATE TRIGGER alert_goes_forward BEFORE UPDATE OF state ON alert
WHEN (OLD.state IN ('cancelled', 'ended', 'refused') AND NEW.state <> OLD.state)
    OR (OLD.state = 'active' AND NEW.state IN ('draft', 'pending_second', 'refused'))
    OR (OLD.state = 'pending_second' AND NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'an alert goes forward only'); END;
CREATE TRIGGER alert_keeps_its_mode BEFORE UPDATE OF mode ON alert WHEN NEW.mode <> OLD.mode
BEGIN SELECT RAISE(ABORT, 'a drill never becomes live, nor live a drill'); END;

-- Everything that may have to be said about it, written down before anything is fired.
CREATE TABLE alert_words (
    alert TEXT NOT NULL REFERENCES alert (id),
    part TEXT NOT NULL CHECK (part IN ('words', 'correction', 'all_clear')),
    text TEXT NOT NULL,
    render TEXT NOT NULL DEFAULT 'none' CHECK (render IN ('none', 'waiting', 'rendering', 'ready', 'failed')),
    render_hash TEXT NOT NULL DEFAULT '',
    clip TEXT REFERENCES clip (sha256),
    duration_ms INTEGER CHECK (duration_ms > 0),
    spoken TEXT NOT NULL DEFAULT '',
    guesses TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(guesses)),
    render_code TEXT NOT NULL DEFAULT '',
    render_vi TEXT NOT NULL DEFAULT '',
    render_en TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (alert, part),
    CHECK ((render = 'ready') = (clip IS NOT NULL)),
    CHECK ((clip IS NULL) = (duration_ms IS NULL))
) STRICT;
CREATE INDEX alert_words_to_render ON alert_words (alert) WHERE render IN ('waiting', 'rendering');

CREATE TABLE alert_target (
    area TEXT NOT NULL REFERENCES area (code),
    alert TEXT NOT NULL REFERENCES alert (id),
    PRIMARY KEY (area, alert)
) STRICT;
CREATE INDEX alert_target_by_alert ON alert_target (alert);

-- One occurrence, or one round of one alert, on one node.
CREATE TABLE delivery (
    kind TEXT NOT NULL CHECK (kind IN ('occurrence', 'alert')),
    subject TEXT NOT NULL,
    round INTEGER NOT NULL DEFAULT 0 CHECK (round >= 0),
    node TEXT NOT NULL REFERENCES node (id),
    area TEXT NOT NULL REFERENCES area (code),
    revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.___Z'),
    ends_at TEXT NOT NULL CHECK (ends_at LIKE '____-__-__T__:__:__.___Z'),
    planned_at TEXT NOT NULL CHECK (planned_at LIKE '____-__-__T__:__:__.___Z'),
    accepted_at TEXT CHECK (accepted_at LIKE '____-__-__T__:__:__.___Z'),
    cached_at TEXT CHECK (cached_at LIKE '____-__-__T__:__:__.___Z'),
    started_at TEXT CHECK (started_at LIKE '____-__-__T__:__:__.___Z'),
    finished_at TEXT CHECK (finished_at LIKE '____-__-__T__:__:__.___Z'),
    heard_at TEXT CHECK (heard_at LIKE '____-__-__T__:__:__.___Z'),
    verdict TEXT CHECK (
        verdict IN ('aired', 'aired_late', 'partial', 'missed', 'cancelled', 'expired', 'refused')
    ),
    source TEXT CHECK (source IN ('receipt', 'auditor', 'plan')),
    code TEXT,
    reason TEXT,
    verdict_at TEXT CHECK (verdict_at LIKE '____-__-__T__:__:__.___Z'),
    heard TEXT NOT NULL DEFAULT 'unknown' CHECK (heard IN ('yes', 'no', 'unknown')),
    played_ms INTEGER NOT NULL DEFAULT 0 CHECK (played_ms >= 0),
    duration_ms INTEGER NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
    late_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (subject, round, node),
    CHECK ((verdict IS NULL) = (verdict_at IS NULL)),
    CHECK ((verdict IS NULL) = (source IS NULL)),
    CHECK (verdict NOT IN ('missed', 'refused') OR code IS NOT NULL OR reason IS NOT NULL)
) STRICT;
CREATE INDEX delivery_by_due ON delivery (due_at, area);
CREATE INDEX delivery_by_node ON delivery (node, due_at);
CREATE INDEX delivery_open ON delivery (ends_at) WHERE verdict IS NULL;

-- Forward only: what a node has reported is not unsaid, and what was heard is not declared missed.
CREATE TRIGGER delivery_goes_forward BEFORE UPDATE ON delivery
WHEN (OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS NULL)
    OR (OLD.cached_at IS NOT NULL AND NEW.cached_at IS NULL)
    OR (OLD.started_at IS NOT NULL AND NEW.started_at IS NULL)
    OR (OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL)
    OR (OLD.heard_at IS NOT NULL AND NEW.heard_at IS NULL)
    OR (OLD.verdict IS NOT NULL AND NEW.verdict IS NULL)
    OR (OLD.verdict IN ('aired', 'aired_late') AND NEW.verdict IN ('missed', 'expired'))
    OR (OLD.heard <> 'unknown' AND NEW.heard = 'unknown')
    OR NEW.revision < OLD.revision
BEGIN SELECT RAISE(ABORT, 'a delivery goes forward only'); END;
CREATE TRIGGER delivery_with_a_past_stays BEFORE DELETE ON delivery
WHEN OLD.accepted_at IS NOT NULL OR OLD.started_at IS NOT NULL OR OLD.verdict IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a delivery with a past stays'); END;

-- Every verdict that ever stood; the newest is the verdict.
CREATE TABLE verdict (
    n INTEGER PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,
    round INTEGER NOT NULL,
    node TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    verdict TEXT NOT NULL,
    source TEXT NOT NULL,
    code TEXT,
    reason TEXT,
    heard TEXT NOT NULL
) STRICT;
CREATE INDEX verdict_by_delivery ON verdict (subject, round, node, n);
CREATE TRIGGER verdict_is_not_changed BEFORE UPDATE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER verdict_is_not_deleted BEFORE DELETE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER delivery_verdict_first AFTER INSERT ON delivery WHEN NEW.verdict IS NOT NULL
BEGIN
    INSERT INTO verdict (subject, round, node, at, verdict, source, code, reason, heard)
    VALUES (NEW.subject, NEW.round, NEW.node, NEW.verdict_at, NEW.verdict, NEW.source, NEW.code, NEW.reason, NEW.heard);
END;
CREATE TRIGGER delivery_verdict_kept AFTER UPDATE ON delivery
WHEN NEW.verdict IS NOT NULL AND (
    OLD.verdict IS NULL OR OLD.verdict <> NEW.verdict OR OLD.heard <> NEW.heard OR OLD.source <> NEW.source
    OR COALESCE(OLD.code, '') <> COALESCE(NEW.code, '') OR COALESCE(OLD.reason, '') <> COALESCE(NEW.reason, '')
)
BEGIN
    INSERT INTO verdict (subject, round, node, at, verdict, source, code, reason, heard)
    VALUES (NEW.subject, NEW.round, NEW.node, NEW.verdict_at, NEW.verdict, NEW.source, NEW.code, NEW.reason, NEW.heard);
END;

-- The table of the storm: every column comes from a typed message, and a CHECK here costs a third of the rate.
CREATE TABLE receipt (
    node TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    occurrence TEXT,
    alert TEXT,
    command TEXT,
    round INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    topic TEXT NOT NULL,
    version INTEGER NOT NULL,
    clip TEXT,
    code TEXT,
    reason TEXT,
    heard TEXT NOT NULL,
    played_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    late_ms INTEGER NOT NULL,
    cuts INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    clock TEXT NOT NULL,
    PRIMARY KEY (node, seq)
) STRICT;

-- Up to here every receipt of the node is durable, without a gap.
CREATE TABLE receipt_mark (
    node TEXT PRIMARY KEY NOT NULL,
    through INTEGER NOT NULL
) STRICT;
CREATE TRIGGER receipt_mark_grows BEFORE UPDATE ON receipt_mark WHEN NEW.through < OLD.through
BEGIN SELECT RAISE(ABORT, 'a receipt mark only grows'); END;
