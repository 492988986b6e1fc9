"""Languages by their BCP 47 tag: which are known here, how a tag is spelled, what people call them."""

import re
from functools import cache
from importlib.resources import files

from schedules.errors import Refused, TableRefused

MAIN = "vi"
"""What an announcement is written in."""
SCRIPTS = frozenset({"Cham", "Hani", "Hans", "Hant", "Hmng", "Hmnp", "Khmr", "Lana", "Laoo", "Latn", "Tavt"})
REGIONS = frozenset({"CN", "KH", "LA", "TH", "TW", "VN"})
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}))?", re.IGNORECASE | re.ASCII)


@cache
def names() -> dict[str, tuple[str, str]]:
    """Each known language with its name in Vietnamese and in English, in the order of the pages."""
    lines = files("schedules").joinpath("data/languages.tsv").read_text(encoding="utf-8").splitlines()
    return dict(_read(line) for line in lines if line and not line.startswith("#"))


def tag(typed: str) -> str:
    """The tag in its one spelling (``hmn``, ``hmn-Latn-VN``); Refused ``E_LANGUAGE`` for what is none here.

    A part of BCP 47 is enough here: a language of the list, a script in which one of them is written, a
    country. Whoever needs another adds a line to ``data/languages.tsv``.
    """
    found = _TAG.fullmatch(typed.strip())
    if found is not None:
        language, script, region = found.groups()
        language, script = language.lower(), script and script.title()
        region = region and region.upper()
        known = language in names() and script in {None, *SCRIPTS} and region in {None, *REGIONS}
        if known:
            return "-".join(part for part in (language, script, region) if part)
    raise Refused("E_LANGUAGE", "Chưa có tiếng này trong danh mục.", "This language is not in the list.")


def name(code: str, *, english: bool = False) -> str:
    """What people call it; a script or a country stands behind it as it is spelled."""
    language, _, rest = code.partition("-")
    known = names().get(language)
    if known is None:
        return code
    return f"{known[int(english)]} ({rest})" if rest else known[int(english)]


def inside(code: str) -> str:
    """Its Vietnamese name within a sentence: `tiếng Mông`."""
    said = name(code)
    return said[:1].lower() + said[1:]


def _read(line: str) -> tuple[str, tuple[str, str]]:
    code, *both = line.split("\t")
    if len(both) != 2:
        raise TableRefused(
            f"Danh mục tiếng có dòng sai: {line}", f"A wrong line in the list of languages: {line}"
        )
    return code, (both[0], both[1])
