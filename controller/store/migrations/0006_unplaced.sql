-- What was approved and found no place in the programme by its moment, and why: no silent outcome.

CREATE TABLE unplaced (
    item TEXT NOT NULL,
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    code TEXT NOT NULL,
    vi TEXT NOT NULL,
    en TEXT NOT NULL,
    noted_at TEXT NOT NULL CHECK (noted_at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (item, at, code)
) STRICT;
CREATE INDEX unplaced_by_time ON unplaced (at);
