"""A repeated timing in words, Vietnamese and English: which days, at what time, with what exceptions."""

from collections.abc import Sequence
from typing import assert_never

from schedules.calendar import WEEKDAYS_EN, WEEKDAYS_VI
from schedules.lunar_pattern import Cycle, InLeap, LunarMonthly, LunarNewYearsEve, LunarYearly
from schedules.pattern import Pattern
from schedules.rule import Only, Rule
from schedules.solar import NthDay, Solar

_PERIODS_VI = {"daily": "ngày", "weekly": "tuần", "monthly": "tháng", "yearly": "năm"}
_PERIODS_EN = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
_LAST_VI = {-1: "cuối cùng", -2: "áp chót"}


def rule_words(rule: Rule) -> tuple[str, str]:
    """One sentence without its full stop: `05:00 ngày 1 và 15 âm lịch hằng tháng, từ … đến …`."""
    vi, en = pattern_words(rule.pattern)
    vi = f"{rule.at:%H:%M} {vi}{_ONLY_VI[rule.only]}, từ {rule.first:%d/%m/%Y} đến {rule.last:%d/%m/%Y}"
    en = f"{rule.at:%H:%M} {en}{_ONLY_EN[rule.only]}, from {rule.first:%d/%m/%Y} to {rule.last:%d/%m/%Y}"
    if rule.skipped:
        days = [f"{day:%d/%m}" for day in rule.skipped]
        vi, en = f"{vi}, trừ {_and(days, 'và')}", f"{en}, except {_and(days, 'and')}"
    for move in rule.moved:
        if move.day in rule.skipped or (move.to, move.at) == (move.day, rule.at):
            continue
        vi += f", lượt {move.day:%d/%m} dời sang {move.at:%H:%M} {move.to:%d/%m}"
        en += f", {move.day:%d/%m} moved to {move.at:%H:%M} on {move.to:%d/%m}"
    return vi, en


_ONLY_VI = {Only.ANY: "", Only.WORKING: ", chỉ ngày làm việc", Only.OFF: ", chỉ ngày nghỉ"}
_ONLY_EN = {Only.ANY: "", Only.WORKING: ", working days only", Only.OFF: ", days off only"}


def pattern_words(pattern: Pattern) -> tuple[str, str]:
    """Which days, in words."""
    match pattern:
        case Solar():
            return _solar_vi(pattern), _solar_en(pattern)
        case LunarYearly(day=day, month=month):
            vi, en = f"ngày {day}/{month} âm lịch hằng năm", f"every year on lunar {day}/{month}"
            return vi + _LEAP_VI[pattern.in_leap], en + _LEAP_EN[pattern.in_leap]
        case LunarMonthly(days=days, in_leap=in_leap):
            numbers = [str(day) for day in days]
            vi = f"ngày {_and(numbers, 'và')} âm lịch hằng tháng"
            en = f"every lunar month on day {_and(numbers, 'and')}"
            # both months of one number is what people expect of the 1st and the 15th
            return (vi, en) if in_leap is InLeap.BOTH else (vi + _LEAP_VI[in_leap], en + _LEAP_EN[in_leap])
        case LunarNewYearsEve():
            return "đêm giao thừa Tết Nguyên đán", "on the lunar new year's eve"
        case Cycle(every=every, anchor=anchor):
            vi = f"cứ {every} ngày một lần tính từ {anchor:%d/%m/%Y}"
            return vi, f"every {every} days counted from {anchor:%d/%m/%Y}"
        case _:
            assert_never(pattern)


_LEAP_VI = {
    InLeap.REGULAR: "",
    InLeap.LEAP: " (chỉ tháng nhuận)",
    InLeap.BOTH: " (cả tháng nhuận)",
}
_LEAP_EN = {
    InLeap.REGULAR: "",
    InLeap.LEAP: " (intercalary month only)",
    InLeap.BOTH: " (intercalary month too)",
}


def _solar_vi(rule: Solar) -> str:
    period = _PERIODS_VI[rule.frequency]
    every = f"hằng {period}" if rule.interval == 1 else f"cứ {rule.interval} {period} một lần"
    days = [*(_month_day_vi(day) for day in rule.by_month_day), *(_nth_vi(one) for one in rule.by_day)]
    parts = [every, _and(days, "và")] if days else [every]
    if rule.by_set_pos:
        parts.append(f"chỉ lấy ngày thứ {_and([str(n) for n in rule.by_set_pos], 'và')} trong số đó")
    if rule.by_month:
        parts.append(f"trong tháng {_and([str(month) for month in rule.by_month], 'và')}")
    return " ".join([*parts, *_end(rule, "đến hết", "{} lượt")])


def _solar_en(rule: Solar) -> str:
    period = _PERIODS_EN[rule.frequency]
    every = f"every {period}" if rule.interval == 1 else f"every {rule.interval} {period}s"
    days = [*(f"day {day}" for day in rule.by_month_day), *(_nth_en(one) for one in rule.by_day)]
    parts = [every, f"on {_and(days, 'and')}"] if days else [every]
    if rule.by_set_pos:
        parts.append(f"only number {_and([str(n) for n in rule.by_set_pos], 'and')} of them")
    if rule.by_month:
        parts.append(f"in month {_and([str(month) for month in rule.by_month], 'and')}")
    return " ".join([*parts, *_end(rule, "until", "{} times")])


def _end(rule: Solar, until: str, times: str) -> list[str]:
    if rule.until is not None:
        return [f"{until} {rule.until:%d/%m/%Y}"]
    return [times.format(rule.count)] if rule.count is not None else []


def _month_day_vi(day: int) -> str:
    if day > 0:
        return f"ngày {day}"
    return "ngày cuối tháng" if day == -1 else f"ngày thứ {-day} tính từ cuối tháng"


def _nth_vi(one: NthDay) -> str:
    name = WEEKDAYS_VI[one.weekday]
    if one.nth == 0:
        return name
    return f"{name} {_LAST_VI.get(one.nth) or f'lần thứ {one.nth}'}"


def _nth_en(one: NthDay) -> str:
    name = WEEKDAYS_EN[one.weekday]
    if one.nth == 0:
        return name
    return f"the last {name}" if one.nth == -1 else f"{name} number {one.nth}"


def _and(words: Sequence[str], joined: str) -> str:
    return f" {joined} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
