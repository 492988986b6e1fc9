"""Instants as the store keeps them: fixed-width text, so that text order is time order."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """``2026-11-22T05:30:00.000Z``; raises ValueError for an instant without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def maybe_text(at: datetime | None) -> str | None:
    """The same for an instant that may not be there."""
    return None if at is None else to_text(at)


def from_text(text: str) -> datetime:
    """The aware instant, in UTC."""
    return datetime.fromisoformat(text)


def maybe_from(text: str | None) -> datetime | None:
    """The same for text that may not be there."""
    return None if text is None else datetime.fromisoformat(text)
