"""Rule packs, event orders and mourning: what a place's rules refuse, with the nodes' own codes."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import wall
from devices.errors import Code
from schedules.announcement import AnnouncementId, BulletinClass
from schedules.calendar import QuietHours
from schedules.caps import breaches
from schedules.errors import TableRefused
from schedules.plan import Occurrence, OccurrenceId
from schedules.profile import Profile, ProfileKind, in_force, manner_on, mourning, profile_faults
from schedules.recurrence import EVERY_DAY
from schedules.rulepack import PACKS, Limits, RulePack, parse_pack, raised, rule_pack
from tests.schedules.cast import A1, B1, MONDAY, PROVINCE, TREE, A, B, at

LOCAL = timezone(timedelta(hours=7))
INNER, OUTER, LIEN_CHIEU = (rule_pack(name) for name in ("ha_noi_inner", "ha_noi_outer", "lien_chieu"))
ORDER = Profile(
    id="p-1",
    kind=ProfileKind.EVENT,
    name="Bầu cử",
    document="Công văn 12/UBND ngày 20/11/2026",
    area=A,
    first=MONDAY,
    last=MONDAY + timedelta(days=6),
    raised=Limits(sessions_a_day=4, a_session=timedelta(minutes=30)),
)
MOURNING = mourning("p-2", "Quốc tang", "Thông cáo đặc biệt 1", PROVINCE, MONDAY, MONDAY + timedelta(days=1))


def sound(
    name: str, due_at: datetime, minutes: float, session: str | None = None, **changes: object
) -> Occurrence:
    facts: dict[str, object] = {
        "id": OccurrenceId(name),
        "item": AnnouncementId(name),
        "revision": 1,
        "recurrence_at": due_at,
        "due_at": due_at,
        "duration": timedelta(minutes=minutes),
        "expires_at": due_at + timedelta(days=3),
        "targets": (A,),
        "bulletin_class": BulletinClass.NORMAL,
        "session": session,
        "repeat": 1,
        **changes,
    }
    return Occurrence(**facts)  # type: ignore[arg-type]


def refused(
    *sounds: Occurrence, pack: RulePack = INNER, profiles: tuple[Profile, ...] = ()
) -> dict[str, str]:
    return {str(b.occurrence): b.code for b in breaches(sounds, A, pack, profiles, TREE)}


THREE = (sound("one", at(6), 10), sound("two", at(11), 10), sound("three", at(17), 10))


def test_a_third_session_and_the_sixteenth_minute_are_refused_in_an_inner_ward() -> None:
    assert refused(*THREE) == {"three": "E_SESSIONS"}
    start = at(6)
    block = [
        sound(f"part-{n}", start + n * timedelta(minutes=5), 5, "sang", recurrence_at=start) for n in range(4)
    ]
    assert refused(*block) == {"part-3": "E_CAP"}
    assert refused(sound("exact", at(6), 15)) == {}
    assert refused(sound("over", at(6), 15.02)) == {"over": "E_CAP"}


def test_under_an_event_order_both_are_heard_and_only_there_and_then() -> None:
    over = sound("over", at(6), 16)
    assert refused(*THREE, profiles=(ORDER,)) == {}
    assert refused(over, profiles=(ORDER,)) == {}
    late = [replace(one, due_at=one.due_at + timedelta(days=7)) for one in THREE]
    assert refused(*late, profiles=(ORDER,)) == {"three": "E_SESSIONS"}
    assert refused(*THREE, profiles=(replace(ORDER, area=B),)) == {"three": "E_SESSIONS"}
    assert refused(*THREE, profiles=(replace(ORDER, area=PROVINCE),)) == {}


def test_an_inner_ward_is_silent_on_saturday_and_sunday() -> None:
    weekend = [sound(f"d-{n}", at(6, day=n), 5) for n in range(7)]
    assert refused(*weekend) == {"d-5": "E_DAY", "d-6": "E_DAY"}
    every_day = replace(
        ORDER, raised=Limits(days=EVERY_DAY, sessions_a_day=2, a_session=timedelta(minutes=15))
    )
    assert refused(*weekend, profiles=(every_day,)) == {}


def test_the_outer_communes_have_minutes_and_no_number() -> None:
    assert refused(*THREE, pack=OUTER) == {}
    assert refused(sound("long", at(6), 46), pack=OUTER) == {"long": "E_CAP"}


def test_lien_chieu_has_two_hours_a_day() -> None:
    assert LIEN_CHIEU.starts == (time(5, 30), time(17))
    hours = [sound("one", at(5, 30), 60), sound("two", at(17), 60)]
    assert refused(*hours, pack=LIEN_CHIEU) == {}
    block = [
        sound("one", at(5, 30), 60, "a"),
        sound("two", at(17), 40, "b"),
        sound("three", at(17, 40), 30, "b"),
    ]
    shifted = [block[0], *(replace(one, recurrence_at=at(17)) for one in block[1:])]
    assert refused(*shifted, pack=LIEN_CHIEU) == {"three": "E_CAP"}
    tight = replace(LIEN_CHIEU, limits=replace(LIEN_CHIEU.limits, a_day=timedelta(minutes=90)))
    assert refused(*hours, pack=tight) == {"two": "E_CAP"}


def test_what_is_refused_takes_no_room_from_the_next() -> None:
    assert refused(sound("long", at(6), 20), *THREE[1:]) == {"long": "E_CAP"}
    quiet = sound("night", at(3, 15), 5)
    assert refused(quiet, *THREE[:2]) == {"night": "E_QUIET"}


def test_an_emergency_passes_everything_and_counts_for_nothing() -> None:
    alarm = sound("alarm", at(3, 15, day=5), 60, bulletin_class=BulletinClass.EMERGENCY)
    assert refused(alarm, profiles=(MOURNING,)) == {}
    assert refused(replace(alarm, due_at=at(5)), *THREE[:2]) == {}


def test_mourning_silences_ordinary_items_only() -> None:
    urgent = sound("urgent", at(7), 5, bulletin_class=BulletinClass.PRIORITY)
    assert refused(THREE[0], urgent, profiles=(MOURNING,)) == {"one": "E_MUTED"}
    (breach,) = breaches([THREE[0]], A, INNER, [MOURNING], TREE)
    assert breach.vi == (
        "Không phát được lúc 06:00 thứ Hai 23/11 vì ngừng tin thường theo Thông cáo đặc biệt 1."
    )
    assert refused(sound("later", at(6, day=2), 5), profiles=(MOURNING,)) == {}


def test_what_is_heard_elsewhere_counts_elsewhere() -> None:
    in_b = [replace(one, targets=(B1,)) for one in THREE]
    assert refused(*in_b) == {}
    village, province = replace(THREE[0], targets=(A1,)), replace(THREE[1], targets=(PROVINCE,))
    # the people of that village have heard two by then, the others of the commune one
    assert refused(village, province, THREE[2]) == {}
    in_village = breaches([village, province, THREE[2]], A1, INNER, [], TREE)
    assert [(b.occurrence, b.code) for b in in_village] == [("three", "E_SESSIONS")]


def test_what_one_profile_silences_no_other_gives_back() -> None:
    manner = manner_on([ORDER, MOURNING], TREE, A1, MONDAY, INNER.limits)
    assert (manner.music, manner.chimes, manner.ordinary) == (False, False, False)
    assert manner.limits.sessions_a_day == 4
    assert manner.documents == (ORDER.document, MOURNING.document)
    assert in_force([ORDER, MOURNING], TREE, B1, MONDAY) == (MOURNING,)
    free = manner_on([], TREE, A, MONDAY, INNER.limits)
    assert (free.music, free.chimes, free.ordinary, free.limits) == (True, True, True, INNER.limits)


def test_the_wider_of_two_limits_is_taken_in_everything() -> None:
    one = Limits(days=frozenset({0}), sessions_a_day=1, a_session=timedelta(minutes=5), a_day=None)
    other = Limits(days=frozenset({6}), sessions_a_day=3, a_session=None, a_day=timedelta(minutes=9))
    expected = Limits(days=frozenset({0, 6}), sessions_a_day=3, a_session=None, a_day=None)
    assert raised(one, other) == raised(other, one) == expected


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"document": " – "}, "profile.document", "E_DOCUMENT"),
        ({"document": "x" * 201}, "profile.document", "E_DOCUMENT"),
        ({"first": date(1999, 1, 1), "last": date(1999, 1, 1)}, "profile.first", "E_TIME"),
        ({"last": MONDAY - timedelta(days=1)}, "profile.last", "E_ORDER"),
        ({"last": MONDAY + timedelta(days=93)}, "profile.last", "E_WINDOW"),
        ({"kind": ProfileKind.MOURNING}, "profile.raised", "E_PROFILE"),
    ],
)
def test_a_profile_without_document_or_end_is_refused(
    changes: dict[str, object], field: str, code: str
) -> None:
    assert profile_faults(ORDER) == profile_faults(MOURNING) == ()
    fault = profile_faults(replace(ORDER, **changes))[0]  # type: ignore[arg-type]
    assert (fault.field, fault.code) == (field, code)


# ── The tables ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_pack_of_the_house_is_read_with_its_source() -> None:
    for name in PACKS:
        pack = rule_pack(name)
        assert pack.name
        assert pack.source
        assert pack.quiet == QuietHours(start=time(21), end=time(5))
    assert INNER.limits == Limits(days=frozenset(range(5)), sessions_a_day=2, a_session=timedelta(minutes=15))


GOOD = 'name = "x"\nsource = "y"\nquiet = { start = "21:00", end = "05:00" }\ndays = [0]\n'


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("name = ", "TOML"),
        (GOOD.replace("21:00", "25:00"), "pack.quiet.start"),
        (GOOD.replace("[0]", "[7]"), "pack.days[0]"),
        (GOOD.replace("days = [0]\n", ""), "pack.days"),
        (GOOD + "sessions_a_day = -1\n", "pack.sessions_a_day"),
        (GOOD + "minutes_a_session = true\n", "pack.minutes_a_session"),
        (GOOD + 'starts = ["5:30"]\n', "pack.starts[0]"),
        (GOOD + "loudness = 3\n", "pack.loudness"),
    ],
)
def test_a_pack_that_can_not_be_read_is_refused_by_its_field(text: str, field: str) -> None:
    assert parse_pack("ours", GOOD).limits.days == frozenset({0})
    with pytest.raises(TableRefused) as raised_:
        parse_pack("ours", text)
    assert raised_.value.code == "E_TABLE"
    assert field in raised_.value.en


# ── The same as the nodes ─────────────────────────────────────────────────────────────────────────────────


def test_the_plan_refuses_with_the_codes_of_the_nodes() -> None:
    assert (Code.QUIET, Code.EXPIRED, Code.EARLY) == ("E_QUIET", "E_EXPIRED", "E_EARLY")


CLOCKS = st.times().map(lambda wall_: wall_.replace(second=0, microsecond=0))


@pytest.mark.promise("S14")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    CLOCKS,
    CLOCKS,
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(LOCAL)),
    st.integers(1, 4 * 3600),
)
def test_the_server_and_the_node_agree_about_every_sound_and_all_quiet_hours(
    start: time, end: time, due_at: datetime, length: int
) -> None:
    quiet = QuietHours(start=start, end=end)
    one = sound("one", due_at, length / 60)
    ours = refused(one, pack=RulePack(id="x", name="x", source="x", quiet=quiet, limits=Limits()))
    node = wall.touches(due_at, due_at + one.duration, f"{start:%H:%M}", f"{end:%H:%M}", "Asia/Ho_Chi_Minh")
    assert ours == ({"one": Code.QUIET} if node else {})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from((4, 5, 6, 11, 17, 20, 21)), st.integers(1, 40)),
        max_size=8,
        unique_by=lambda row: row[:2],
    ),
    st.sampled_from((INNER, OUTER, LIEN_CHIEU)),
    st.sampled_from(((), (ORDER,), (MOURNING,))),
)
def test_what_is_left_keeps_every_limit(
    rows: list[tuple[int, int, int]], pack: RulePack, profiles: tuple[Profile, ...]
) -> None:
    sounds = [sound(f"{day}-{hour}", at(hour, day=day + 2), minutes) for day, hour, minutes in rows]
    gone = refused(*sounds, pack=pack, profiles=profiles)
    left = [one for one in sounds if str(one.id) not in gone]
    assert refused(*left, pack=pack, profiles=profiles) == {}
    for n in range(2, 6):
        day = MONDAY + timedelta(days=n)
        of_day = [one for one in left if one.due_at.astimezone(LOCAL).date() == day]
        limits = manner_on(profiles, TREE, A, day, pack.limits).limits
        assert limits.sessions_a_day is None or len(of_day) <= limits.sessions_a_day
        assert not of_day or day.weekday() in limits.days
        assert all(limits.a_session is None or one.duration <= limits.a_session for one in of_day)
