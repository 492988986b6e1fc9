"""Relays that are recorded first and heard later: when the recording is made."""

from datetime import datetime, time, timedelta

from schedules.calendar import instant_of, local

LONGEST_TAPE = timedelta(minutes=30)
PREPARED_WITHIN = timedelta(minutes=10)
"""From the last word of a recording to its clip in every document."""
_DAY = timedelta(days=1)


def recorded_at(due_at: datetime, wall: time, length: timedelta) -> datetime:
    """The last instant with this wall time from which on a recording can be heard at `due_at`.

    Between its end and its slot lie ten minutes and its own length again: a link as thin as the sound itself
    (24 kbit/s) has it by then.
    """
    latest = due_at - 2 * length - PREPARED_WITHIN
    found = instant_of(local(latest).date(), wall)
    return found if found <= latest else instant_of(local(latest).date() - _DAY, wall)
