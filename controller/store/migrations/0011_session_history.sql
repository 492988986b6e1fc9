-- Every change of a session with what stood before it, so that the last one can be taken back.
CREATE TABLE session_event (
    n INTEGER PRIMARY KEY NOT NULL,
    session TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    who TEXT NOT NULL,
    deed TEXT NOT NULL CHECK (deed IN ('added', 'changed', 'removed', 'undone')),
    before TEXT CHECK (before IS NULL OR json_valid(before)),
    after TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;
CREATE INDEX session_event_by_session ON session_event (session, n);
CREATE TRIGGER session_event_is_not_changed BEFORE UPDATE ON session_event
BEGIN SELECT RAISE(ABORT, 'the history of a session is append-only'); END;
CREATE TRIGGER session_event_is_not_deleted BEFORE DELETE ON session_event
BEGIN SELECT RAISE(ABORT, 'the history of a session is append-only'); END;
