"""Numbers that are called or copied out: said digit by digit."""

import re

from tts.reading.numbers import digits
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, cue

_ALONE = r"(?<![0-9.,/])"
_DONE = r"(?![0-9]|[.,][0-9])"
_FEWEST = 7
_SHORT = r"1(?:1[1-9]|022|039|1[1-9])"
_AND = r"(?:\s*[,;/–-]\s*|\s+(?:và|hoặc|hay)\s+)"


def rules() -> tuple[Rule, ...]:
    """Before all other numbers: nothing else may take their digits."""
    return (
        rule(
            "phone",
            rf"{_ALONE}(?<!\+)(?P<it>\+?\(?\+?84\)?(?:[.\s-]?\(?[0-9]{{1,4}}\)?){{2,4}}){_DONE}",
            _foreign,
            0.8,
        ),
        rule("phone", rf"{_ALONE}0[0-9]{{9,10}}(?![0-9])", _whole),
        rule(
            "phone",
            rf"{_ALONE}\(0[0-9]{{1,4}}\)[.\s-]?[0-9]{{1,4}}(?:[.\s-]?[0-9]{{2,4}}){{1,3}}{_DONE}",
            _parted,
        ),
        rule(
            "phone",
            rf"{_ALONE}(?:0[0-9]{{2,4}}(?:\s?[.\s-]\s?[0-9]{{1,4}}){{2,4}}|(?:0[0-9]{{1,4}}|1900|1800)(?:\s?[.\s-]\s?[0-9]{{3,7}}){{1,3}}){_DONE}",
            _parted,
        ),
        rule("phone", rf"{_ALONE}(?:1800|1900)[0-9]{{4,6}}(?![0-9])", _service),
        rule(
            "phone",
            rf"{START}{cue('phone')}(?:\s+số)?[\s:.]+(?P<it>[1-9][0-9]{{0,3}}(?:[.\s][0-9]{{2,4}}){{1,3}}|[0-9]{{6,11}}){_DONE}(?!\s*(?:đồng|đ\b|người|hộ))",
            _parted,
            0.85,
            any_case=True,
        ),
        rule(
            "number_read_out",
            rf"{START}{cue('digits')}(?:\s+số)?(?:\s+là)?[\s:.]+(?P<it>[0-9](?:[0-9]|[\s.-](?=[0-9])){{3,24}}){_DONE}(?!\s?{alternatives('units')}{END})",
            _grouped,
            0.85,
            any_case=True,
        ),
        rule("number_read_out", rf"{_ALONE}0[0-9]{{11}}(?![0-9])", _grouped, 0.85),
        rule(
            "hotline",
            rf"{START}{cue('hotline')}(?:\s+[^\W\d_]+){{0,5}}[\s:(]+(?P<it>{_SHORT}(?:{_AND}{_SHORT})*){_DONE}(?!/|\s+(?:hộ|người|xã|thôn|ha))",
            _short_numbers,
            0.85,
            any_case=True,
        ),
        rule(
            "hotline",
            rf"{START}{cue('called')}(?:\s+số)?[\s:]+(?P<it>1[0-9]{{2,4}}){_DONE}(?!/)",
            lambda match: digits(match["it"]),
            0.85,
            any_case=True,
        ),
    )


def _foreign(match: re.Match[str]) -> str | None:
    written = match["it"]
    count = len(re.sub(r"[^0-9]", "", written))
    if not (10 <= count <= 12) or ("+" not in written and count != 11):
        return None
    return ("cộng " if "+" in written else "") + _said(written)


def _whole(match: re.Match[str]) -> str:
    """In groups of four and three, as people say them."""
    written = match[0]
    return ", ".join(digits(part) for part in (written[:4], written[4:7], written[7:]))


def _parted(match: re.Match[str]) -> str | None:
    written = match["it"] if "it" in match.re.groupindex else match[0]
    return (
        _said(written)
        if len(re.sub(r"[^0-9]", "", written)) >= _FEWEST - ("it" in match.re.groupindex)
        else None
    )


def _said(written: str) -> str:
    return ", ".join(digits(part) for part in re.findall(r"[0-9]+", written))


def _service(match: re.Match[str]) -> str:
    return f"{digits(match[0][:4])}, {digits(match[0][4:])}"


def _grouped(match: re.Match[str]) -> str | None:
    """As it is parted; else in threes. 30.000 is a sum, whatever stands before it."""
    written = match["it"] if "it" in match.re.groupindex else match[0]
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+", written):
        return None
    if not written.isdecimal():
        return _said(written)
    return ", ".join(digits(written[at : at + 3]) for at in range(0, len(written), 3))


def _short_numbers(match: re.Match[str]) -> str:
    words = re.sub(r"\s*[/;–-]\s*", ", ", match["it"])
    return re.sub(r"[0-9]+", lambda each: digits(each[0]), words)
