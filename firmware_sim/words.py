"""Text that goes onto the wire: short, one line, no control characters."""

LONGEST = 300


def text(value: str) -> str:
    """The same words, made fit for a field of the wire."""
    kept = "".join(c if c.isprintable() else " " for c in value[:LONGEST])
    return kept.encode("utf-8", "replace").decode("utf-8")
