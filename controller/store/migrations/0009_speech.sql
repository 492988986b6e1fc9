-- What the speech checks found in each sound, what a recogniser made of it, and who has listened themselves.

-- By the print of an order: the newest sound made of it.
CREATE TABLE speech_report (
    wanted TEXT PRIMARY KEY NOT NULL CHECK (length(wanted) = 64),
    clip TEXT NOT NULL REFERENCES clip (sha256),
    style TEXT NOT NULL CHECK (style IN ('bulletin', 'emergency')),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    said TEXT NOT NULL CHECK (json_valid(said)),
    findings TEXT NOT NULL CHECK (json_valid(findings)),
    words_a_minute REAL NOT NULL CHECK (words_a_minute >= 0),
    hearing TEXT NOT NULL CHECK (hearing IN ('waiting', 'absent', 'failed', 'heard')),
    words INTEGER NOT NULL DEFAULT 0 CHECK (words >= 0),
    alike INTEGER NOT NULL DEFAULT 0 CHECK (alike BETWEEN 0 AND words),
    doubts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(doubts)),
    differs INTEGER NOT NULL DEFAULT 0 CHECK (differs IN (0, 1))
) STRICT;
CREATE INDEX speech_report_to_hear ON speech_report (at) WHERE hearing = 'waiting';

-- "Đã nghe, đúng": about exactly these words of exactly this alert.
CREATE TABLE speech_confirmed (
    alert TEXT NOT NULL,
    clip TEXT NOT NULL CHECK (length(clip) = 64),
    who TEXT NOT NULL REFERENCES account (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.___Z'),
    PRIMARY KEY (alert, clip)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER speech_confirmed_is_not_changed BEFORE UPDATE ON speech_confirmed
BEGIN SELECT RAISE(ABORT, 'what somebody has heard is not changed'); END;
CREATE TRIGGER speech_confirmed_is_not_deleted BEFORE DELETE ON speech_confirmed
BEGIN SELECT RAISE(ABORT, 'what somebody has heard is not deleted'); END;
