"""What of a place's own words really changes how one text is read: that alone belongs to its sound."""

from functools import lru_cache

from controller.store.lexicon import Own
from tts.normalize import Normalized, normalize, occurring
from tts.reading.regions import Region, choices_of


def read_by(text: str, own: Own) -> Normalized:
    """The text as the place reads it; takes some milliseconds."""
    return normalize(text, own.lines, choices_of(own.region))


@lru_cache(maxsize=512)
def used_in(text: str, own: Own) -> Own:
    """The lines that occur in the text, and the region only where it is heard; takes some milliseconds."""
    lines = occurring(text, own.lines)
    if own.region is Region.NORTH:
        return Own(lines=lines)
    usual, chosen = Own(lines=lines), Own(lines=lines, region=own.region)
    return usual if read_by(text, chosen).spoken == read_by(text, usual).spoken else chosen
