"""Names and codes: documents, roads, places, abbreviations, Roman numerals, foreign words."""

import re

from tts.reading.numbers import cardinal, digits, roman
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, table
from tts.reading.words import readable, spelled

_YEAR = r"(?:19|20)[0-9]{2}"
_CAPS = "A-ZĐ"
_NAMED_LATER = re.compile(
    r"của\s+(?:Thủ tướng|Chính phủ|Ủy ban|UBND|Bộ|Hội đồng|HĐND|Trung ương|Tỉnh ủy|Sở|Ban)"
)
_LOOK_AHEAD = 60
_ROMAN_CUES = (
    "thứ|khóa|khoá|báo động|BĐ|cấp|quý|đại hội|kỳ|hạng|loại|nhóm|thế kỷ|chương|phần|lần|tập|đợt|khu|vùng"
    "|mức|điều|mục"
)


def code_rules() -> tuple[Rule, ...]:
    """Those that hold digits, before numbers are read."""
    kinds = alternatives("document_kinds")
    return (
        rule(
            "document",
            rf"(?<![0-9/.,])(?P<n>[0-9]{{1,5}})/(?:(?P<y>{_YEAR})/)?(?:(?P<k>{kinds})-)?(?P<i>{alternatives('issuers')}){END}",
            _document,
        ),
        rule(
            "document",
            rf"(?<![0-9/.,])(?P<n>[0-9]{{1,5}})/(?P<k>{kinds})(?:-(?P<i>[{_CAPS}a-z]{{2,9}}))?{END}",
            _document,
            0.8,
        ),
        rule(
            "document",
            rf"(?<![0-9/.,])(?P<n>[0-9]{{1,5}})-(?P<k>{kinds})/(?P<i>[{_CAPS}a-z]{{2,9}}){END}",
            _document,
        ),
        rule(
            "milestone",
            rf"{START}[Kk][mM]\s?([0-9]+)\s?\+\s?([0-9]+)",
            lambda match: f"ki lô mét {cardinal(int(match[1]))} cộng {cardinal(int(match[2]))}",
        ),
        rule(
            "road",
            rf"{START}(?P<code>{alternatives('roads')})\s?(?P<n>[0-9]{{1,4}})(?P<letter>[A-Z]?){END}",
            _road,
        ),
        rule("place", rf"{START}(?P<it>{alternatives('titles')}\s?)(?=[{_CAPS}À-Ỹ0-9])(?!HCM)", _title, 0.9),
        rule("code", rf"{START}(?=[0-9]*[^\W\d_²³])(?=[^\W\d_²³]*[0-9])[^\W_²³]+{END}", _code, 0.7),
    )


def word_rules() -> tuple[Rule, ...]:
    """Those without digits."""
    return (
        rule("hyphen", r"(?<=[^\W_])-(?=[0-9])", lambda match: " "),
        rule("sign", rf"{START}{alternatives('symbols')}{END}", lambda match: table("symbols")[match[0]]),
        rule("gloss", r"(?<=[^\W_])\s*\((?P<short>[A-ZĐ&-]{2,10})\)", _gloss, 0.9),
        rule(
            "roman",
            rf"{START}(?:{_ROMAN_CUES})\s+(?P<it>[IVXLC]+)(?:\s?[-–]\s?(?P<to>[IVXLC]+))?{END}",
            _roman_after_cue,
            any_case=True,
        ),
        rule(
            "abbreviation",
            rf"{START}{alternatives('abbreviations')}{END}",
            lambda match: table("abbreviations")[match[0]],
        ),
        rule("foreign", rf"{START}{alternatives('foreign')}{END}", lambda match: table("foreign")[match[0]]),
        rule("roman", rf"{START}[IVX]{{2,}}{END}", _bare_roman, 0.6),
        rule("sign", rf"[{re.escape(_single_signs())}]", lambda match: table("symbols")[match[0]], 0.8),
    )


def _single_signs() -> str:
    return "".join(sign for sign in table("symbols") if len(sign) == 1)


def _document(match: re.Match[str]) -> str | None:
    """The number, its year, and who issued it unless the text goes on to say so."""
    groups = match.groupdict()
    words = cardinal(int(match["n"]))
    if groups.get("y"):
        words += f" năm {cardinal(int(match['y']))}"
    issuer = groups.get("i")
    if issuer is None:
        return words
    named = table("issuers").get(issuer)
    rest = match.string[match.end() : match.end() + _LOOK_AHEAD]
    if _NAMED_LATER.search(rest):
        return words
    return f"{words} của {named or spelled(issuer)}"


def _road(match: re.Match[str]) -> str:
    letter = f" {spelled(match['letter'])}" if match["letter"] else ""
    return f"{table('roads')[match['code']]} {cardinal(int(match['n']))}{letter}"


def _title(match: re.Match[str]) -> str:
    return table("titles")[match["it"].strip()]


def _code(match: re.Match[str]) -> str:
    """5A, H5N1, B52: runs of letters by name, runs of digits as numbers."""
    words = []
    for run in re.findall(r"[0-9]+|[^0-9]+", match[0]):
        if run.isdecimal():
            words.append(cardinal(int(run)) if len(run) < 5 and run[0] != "0" else digits(run))
        else:
            words.append(_code_letters(run))
    return " ".join(words)


def _code_letters(run: str) -> str:
    known = table("abbreviations").get(run) or table("foreign").get(run)
    if known:
        return known
    return spelled(run) if run.isupper() or len(run) == 1 else readable(run)


def _gloss(match: re.Match[str]) -> str | None:
    """ "Ủy ban nhân dân (UBND)": the bracket says nothing to a listener."""
    short = match["short"]
    before = re.findall(r"[^\W\d_]+", match.string[: match.start()])[-len(short) :]
    initials = "".join(word[0] for word in before).upper()
    known = short in table("abbreviations") or short in table("foreign")
    return "" if known or initials == short else None


def _roman_after_cue(match: re.Match[str]) -> str | None:
    if not match["it"].isupper():
        return None
    value = roman(match["it"])
    return cardinal(value) if value else None


def _bare_roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    return cardinal(value) if value else None
