"""What of a place's own words really changes how one text is read: that alone belongs to its sound."""

from functools import lru_cache

from controller.store.lexicon import Own
from tts.normalize import Normalized, Reading, normalize, occurring
from tts.reading.regions import Region, choices_of

_ROMAN = frozenset("IVXLCM")


def read_by(text: str, own: Own) -> Normalized:
    """The text as the place reads it; takes some milliseconds."""
    return normalize(text, own.lines, choices_of(own.region))


@lru_cache(maxsize=512)
def used_in(text: str, own: Own) -> Own:
    """The lines that occur in the text, and the region only where it is heard; takes some milliseconds."""
    lines = occurring(text, own.lines)
    return Own(lines=lines, region=_heard_region(text, lines, own.region))


@lru_cache(maxsize=1024)
def _heard_region(text: str, lines: tuple[Reading, ...], region: Region) -> Region:
    # asked again for each change of a lexicon, and the answer is mostly the same: the lines in the text are
    if region is Region.NORTH or not any(sign.isnumeric() or sign in _ROMAN for sign in text):
        return Region.NORTH
    usual = read_by(text, Own(lines=lines)).spoken
    return region if read_by(text, Own(lines=lines, region=region)).spoken != usual else Region.NORTH
