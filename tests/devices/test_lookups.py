"""Programmes and alerts that a node holds: what comes next, what is wanted, what is over."""

import dataclasses
from datetime import timedelta

import pytest

from devices import admission, signing, topics
from devices import alerts as lists
from devices import programme as days
from devices.items import Content, occurrence_claim
from devices.memory import with_claim
from devices.messages import AlertId, AlertState, ClipHash, Mode, OccurrenceId
from tests.devices.cast import (
    CLIP,
    COMMUNE,
    GROUP,
    HOUR,
    MINUTE,
    NOW,
    ONLINE,
    PROVINCE,
    WORDS,
    alert,
    alerts,
    entry,
    programme,
    send,
    settled,
    took,
)

SECOND = timedelta(seconds=1)
OTHER = dataclasses.replace(CLIP, sha256=ClipHash("3c" * 32))


def test_what_comes_next_is_in_order_and_without_what_is_over_or_claimed() -> None:
    first = entry(occurrence=OccurrenceId("a"), starts_at=NOW + MINUTE)
    second = entry(occurrence=OccurrenceId("b"), starts_at=NOW)
    node = took(send(settled(), programme(first, second)))
    assert [one.occurrence for one in days.upcoming(node, NOW)] == ["b", "a"]
    claimed = with_claim(node, occurrence_claim(OccurrenceId("b")), NOW + HOUR)
    assert [one.occurrence for one in days.upcoming(claimed, NOW)] == ["a"]
    assert days.upcoming(node, first.latest_at + SECOND) == ()
    assert days.upcoming(node, first.expires_at) == ()


def test_an_occurrence_in_two_programmes_counts_once_in_its_highest_revision() -> None:
    node = took(send(settled(), programme(entry(revision=1, starts_at=NOW + MINUTE))))
    node = took(send(node, programme(entry(revision=2), group=GROUP, group_version=4)))
    (only,) = days.upcoming(node, NOW)
    assert (only.revision, only.topic) == (2, topics.group_programme(GROUP, programme().date))


def test_an_item_knows_its_clip_its_document_and_its_key() -> None:
    node = took(send(settled(), programme()))
    (only,) = days.upcoming(node, NOW)
    assert (only.clip, only.kid, only.version, only.mode) == (CLIP, "online", 5, Mode.ACTUAL)
    held = node.documents[only.topic]
    assert days.item_of(entry(), programme(), held) == only


def test_clips_are_wanted_once_and_soonest_first() -> None:
    day = programme(
        entry(occurrence=OccurrenceId("late"), starts_at=NOW + MINUTE, clip=OTHER.sha256),
        entry(occurrence=OccurrenceId("soon"), starts_at=NOW),
        entry(occurrence=OccurrenceId("again"), starts_at=NOW + 2 * MINUTE),
        clips=(CLIP, OTHER),
    )
    node = took(send(settled(), day))
    assert days.clips_wanted(node, NOW) == (CLIP, OTHER)
    assert days.clips_wanted(node, entry().expires_at) == ()


@pytest.mark.promise("S18")
def test_what_fits_is_taken_and_what_does_not_is_known_before() -> None:
    node = settled()

    def day(count: int):  # type: ignore[no-untyped-def]
        return programme(*(entry(occurrence=OccurrenceId(f"occurrence-{n:04}")) for n in range(count)))

    count = next(count for count in range(50, 400) if not days.fits(day(count)))
    assert count > 100
    biggest = signing.sign(day(count - 1), ONLINE)
    assert len(biggest) <= days.size(day(count - 1)) <= days.LIMIT
    took(send(node, day(count - 1)))
    assert isinstance(send(node, day(count + 5)), admission.Refused)


def test_rounds_come_at_their_distance_until_the_end() -> None:
    given = alert(rounds=4, every_ms=1_800_000, ends_at=NOW + 80 * MINUTE)
    assert lists.round_due(given, NOW - SECOND) is None
    assert [lists.round_due(given, NOW + n * 15 * MINUTE) for n in range(6)] == [0, 0, 1, 1, 2, 2]
    assert lists.round_due(given, NOW + 80 * MINUTE) is None
    assert lists.next_round_at(given, NOW - SECOND) == NOW
    assert lists.next_round_at(given, NOW) == NOW + 30 * MINUTE
    assert lists.next_round_at(given, NOW + 70 * MINUTE) is None
    once = alert()
    assert (lists.round_due(once, NOW + HOUR), lists.next_round_at(once, NOW)) == (0, None)
    short = alert(rounds=2, every_ms=60_000)
    assert lists.round_due(short, NOW + HOUR) == 1


