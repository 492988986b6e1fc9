"""Names: abbreviations, Roman numerals, codes such as 5A, glosses in brackets, foreign words, signs."""

import re

from tts.reading.numbers import cardinal, digits, roman
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, any_of, cue, rows, sure_of, table
from tts.reading.words import readable, spelled

# Shorter letters beside a number are a sort, a class or a flight: HT1, BT7, VN1234.
_FEWEST_KNOWN = 4
_LOOK_BACK = 120


def in_context_rules() -> tuple[Rule, ...]:
    """Abbreviations that the words beside them settle (contexts.tsv), before all numbers."""
    return tuple(
        _in_context(before=before, written=written, after=after, reading=reading)
        for before, written, after, reading in rows("contexts")
    )


def code_rules() -> tuple[Rule, ...]:
    """Letters and digits in one word."""
    return (
        rule(
            "known_code",
            rf"{START}{alternatives('codes')}{END}",
            lambda match: table("codes")[match[0]],
            0.9,
        ),
        rule(
            "numbered",
            rf"{START}(?P<w>{alternatives('numbered')})\.?\s?(?P<n>[IVX]{{1,5}}|[0-9]{{1,2}})(?:\s?[-–]\s?(?P<again>{alternatives('numbered')})?(?P<to>[IVX]{{1,5}}|[0-9]{{1,2}}))?{END}(?![.,/][0-9])",
            _numbered,
            0.9,
        ),
        rule(
            "code",
            rf"{START}(?<![0-9][.,])(?=[0-9]*[^\W\d_²³])(?=[^\W\d_²³]*[0-9])[^\W_²³]+{END}",
            _code,
            0.7,
        ),
    )


def rules() -> tuple[Rule, ...]:
    """Those without digits."""
    return (
        rule(
            "sign",
            any_of(tuple(sign for sign in table("symbols") if len(sign) > 1 and not sign.isalnum())),
            lambda match: table("symbols")[match[0]],
            0.8,
        ),
        rule("hyphen", r"(?<=[^\W_])-(?=[0-9])", lambda match: " "),
        rule("gloss", r"(?<=[^\W_])\s*\((?P<short>[A-ZĐƯ&-]{2,12})\)", _gloss, 0.9),
        rule(
            "roman",
            rf"{START}{cue('roman')}\s+(?P<it>(?P<a>[IVXLC]+)(?:\s?[-–]\s?(?P<to>[IVXLC]+))?){END}",
            _roman_after_cue,
            any_case=True,
        ),
        rule(
            "roman",
            rf"{START}{cue('roman')}\s+[IVXLC]+(?:\s*,\s*|\s+(?:và|hoặc|hay|đến)\s+|/)(?P<it>(?P<a>[IVXLC]+)){END}",
            _roman_after_cue,
            0.85,
            any_case=True,
        ),
        rule(
            "abbreviation",
            rf"{START}{alternatives('abbreviations')}{END}",
            lambda match: table("abbreviations")[match[0]],
            lambda match: sure_of("abbreviations", match[0], 0.95),
        ),
        rule(
            "foreign",
            rf"{START}{alternatives('foreign')}{END}",
            lambda match: table("foreign")[match[0]],
            0.9,
        ),
        rule("roman", rf"{START}[IVX]{{2,}}{END}", _bare_roman, 0.6),
        rule("sign", rf"[{re.escape(_single_signs())}]", lambda match: table("symbols")[match[0]], 0.8),
        rule("unspoken", r"[^\w\s.,;:!?…'\"‘’“”«»()\[\]{}/\-–—−′″|*\ue000]+", lambda match: "", 0.5),
    )


def _in_context(*, before: str, written: str, after: str, reading: str) -> Rule:
    front = rf"{START}(?:{before})" if before else START
    back = rf"(?={after})" if after else END
    return rule("abbreviation", rf"{front}(?P<it>{written}){back}", lambda match: reading, 0.9)


def _numbered(match: re.Match[str]) -> str | None:
    """BĐIII, HK2, BĐ2-BĐ3."""
    first, last = _value(match["n"]), _value(match["to"]) if match["to"] else None
    if first is None or (match["to"] and last is None):
        return None
    words = f"{table('numbered')[match['w']]} {cardinal(first)}"
    if last is None:
        return words
    again = f"{table('numbered')[match['again']]} " if match["again"] else ""
    return f"{words} đến {again}{cardinal(last)}"


def _value(written: str) -> int | None:
    return int(written) if written.isdecimal() else roman(written)


def _single_signs() -> str:
    return "".join(sign for sign in table("symbols") if len(sign) == 1)


def _code(match: re.Match[str]) -> str:
    """5A, H5N1, B52: runs of letters by name, runs of digits as numbers."""
    words = []
    for run in re.findall(r"[0-9]+|[^0-9]+", match[0]):
        if run.isdecimal():
            words.append(
                cardinal(int(run)) if (len(run) < 5 and run[0] != "0") or run == "0" else digits(run)
            )
        else:
            words.append(_code_letters(run))
    return " ".join(words)


def _code_letters(run: str) -> str:
    known = table("abbreviations").get(run) if len(run) >= _FEWEST_KNOWN else None
    known = known or table("foreign").get(run)
    if known:
        return known
    return spelled(run) if run.isupper() or len(run) == 1 else readable(run)


def _gloss(match: re.Match[str]) -> str | None:
    """ "Ủy ban nhân dân (UBND)": the bracket says again what was said; "ông A (PCT)" says something new."""
    short = match["short"]
    said = match.string[max(0, match.start() - _LOOK_BACK) : match.start()].lower()
    words = re.findall(r"[^\W\d_]+", said)
    initials = "".join(word[0] for word in words[-len(short) :]).upper()
    reading = (table("abbreviations").get(short) or table("foreign").get(short) or short).lower()
    return "" if initials == short or said.endswith(reading) else None


def _roman_after_cue(match: re.Match[str]) -> str | None:
    """ "nhóm C" is a letter: no group counts to a hundred."""
    if not match["it"].isupper() or match["it"] in ("C", "L"):
        return None
    value, last = roman(match["a"]), match.groupdict().get("to")
    if not value or not last:
        return cardinal(value) if value else None
    end = roman(last)
    return f"{cardinal(value)} đến {cardinal(end)}" if end else None


def _bare_roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    return cardinal(value) if value else None
