"""What of a place's own words really changes how one text is read: that alone belongs to its sound."""

from functools import lru_cache

from controller.store.lexicon import Own
from schedules.repeat import house_repeats
from tts.normalize import Normalized, Reading, normalize, occurring
from tts.reading.regions import Region, choices_of

_ROMAN = frozenset("IVXLCM")


def read_by(text: str, own: Own) -> Normalized:
    """The text as the place reads it; takes some milliseconds."""
    return normalize(text, own.lines, choices_of(own.region))


SAMPLE = "Lũ trên sông Bồ trên báo động III, 2,5 m lúc 5h30 ngày 25/11/2026. Gọi 0234.3822.555, UBND xã."


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


def warm() -> None:
    """Read now what an emergency needs of files: by then no descriptor may be left to open one with (P17)."""
    house_repeats()
    for region in Region:
        read_by(SAMPLE, Own(region=region))