def test_rounds_may_come_at_distances_of_their_own_first() -> None:
    """A tsunami's: at once, after five and ten minutes, then every half hour."""
    given = alert(rounds=6, every_ms=1_800_000, offsets_ms=(0, 300_000, 600_000), ends_at=NOW + 6 * HOUR)
    begins = [0, 5, 10, 40, 70, 100]
    assert lists.round_times(given) == tuple(NOW + n * MINUTE for n in begins)
    for number, minutes in enumerate(begins):
        begun = NOW + minutes * MINUTE
        assert lists.round_due(given, begun) == number
        assert lists.round_due(given, begun - SECOND) == (number - 1 if number else None)
        later = [NOW + n * MINUTE for n in begins[number + 1 :]]
        assert lists.next_round_at(given, begun) == (later[0] if later else None)
    assert lists.round_due(given, NOW + 5 * HOUR) == 5
    only = alert(rounds=2, offsets_ms=(0, 60_000))
    assert [lists.round_due(only, NOW + n * SECOND) for n in (0, 59, 60, 3600)] == [0, 0, 1, 1]
    cut = alert(rounds=3, offsets_ms=(0, 60_000, 120_000), ends_at=NOW + 90 * SECOND)
    assert lists.round_times(cut) == (NOW, NOW + MINUTE)
    assert lists.next_round_at(cut, NOW + MINUTE) is None


def test_missed_rounds_coalesce_and_claimed_ones_are_over() -> None:
    node = took(send(settled(), alerts(alert(rounds=5, every_ms=600_000))))
    (due,) = lists.due_rounds(node, NOW + 25 * MINUTE)
    assert (due.round, due.due_at, due.tone) == (2, NOW + 20 * MINUTE, "flood2")
    assert due.duration_ms == 30_000 + WORDS.duration_ms
    there = Content(sha256=WORDS.sha256, bytes=WORDS.bytes, duration_ms=WORDS.duration_ms)
    go = admission.start(due, node, NOW + 25 * MINUTE, there, True)
    assert isinstance(go, admission.Cleared)
    assert lists.due_rounds(go.memory, NOW + 26 * MINUTE) == ()


def test_an_accepted_alert_outlives_its_document() -> None:
    node = took(send(settled(), alerts()))
    assert [one.id for one, _ in lists.in_force(node, NOW + 5 * HOUR)] == ["alert-1"]
    assert lists.in_force(node, NOW + 6 * HOUR) == ()


def test_an_unknown_tone_becomes_the_attention_tone() -> None:
    node = took(send(settled(), alerts(alert(tone="trumpet"))))
    assert lists.due_rounds(node, NOW)[0].tone == "attention"


def test_the_gravest_comes_first_and_a_drill_last() -> None:
    node = took(
        send(settled(), alerts(alert(id=AlertId("low"), level=1), alert(id=AlertId("high"), level=5)))
    )
    test = alert(id=AlertId("test"), level=5, mode=Mode.TEST, issued_at=NOW)
    node = took(send(node, alerts(test, area=PROVINCE)))
    assert [one.id for one, _ in lists.in_force(node, NOW)] == ["high", "low", "test"]


def test_an_alert_supersedes_only_in_its_own_list_and_mode() -> None:
    old, new = alert(id=AlertId("old")), alert(id=AlertId("new"), references=(AlertId("old"),))
    node = took(send(settled(), alerts(old, new)))
    assert [one.id for one, _ in lists.in_force(node, NOW)] == ["new"]
    apart = took(send(settled(), alerts(old, area=PROVINCE)))
    apart = took(send(apart, alerts(new)))
    assert {one.id for one, _ in lists.in_force(apart, NOW)} == {"old", "new"}
    drill = dataclasses.replace(new, mode=Mode.TEST)
    mixed = took(send(settled(), alerts(old, drill)))
    assert {one.id for one, _ in lists.in_force(mixed, NOW)} == {"old", "new"}


def test_a_cancelled_alert_has_ended_unless_another_list_holds_it() -> None:
    over = alert(state=AlertState.CANCELLED)
    node = took(send(settled(), alerts(over)))
    assert lists.ended(node) == ("alert-1",)
    assert lists.due_rounds(node, NOW) == ()
    node = took(send(node, alerts(area=PROVINCE)))
    assert lists.ended(node) == ()


def test_a_group_list_has_its_own_place() -> None:
    assert lists.topic_of(alerts(group=GROUP, group_version=4)) == topics.group_alerts(GROUP)
    assert lists.topic_of(alerts()) == topics.alerts(COMMUNE)
