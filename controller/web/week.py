"""Lịch tuần: a commune's week and a province's day in blocks, and a village's day in words."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from controller.access import Right, may
from controller.dispatch.forms.day import ConflictLine, OccurrenceLine, Tally
from controller.dispatch.forms.nodes import BoardView
from controller.dispatch.sessions.weeks import WEEK, Block, DayPlan, local_day, monday
from controller.errors import Problem
from controller.web.feed import events, feed_facts
from controller.web.looks import Look, relay_look, slot_look
from controller.web.page import Open, Page, day_of, go
from controller.web.session_form import TEMPLATES
from devices.items import occurrence_claim
from schedules.announcement import AreaCode
from schedules.area import Level
from schedules.calendar import LAST_YEAR
from schedules.feed import write_feed
from schedules.plan import Occurrence
from schedules.session import Session, is_on, session_of

router = APIRouter(include_in_schema=False)

Opened = Annotated[Page, Depends(Open(Right.READ))]
Code = Annotated[str, Query(max_length=32)]
GRACE = timedelta(seconds=5)
DONE = ("added", "changed", "removed", "undone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line inside a block."""

    title: str
    href: str
    length: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One block as it is shown."""

    clock: str
    iso: str
    name: str
    href: str
    items: tuple[Item, ...]
    look: Look
    length: str
    used_s: int
    cap_s: int
    cap: str
    conflicts: tuple[str, ...]
    moved: str
    move: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One day of the week, or one commune of the day."""

    head: str
    small: str
    href: str
    now: bool
    past: bool
    cards: tuple[Card, ...]
    conflicts: tuple[str, ...]


