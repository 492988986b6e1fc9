-- What was closed because its plan was withdrawn is open again when it is planned again; its history stays.
DROP TRIGGER delivery_goes_forward;
CREATE TRIGGER delivery_goes_forward BEFORE UPDATE ON delivery
WHEN (OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS NULL)
    OR (OLD.cached_at IS NOT NULL AND NEW.cached_at IS NULL)
    OR (OLD.started_at IS NOT NULL AND NEW.started_at IS NULL)
    OR (OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL)
    OR (OLD.heard_at IS NOT NULL AND NEW.heard_at IS NULL)
    OR (OLD.verdict IS NOT NULL AND NEW.verdict IS NULL AND NOT (
        OLD.verdict = 'cancelled' AND OLD.source = 'plan' AND OLD.started_at IS NULL
    ))
    OR (OLD.verdict IN ('aired', 'aired_late') AND NEW.verdict IN ('missed', 'expired'))
    OR (OLD.heard <> 'unknown' AND NEW.heard = 'unknown')
    OR NEW.revision < OLD.revision
BEGIN SELECT RAISE(ABORT, 'a delivery goes forward only'); END;
