-- What else a session has: pattern, first day, seasons, changed days, blocks and fixed times, as one JSON.
ALTER TABLE session ADD COLUMN more TEXT CHECK (more IS NULL OR json_valid(more));
