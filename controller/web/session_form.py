"""The form of a session (buổi phát): what its fields hold, what was typed in them, and the templates."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from controller.dispatch.sessions.programming import SessionForm
from controller.errors import Problem
from controller.web.drafting import chosen_days, typed_time
from controller.web.page import Form, Page
from controller.web.says import Says
from schedules.announcement import AnnouncementId, AreaCode
from schedules.blocks import Block, Part
from schedules.lunar_pattern import LunarMonthly
from schedules.session import Season, Session
from schedules.taped import LONGEST_TAPE

EVERY_DAY = frozenset(range(7))
MINUTE = timedelta(minutes=1)
SEASONS = (("summer", "16/4"), ("winter", "16/10"))
"""The two seasons of the form, and when they usually begin."""
RELAY_LAST = "relay_last"
TAPED = "taped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The form as it is shown."""

    name: str
    start: str
    days: frozenset[int]
    cap: str
    opening: bool = True
    closing: bool = True
    lunar: str = ""
    seasons: tuple[tuple[str, str], ...] = tuple((begins, "") for _, begins in SEASONS)
    anthem: str = ""
    relay: str = ""
    relay_at: str = ""
    way: str = ""
    record_at: str = ""
    row: str = ""
    fillers: frozenset[str] = field(default_factory=frozenset)
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A whole session as communes make it (DOMAIN.md 2); ``name`` and ``times`` are keys of the wording."""

    name: str
    times: str
    start: time
    minutes: int
    days: frozenset[int] = frozenset()
    lunar: tuple[int, ...] = ()
    relay: int = 0

    def fields(self, says: Says) -> Fields:
        """The form with everything filled in."""
        return Fields(
            name=says.t(self.name),
            start=f"{self.start:%H:%M}",
            days=self.days,
            cap=str(self.minutes),
            lunar=", ".join(str(day) for day in self.lunar),
            relay=str(self.relay or ""),
        )

    def form(self, says: Says, area: AreaCode) -> SessionForm:
        """The session itself: opening, what is relayed, the province's items, the commune's, closing."""
        relay = (Block(id="relay", part=Part.RELAY, length=self.relay * MINUTE),) if self.relay else ()
        return SessionForm(
            area=area,
            name=says.t(self.name),
            start=self.start,
            days=self.days,
            cap=self.minutes * MINUTE,
            pattern=LunarMonthly(days=self.lunar) if self.lunar else None,
            blocks=(*relay, *_ITEMS),
        )


_ITEMS = (Block(id="province", part=Part.PROVINCE), Block(id="commune", part=Part.COMMUNE))
TEMPLATES = {
    "sang": Template(
        name="timetable.morning",
        times="timetable.morning_times",
        start=time(5),
        days=EVERY_DAY,
        minutes=15,
    ),
    "sang-tiep-am": Template(
        name="timetable.relayed",
        times="timetable.relayed_times",
        start=time(5),
        days=EVERY_DAY,
        minutes=45,
        relay=25,
    ),
    "chieu": Template(
        name="timetable.afternoon",
        times="timetable.afternoon_times",
        start=time(17),
        days=frozenset(range(6)),
        minutes=15,
    ),
    "cuoi-tuan": Template(
        name="timetable.weekend",
        times="timetable.weekend_times",
        start=time(6),
        days=frozenset({5, 6}),
        minutes=20,
    ),
    "cho-phien": Template(
        name="timetable.market",
        times="timetable.market_times",
        start=time(6, 30),
        lunar=(2, 7, 12, 17, 22, 27),
        minutes=10,
    ),
    "ram": Template(
        name="timetable.moon", times="timetable.moon_times", start=time(6), lunar=(1, 15), minutes=10
    ),
}


def fields_of(session: Session) -> Fields:
    """A stored session in the fields."""
    blocks = {block.part: block for block in session.blocks}
    relay, filler, anthem = (blocks.get(part) for part in (Part.RELAY, Part.FILLER, Part.ANTHEM))
    parts = [block.part for block in session.blocks]
    last = relay is not None and Part.COMMUNE in parts and parts.index(Part.RELAY) > parts.index(Part.COMMUNE)
    pattern = session.pattern
    return Fields(
        name=session.name,
        start=f"{session.start:%H:%M}",
        days=session.days,
        cap="" if session.cap is None else str(session.cap // MINUTE),
        opening=session.opening,
        closing=session.closing,
        lunar=", ".join(str(day) for day in pattern.days) if isinstance(pattern, LunarMonthly) else "",
        seasons=tuple((f"{one.day}/{one.month}", f"{one.start:%H:%M}") for one in session.seasons)
        or tuple((begins, "") for _, begins in SEASONS),
        anthem=anthem.items[0] if anthem is not None and anthem.items else "",
        relay=str(relay.length // MINUTE) if relay is not None and relay.length is not None else "",
        relay_at=f"{relay.hard_start:%H:%M}" if relay is not None and relay.hard_start is not None else "",
        way=TAPED if relay is not None and relay.record_at is not None else "",
        record_at=f"{relay.record_at:%H:%M}" if relay is not None and relay.record_at is not None else "",
        row=RELAY_LAST if last else "",
        fillers=frozenset(filler.items) if filler is not None else frozenset(),
        until=f"{filler.until:%H:%M}" if filler is not None and filler.until is not None else "",
    )


def typed_fields(form: Form) -> Fields:
    """What was typed, to be shown again as it was."""
    return Fields(
        name=form.get("name")[:200],
        start=form.get("start")[:20],
        days=chosen_days(form),
        cap=form.get("cap")[:10],
        opening=bool(form.get("opening")),
        closing=bool(form.get("closing")),
        lunar=form.get("lunar")[:100],
        seasons=tuple((form.get(f"{name}_from")[:10], form.get(f"{name}_at")[:20]) for name, _ in SEASONS),
        anthem=form.get("anthem")[:200],
        relay=form.get("relay")[:10],
        relay_at=form.get("relay_at")[:20],
        way=form.get("way")[:20],
        record_at=form.get("record_at")[:20],
        row=form.get("row")[:20],
        fillers=frozenset(form.all("fillers")),
        until=form.get("until")[:20],
    )


def read_session(form: Form, page: Page, area: AreaCode, before: Session | None = None) -> SessionForm:
    """The session that was typed; Problem with the exact field for what can't be.

    A pattern that the form has no field for stays as it was.
    """
    cap = _minutes(form, "cap", page.says)
    lunar = _lunar(form, page.says)
    pattern = before.pattern if before is not None else None
    if lunar or pattern is None or isinstance(pattern, LunarMonthly):
        pattern = LunarMonthly(days=lunar) if lunar else None
    return SessionForm(
        area=area,
        name=form.get("name"),
        start=typed_time(form, "start", "start", page.says),
        days=chosen_days(form),
        opening=bool(form.get("opening")),
        closing=bool(form.get("closing")),
        cap=cap,
        pattern=pattern,
        seasons=_seasons(form, page.says),
        blocks=_blocks(form, page.says),
    )


def _blocks(form: Form, says: Says) -> tuple[Block, ...]:
    """The row of blocks; none where the session is its items alone."""
    anthem, length = form.get("anthem"), _minutes(form, "relay", says)
    fillers = tuple(dict.fromkeys(AnnouncementId(item) for item in form.all("fillers")))
    until = typed_time(form, "until", "until", says) if form.get("until").strip() else None
    first = (Block(id="anthem", part=Part.ANTHEM, items=(AnnouncementId(anthem),)),) if anthem else ()
    filler = (Block(id="filler", part=Part.FILLER, items=fillers, until=until),) if fillers else ()
    relay: tuple[Block, ...] = ()
    if length is not None:
        relay = (Block(id="relay", part=Part.RELAY, length=length),)
        if form.get("relay_at").strip():
            hard = typed_time(form, "relay_at", "relay_at", says)
            relay = (replace(relay[0], hard_start=hard),)
        if form.get("way") == TAPED:
            relay = (replace(relay[0], record_at=typed_time(form, "record_at", "record_at", says)),)
            if length > LONGEST_TAPE:
                raise _problem("E_BLOCK", "relay", "tape.too_long", says)
    if form.get("row") == RELAY_LAST:
        return (*first, *_ITEMS, *filler, *relay)
    return (*first, *relay, *_ITEMS, *filler)


def _seasons(form: Form, says: Says) -> tuple[Season, ...]:
    """Both seasons, or none: one alone would never end."""
    typed = [(name, form.get(f"{name}_from").strip(), form.get(f"{name}_at").strip()) for name, _ in SEASONS]
    if not any(at for _, _, at in typed):
        return ()
    found = []
    for name, begins, at in typed:
        day = re.fullmatch(r"([0-9]{1,2})[/.\-]([0-9]{1,2})", begins)
        if day is None or not at or not _is_real(int(day[2]), int(day[1])):
            raise _problem("E_TIME", "seasons", "timetable.season_wrong", says)
        start = typed_time(form, f"{name}_at", "seasons", says)
        found.append(Season(month=int(day[2]), day=int(day[1]), start=start, name=name))
    return tuple(found)


def _is_real(month: int, day: int) -> bool:
    try:
        # no season begins on 29 February
        date(2001, month, day)
    except ValueError:
        return False
    return True


def _lunar(form: Form, says: Says) -> tuple[int, ...]:
    words = form.get("lunar").replace(",", " ").replace(";", " ").split()
    if not all(
        word.isascii() and word.isdecimal() and len(word) <= 2 and 1 <= int(word) <= 30 for word in words
    ):
        raise _problem("E_LUNAR", "lunar", "problem.lunar_days", says)
    return tuple(sorted({int(word) for word in words}))


def _minutes(form: Form, name: str, says: Says) -> timedelta | None:
    typed = form.get(name).strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 4 and int(typed) <= 1440):
        raise _problem("E_SESSION_CAP", name, "timetable.cap_wrong", says)
    return int(typed) * MINUTE


def _problem(code: str, at: str, key: str, says: Says) -> Problem:
    said = says.t(key)
    return Problem(code, status=422, field=at, vi=said, en=said)