@router.get("/lich-tuan")
async def show_week(
    page: Opened,
    tuan: Annotated[str, Query(max_length=20)] = "",
    noi: Code = "",
    xong: Annotated[str, Query(max_length=20)] = "",
    buoi: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Seven days in blocks; a province looks at one day of all its communes instead."""
    house, says, tree = page.house, page.says, page.house.tree
    area = AreaCode(noi or page.person.area)
    if area in tree and tree.area(area).level in (Level.NATION, Level.PROVINCE):
        return go(f"/lich-ngay?ngay={tuan}" if tuan else "/lich-ngay")
    now = house.clock.now()
    today = local_day(now)
    first = monday(a_day(tuan, "tuan") if tuan else today)
    plans = await house.weeks.week(page.person, area, first)
    board = await house.views.board(page.person, area)
    undone = await _undo(page, buoi) if xong in DONE else None
    return await page.show(
        "week.html",
        area=tree.area(area),
        noi=noi,
        first=first,
        title=says.t(
            "week.title", first=f"{first:%d/%m}", last=f"{first + timedelta(days=WEEK - 1):%d/%m/%Y}"
        ),
        columns_of=[_column(plan, board, page, now, today) for plan in plans],
        sessions=any(block.session for plan in plans for block in plan.blocks),
        before=(first - timedelta(days=WEEK)).isoformat(),
        after=(first + timedelta(days=WEEK)).isoformat(),
        this_week=first == monday(today),
        may_write=page.may(Right.WRITE) and area == page.person.area,
        templates=[(name, says.t(one.name), says.t(one.times)) for name, one in TEMPLATES.items()],
        villages=[tree.area(code) for code in tree.villages(area)],
        tomorrow=(today + timedelta(days=1)).isoformat(),
        done=says.t(f"week.done_{xong}") if xong in DONE else "",
        undo=undone,
        **await feed_facts(page, area),
    )


@router.get("/lich-tuan.ics", response_class=Response)
async def take_week(
    page: Opened, noi: Code = "", tuan: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The same week as an iCalendar file, for the calendar on a telephone."""
    house, says = page.house, page.says
    area = AreaCode(noi or page.person.area)
    now = house.clock.now()
    first = monday(a_day(tuan, "tuan") if tuan else local_day(now))
    plans = await house.weeks.week(page.person, area, first)
    return Response(
        write_feed(
            says.t("week.feed", name=house.tree.area(area).name), events(plans, house.settings.tenant), now
        ),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="lich-tuan-{first.isoformat()}.ics"'},
    )


@router.get("/lich-ngay")
async def show_day(page: Opened, ngay: Annotated[str, Query(max_length=20)] = "") -> Response:
    """One day of every commune of a province, commune by commune."""
    house, says, tree = page.house, page.says, page.house.tree
    now = house.clock.now()
    today = local_day(now)
    day = a_day(ngay, "ngay") if ngay else today
    plans = await house.weeks.communes(page.person, page.person.area, day)
    board = await house.views.board(page.person, page.person.area)
    columns = [
        replace(
            _column(plan, board, page, now, today),
            head=tree.area(plan.area).name,
            small="",
            href=f"/lich-tuan?noi={plan.area}&tuan={day.isoformat()}",
            now=False,
        )
        for plan in plans
    ]
    return await page.show(
        "week_day.html",
        title=says.t("week.day_title", day=says.day(day)),
        columns_of=columns,
        day=day.isoformat(),
        before=(day - timedelta(days=1)).isoformat(),
        after=(day + timedelta(days=1)).isoformat(),
        today=day == today,
    )


@router.get("/lich-tuan/nghe")
async def show_words(
    page: Opened, noi: Code = "", ngay: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What will be heard in one village on one day, in sentences, for the notice board."""
    house, says = page.house, page.says
    area = AreaCode(noi or page.person.area)
    tomorrow = local_day(house.clock.now()) + timedelta(days=1)
    day = a_day(ngay, "ngay") if ngay else tomorrow
    plan = next(iter(await house.weeks.week(page.person, area, day)))
    return await page.show(
        "week_words.html",
        place=house.tree.area(area).name,
        noi=area,
        day=day.isoformat(),
        title=says.t("week.words_title", place=house.tree.area(area).name, day=says.day(day)),
        told=[
            _sentence(block, page) for block in plan.blocks if block.lines or block.relays or block.skipped
        ],
        back=f"/lich-tuan?tuan={day.isoformat()}",
    )


def _column(plan: DayPlan, board: BoardView, page: Page, now: datetime, today: date) -> Column:
    says = page.says
    playing = Counter(node.sounding for node in board.nodes)
    return Column(
        head=says.day_names()[plan.date.weekday()],
        small=f"{plan.date:%d/%m}",
        href="",
        now=plan.date == today,
        past=plan.date < today,
        cards=tuple(_card(block, playing, page, now) for block in plan.blocks),
        conflicts=_said(plan.conflicts, page),
    )


def _card(block: Block, playing: Counter[str | None], page: Page, now: datetime) -> Card:
    says, session = page.says, block.session
    cap = session.cap if session is not None else None
    length_ms = block.length // timedelta(milliseconds=1)
    return Card(
        clock=says.clock(block.start_at),
        iso=block.start_at.isoformat(),
        name=session.name if session is not None else (block.lines[0].title if block.lines else ""),
        href=_session_day(session, block) if session is not None else _href(block.lines[0]),
        items=tuple(_items(block, playing, now, page)),
        look=_block_look(block, playing, now, page),
        length=says.seconds(length_ms) if length_ms else "",
        used_s=length_ms // 1000,
        cap_s=int(cap.total_seconds()) if cap is not None else 0,
        cap=says.seconds(cap // timedelta(milliseconds=1)) if cap is not None else "",
        conflicts=_said(block.conflicts, page),
        moved=says.t("airing.moved_from", when=says.when(block.repeated.usual_at))
        if block.repeated is not None and block.repeated.usual_at is not None
        else "",
        move=_move(block, page, now),
    )


def _move(block: Block, page: Page, now: datetime) -> str:
    """Where this airing is moved, for whoever may and while it is to come."""
    one = block.repeated
    if one is None or block.start_at <= now or one.author == page.person.id:
        return ""
    if not may(page.person, Right.APPROVE, one.area, page.house.tree):
        return ""
    return f"/bai/{block.lines[0].announcement}/luot-phat/{one.day.isoformat()}"


def _items(block: Block, playing: Counter[str | None], now: datetime, page: Page) -> Iterator[Item]:
    """Its sounds and its relays, in order of time."""
    found = [
        (
            line.due_at,
            Item(
                title=line.title,
                href=_href(line),
                length=page.says.seconds(line.duration_ms),
                look=_look((line,), playing, now, page),
            ),
        )
        for line in block.lines
    ]
    found += [
        (
            one.due_at,
            Item(
                title=_relay_words(one, page),
                href="",
                length=page.says.seconds(one.duration // timedelta(milliseconds=1)),
                look=relay_look(page.says.t),
            ),
        )
        for one in block.relays
    ]
    yield from (item for _, item in sorted(found, key=lambda row: row[0]))


def _block_look(block: Block, playing: Counter[str | None], now: datetime, page: Page) -> Look:
    if block.skipped:
        return Look(tone="rest", shape="■", word=page.says.t("week.skipped"))
    if block.relays and not block.lines:
        return relay_look(page.says.t)
    return _look(block.lines, playing, now, page)


def _relay_words(one: Occurrence, page: Page) -> str:
    says = page.says
    return says.t("part.relay_span", begin=says.clock(one.due_at), end=says.clock(one.due_at + one.duration))


def _session_day(session: Session, block: Block) -> str:
    """The page of that day; of the session itself where it has ended meanwhile."""
    day = local_day(block.start_at)
    return (
        f"/buoi-phat/{session.id}/ngay/{day.isoformat()}"
        if is_on(session, day)
        else f"/buoi-phat/{session.id}"
    )


def _look(lines: tuple[OccurrenceLine, ...], playing: Counter[str | None], now: datetime, page: Page) -> Look:
    """A block looks like all its sounds together."""
    t = page.says.t
    if not lines:
        return Look(tone="void", shape="○", word=t("week.empty_block"))
    if len(lines) == 1:
        whole = lines[0]
    else:
        whole = replace(lines[0], tally=_sum(line.tally for line in lines))
    ends_at = max(line.due_at + timedelta(milliseconds=line.duration_ms) for line in lines)
    begins_at = min(line.due_at for line in lines)
    over = now >= ends_at + GRACE or bool(whole.tally.total and not whole.tally.open)
    sounding = sum(playing[occurrence_claim(line.occurrence)] for line in lines)
    return slot_look(whole, playing=sounding, due=now >= begins_at + GRACE, over=over, t=t)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = opened = cached = heard = unheard = 0
    verdicts: Counter[str] = Counter()
    for one in tallies:
        total += one.total
        opened += one.open
        cached += one.cached
        heard += one.heard
        unheard += one.unheard
        verdicts.update(one.verdicts)
    return Tally(
        total=total, open=opened, cached=cached, verdicts=dict(verdicts), heard=heard, unheard=unheard
    )


def _sentence(block: Block, page: Page) -> str:
    says = page.says
    if block.skipped and block.session is not None:
        return says.t("week.word_skipped", time=says.clock(block.start_at), name=block.session.name)
    length = says.seconds(block.length // timedelta(milliseconds=1))
    titles = [
        *(_relay_words(one, page) for one in block.relays),
        *dict.fromkeys(line.title for line in block.lines if _href(line).startswith("/bai/")),
    ]
    if block.session is None or not titles:
        named = block.lines[0].title if block.session is None else block.session.name
        return says.t("week.word_one", time=says.clock(block.start_at), title=named, length=length)
    return says.t(
        "week.word_many",
        time=says.clock(block.start_at),
        name=block.session.name,
        length=length,
        titles="; ".join(titles),
    )


def _href(line: OccurrenceLine) -> str:
    """An opening or closing belongs to its session, which has its own link."""
    item = line.announcement
    return f"/bai/{item}" if item is not None and session_of(item) is None else ""


def _said(conflicts: Iterable[ConflictLine], page: Page) -> tuple[str, ...]:
    vi = page.says.t.language == "vi"
    return tuple(dict.fromkeys(one.vi if vi else one.en for one in conflicts))


async def _undo(page: Page, session: str) -> dict[str, object] | None:
    try:
        view = await page.house.programming.look(page.person, session)
    except Problem:
        return None
    return {"id": view.session.id, "seen": view.seen} if view.undo and view.may_edit else None


def a_day(text: str, field: str) -> date:
    """A day as addresses name it; Problem ``E_TIME`` for anything else."""
    found = day_of(text)
    if found is None or found.year == LAST_YEAR:
        raise Problem("E_TIME", field=field)
    return found
