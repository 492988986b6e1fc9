"""Numbers as Vietnamese words."""

import re

_DIGITS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
_THOUSANDS = ("", " nghìn", " triệu")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_CANONICAL_ROMAN = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_BILLION = 10**9
_MOST_DIGITS = 15
_LAST_EARLY_DAY = 10

# 1.234.567,8 · 98,5 · 2.5 · 2025
NUMBER = r"(?:[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:[.,][0-9]+)?)"


def cardinal(value: int) -> str:
    """Any whole number from zero up."""
    if value < 1000:
        return _hundreds(value, spell_zero=False)
    billions, rest = divmod(value, _BILLION)
    words = [f"{cardinal(billions)} tỷ"] if billions else []
    for power in (2, 1, 0):
        group = rest // 1000**power % 1000
        if group:
            words.append(_hundreds(group, spell_zero=bool(words)) + _THOUSANDS[power])
    return " ".join(words)


def written_number(written: str) -> str:
    """A number as Vietnamese writes it: the point groups thousands, the comma begins the fraction."""
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?", written):
        written = written.replace(".", "")
    whole, _, fraction = written.replace(".", ",").partition(",")
    if len(whole) > _MOST_DIGITS or (len(whole) > 2 and whole[0] == "0"):
        words = digits(whole)
    else:
        words = cardinal(int(whole))
    if not fraction:
        return words
    short = len(fraction) < 3 and fraction[0] != "0"
    return f"{words} phẩy {cardinal(int(fraction)) if short else digits(fraction)}"


def digits(written: str) -> str:
    """Digit by digit."""
    return " ".join(_DIGITS[int(sign)] for sign in written if sign in "0123456789")


def roman(numeral: str) -> int | None:
    """The value of a numeral in its canonical form, else None."""
    if not numeral or not _CANONICAL_ROMAN.fullmatch(numeral):
        return None
    values = [_ROMAN[sign] for sign in numeral]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def day(number: int) -> str:
    """A day of the month: the first ten are "mùng"."""
    return f"mùng {cardinal(number)}" if number <= _LAST_EARLY_DAY else cardinal(number)


def month(number: int) -> str:
    """A month's number: the fourth is "tư"."""
    return "tư" if number == 4 else cardinal(number)


def _hundreds(value: int, *, spell_zero: bool) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds and not spell_zero:
        return _tens(rest)
    words = f"{_DIGITS[hundreds]} trăm"
    if not rest:
        return words
    return f"{words} linh {_DIGITS[rest]}" if rest < 10 else f"{words} {_tens(rest)}"


def _tens(value: int) -> str:
    if value < 10:
        return _DIGITS[value]
    tens, ones = divmod(value, 10)
    words = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if not ones:
        return words
    if ones == 5:
        return f"{words} lăm"
    if tens > 1 and ones in (1, 4):
        return f"{words} {'mốt' if ones == 1 else 'tư'}"
    return f"{words} {_DIGITS[ones]}"
