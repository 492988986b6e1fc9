"""The receive gate, check by check; each test fails when its check is taken out."""

import dataclasses
import json
from datetime import timedelta

import pytest

from devices import acceptance, admission, codec, signing, topics
from devices.incoming import Why
from devices.items import command_claim
from devices.memory import Memory, Window
from devices.messages import (
    Action,
    AlertId,
    AlertState,
    BootId,
    BulletinClass,
    ClockState,
    CommandId,
    CommandKind,
    KeyId,
    Mode,
    NodeId,
    Receipt,
    ReceiptKind,
    Report,
    TenantId,
)
from tests.devices.cast import (
    COMMUNE,
    DELEGATIONS,
    DRILL,
    GROUP,
    HOUR,
    LOCAL,
    MINUTE,
    MUTE,
    NEIGHBOUR,
    NODE,
    NONCE,
    NOW,
    OLD,
    ONLINE,
    PROVINCE,
    ROOT,
    STRANGER,
    alert,
    alerts,
    answer,
    beacon,
    command,
    delegation,
    desired,
    entry,
    fresh,
    home,
    key_list,
    programme,
    refusal,
    send,
    settled,
    stop,
    took,
)


@pytest.fixture
def node() -> Memory:
    return settled()


def ignored(result: object) -> Why:
    assert isinstance(result, admission.Ignored), result
    return result.why


def unsure(memory: Memory) -> Memory:
    return dataclasses.replace(memory, clock=ClockState.UNSURE)


# --- what is right is taken -----------------------------------------------------------------------------


def test_everything_proper_is_accepted(node: Memory) -> None:
    for message in (programme(), alerts(), command(), stop(), answer(), beacon(now=NOW + MINUTE)):
        node = took(send(node, message))


def test_a_group_speaks_to_its_members(node: Memory) -> None:
    took(send(node, programme(group=GROUP, group_version=4)))
    took(send(node, alerts(group=GROUP, group_version=4)))
    took(send(node, command(group=GROUP, group_version=4), topic=topics.group_command(GROUP)))


def test_a_province_speaks_through_its_communes(node: Memory) -> None:
    took(send(node, alerts(area=PROVINCE)))


# --- 1 and 2 --------------------------------------------------------------------------------------------


@pytest.mark.promise("S18")
def test_one_octet_above_the_limit_is_refused_for_its_size(node: Memory) -> None:
    padding = admission.COMMAND_LIMIT + 1
    raw = signing.sign(command(), ONLINE)
    assert refusal(
        admission.receive(raw + b"." * (padding - len(raw)), home(command()), False, node, NOW)
    ) == ("E_SIZE")
    at_limit = admission.receive(raw + b"." * (padding - 1 - len(raw)), home(command()), False, node, NOW)
    assert refusal(at_limit) == "E_FORMAT"


@pytest.mark.promise("S18")
def test_a_command_to_one_node_keeps_the_small_limit(node: Memory) -> None:
    references = tuple(f"occurrence-{number:04}-{'x' * 40}" for number in range(200))
    message = stop(area=None, node=NODE, references=references)
    assert refusal(send(node, message)) == "E_SIZE"


@pytest.mark.promise("S18")
def test_a_document_beyond_64_kilobytes_is_refused(node: Memory) -> None:
    raw = b"A" * (admission.DOCUMENT_LIMIT + 1)
    assert refusal(admission.receive(raw, home(programme()), True, node, NOW)) == "E_SIZE"


@pytest.mark.promise("S01")
def test_an_unsigned_command_is_refused(node: Memory) -> None:
    envelope = signing.sign(command(), ONLINE)
    bare = signing.open_envelope(envelope).payload
    stripped = envelope.rpartition(b".")[0] + b"."
    for raw in (bare, stripped, stripped[:-1].rpartition(b".")[0] + b"."):
        assert refusal(admission.receive(raw, home(command()), False, node, NOW)) == "E_SIGNATURE"


def test_an_unsigned_or_empty_document_is_only_counted(node: Memory) -> None:
    bare = signing.open_envelope(signing.sign(programme(), ONLINE)).payload
    assert ignored(admission.receive(bare, home(programme()), True, node, NOW)) is Why.UNSIGNED
    assert ignored(admission.receive(b"", home(programme()), True, node, NOW)) is Why.EMPTY
    assert ignored(admission.receive(b"", home(command()), False, node, NOW)) is Why.EMPTY


def test_a_topic_of_somebody_else_is_not_ours(node: Memory) -> None:
    raw = signing.sign(command(), ONLINE)
    for topic in ("loa/2/keys", "loa/1/node/x/report", "spBv1.0/x", "loa/1/area/19774/clip/" + "a" * 64):
        assert ignored(admission.receive(raw, topic, False, node, NOW)) is Why.NOT_OURS


@pytest.mark.promise("S11")
def test_a_signature_for_one_kind_is_no_other_kind(node: Memory) -> None:
    assert refusal(send(node, programme(), topic=home(command()))) == "E_SIGNATURE"
    assert refusal(send(node, command(), topic=home(alerts()))) == "E_SIGNATURE"
    payload = signing.open_envelope(signing.sign(command(), ONLINE)).payload
    raw = signing.sign_payload(payload, "loa-alerts+jws", ONLINE)
    assert refusal(admission.receive(raw, home(alerts()), False, node, NOW)) == "E_FORMAT"


# --- 3 --------------------------------------------------------------------------------------------------


def test_a_locked_node_takes_no_command_but_a_stop(node: Memory) -> None:
    locked = dataclasses.replace(node, locked=True)
    assert refusal(send(locked, command())) == "E_LOCKED"
    took(send(locked, stop()))
    took(send(locked, programme()))


# --- 4 and 5 --------------------------------------------------------------------------------------------


@pytest.mark.promise("S08")
def test_an_unknown_a_revoked_and_an_expired_key_are_refused(node: Memory) -> None:
    assert refusal(send(node, command(), key=STRANGER)) == "E_KEY"
    assert refusal(send(node, command(), key=OLD)) == "E_KEY"
    late = NOW + timedelta(days=300)
    message = command(issued_at=late, expires_at=late + MINUTE)
    assert refusal(send(node, message, now=late)) == "E_KEY"
    young = settled(delegation(), delegation(STRANGER, not_before=NOW + MINUTE))
    assert refusal(send(young, command(), key=STRANGER)) == "E_KEY"


@pytest.mark.promise("S08")
def test_a_revocation_takes_what_the_key_had_put_in_force(node: Memory) -> None:
    node = took(send(node, alerts()))
    keys = (delegation(revoked=True), *DELEGATIONS[1:])
    after = took(send(node, key_list(*keys, version=2), key=ROOT))
    assert topics.alerts(COMMUNE) in node.documents
    assert topics.alerts(COMMUNE) not in after.documents
    assert refusal(send(after, command())) == "E_KEY"


def test_only_the_root_signs_the_key_list(node: Memory) -> None:
    assert refusal(send(node, key_list(version=2), key=ONLINE)) == "E_KEY"
    usurper = dataclasses.replace(STRANGER, kid=KeyId("root"))
    assert refusal(send(node, key_list(version=2), key=usurper)) == "E_SIGNATURE"


@pytest.mark.promise("S02", "P8")
def test_a_right_name_with_a_wrong_key_is_refused(node: Memory) -> None:
    forger = dataclasses.replace(STRANGER, kid=ONLINE.kid)
    for message in (command(), stop(), alerts(), programme(), desired(version=9), answer(), beacon()):
        assert refusal(send(node, message, key=forger)) == "E_SIGNATURE"


@pytest.mark.promise("S03")
def test_a_weak_key_in_the_list_is_as_good_as_unknown() -> None:
    weak = dataclasses.replace(delegation(STRANGER), public="AQ" + "A" * 41)
    node = settled(delegation(), weak)
    assert KeyId("stranger") not in node.keys
    assert refusal(send(node, command(), key=STRANGER)) == "E_KEY"


# --- 6 --------------------------------------------------------------------------------------------------


@pytest.mark.promise("S20")
def test_a_key_without_the_right_to_stop_cannot_stop(node: Memory) -> None:
    assert refusal(send(node, stop(), key=MUTE)) == "E_DELEGATION"


@pytest.mark.promise("S08")
def test_each_kind_needs_its_own_right() -> None:
    wanted = {
        Action.PROGRAMME: programme(),
        Action.ALERTS: alerts(),
        Action.STOP: stop(),
        Action.TEST: command(),
        Action.LIVE: command(kind=CommandKind.LIVE, pattern=None, grant="grant-1"),
        Action.DESIRED: desired(version=4),
        Action.TIME: beacon(now=NOW + MINUTE),
        Action.ANSWER: answer(),
    }
    for action, message in wanted.items():
        others = tuple(one for one in Action if one is not action)
        without = settled(delegation(), delegation(STRANGER, actions=others))
        with_it = settled(delegation(), delegation(STRANGER, actions=(action,)))
        assert refusal(send(without, message, key=STRANGER)) == "E_DELEGATION", action
        took(send(with_it, message, key=STRANGER))


@pytest.mark.promise("S08")
def test_a_key_stays_within_its_classes_volume_hours_and_areas(node: Memory) -> None:
    quiet = entry(volume=70)
    took(send(node, programme(quiet), key=LOCAL))
    for broken in (
        programme(entry(volume=70, bulletin_class=BulletinClass.PRIORITY)),
        programme(entry(volume=71)),
        programme(quiet, area=PROVINCE),
        programme(
            entry(
                volume=70,
                starts_at=NOW + 8 * HOUR + 29 * MINUTE + timedelta(seconds=30),
                latest_at=NOW + 9 * HOUR,
                expires_at=NOW + 10 * HOUR,
            )
        ),
    ):
        assert refusal(send(node, broken, key=LOCAL)) == "E_DELEGATION"
    assert refusal(send(node, command(bulletin_class=BulletinClass.PRIORITY), key=LOCAL)) == "E_DELEGATION"


@pytest.mark.promise("S08")
def test_a_local_key_tests_nothing_at_night(node: Memory) -> None:
    night = NOW - 12 * HOUR
    message = command(issued_at=night, expires_at=night + MINUTE)
    assert refusal(send(node, message, key=LOCAL, now=night)) == "E_DELEGATION"
    took(send(node, message, now=night))


@pytest.mark.promise("P11", "S11")
def test_a_drill_key_says_nothing_real_and_a_real_key_plays_no_drill(node: Memory) -> None:
    drill = {"mode": Mode.EXERCISE}
    for kind in (command, stop, programme):
        assert refusal(send(node, kind(), key=DRILL)) == "E_DELEGATION"
        assert refusal(send(node, kind(**drill))) == "E_DELEGATION"
        took(send(node, kind(**drill), key=DRILL))
    assert refusal(send(node, alerts(), key=DRILL)) == "E_DELEGATION"
    assert refusal(send(node, alerts(alert(**drill)))) == "E_DELEGATION"
    mixed = alerts(alert(**drill), alert(id=AlertId("alert-2")))
    assert refusal(send(node, mixed, key=DRILL)) == "E_DELEGATION"
    took(send(node, alerts(alert(**drill)), key=DRILL))


@pytest.mark.promise("P11")
def test_a_drill_never_replaces_what_is_real(node: Memory) -> None:
    node = took(send(node, alerts()))
    node = took(send(node, programme()))
    drill_alerts = alerts(alert(mode=Mode.EXERCISE), version=9)
    drill_day = programme(mode=Mode.EXERCISE, version=6)
    assert refusal(send(node, drill_alerts, key=DRILL)) == "E_DELEGATION"
    assert refusal(send(node, alerts(version=9, alerts=(), clips=()), key=DRILL)) == "E_DELEGATION"
    assert refusal(send(node, drill_day, key=DRILL)) == "E_DELEGATION"
    over = took(send(node, alerts(alert(state=AlertState.CANCELLED), version=9)))
    took(send(over, alerts(alert(mode=Mode.EXERCISE), version=10), key=DRILL))


@pytest.mark.promise("S07")
def test_an_emergency_or_a_command_lives_fifteen_minutes_at_most(node: Memory) -> None:
    long = NOW + 15 * MINUTE + timedelta(milliseconds=1)
    for message in (alerts(expires_at=long), command(expires_at=long), stop(expires_at=long)):
        assert refusal(send(node, message)) == "E_DELEGATION"


# --- 7 and 8 --------------------------------------------------------------------------------------------


@pytest.mark.promise("S06", "S20")
def test_another_tenant_is_refused_by_name_whatever_key_it_uses(node: Memory) -> None:
    other = {"tenant": TenantId("38")}
    namesake = dataclasses.replace(STRANGER, kid=ONLINE.kid)
    for message in (command(**other), stop(**other), alerts(**other), desired(**other, version=9)):
        for key in (ONLINE, STRANGER, namesake):
            assert refusal(send(node, message, key=key)) == "E_TENANT"
    assert refusal(send(node, key_list(**other, version=2), key=ROOT)) == "E_TENANT"


@pytest.mark.promise("S05")
def test_what_is_for_another_node_or_area_is_refused(node: Memory) -> None:
    elsewhere = NodeId("node-0000")
    for message in (
        command(area=NEIGHBOUR),
        stop(area=NEIGHBOUR),
        alerts(area=NEIGHBOUR),
        programme(area=NEIGHBOUR),
        command(area=None, node=elsewhere),
        stop(area=None, node=elsewhere),
        answer(node=elsewhere),
        desired(node=elsewhere, version=9),
    ):
        assert refusal(send(node, message)) == "E_TARGET"


@pytest.mark.promise("S05")
def test_the_unsigned_topic_cannot_lend_another_target(node: Memory) -> None:
    mine = topics.node_command(NODE)
    assert refusal(send(node, command(area=NEIGHBOUR), topic=home(command()))) == "E_TARGET"
    assert refusal(send(node, command(area=None, node=NodeId("node-0000")), topic=mine)) == "E_TARGET"
    assert refusal(send(node, command(area=None, node=NODE), topic=home(command()))) == "E_TARGET"
    assert refusal(send(node, programme(area=PROVINCE), topic=home(programme()))) == "E_TARGET"
    assert refusal(send(node, alerts(boot_nonce=NONCE), topic=home(alerts()))) == "E_TARGET"
    assert refusal(send(node, alerts(), topic=mine)) == "E_TARGET"
    assert refusal(send(node, programme(), topic="loa/1/area/19774/programme/2026-11-23")) == "E_TARGET"


@pytest.mark.promise("S05")
def test_a_group_list_of_another_version_is_no_target(node: Memory) -> None:
    for version in (3, 5):
        message = command(group=GROUP, group_version=version)
        assert refusal(send(node, message, topic=topics.group_command(GROUP))) == "E_TARGET"
        assert refusal(send(node, programme(group=GROUP, group_version=version))) == "E_TARGET"
    left = took(send(node, desired(version=4, groups={})))
    assert refusal(send(left, programme(group=GROUP, group_version=4))) == "E_TARGET"


def test_a_node_without_a_place_hears_its_place_but_no_programme() -> None:
    lone = took(send(dataclasses.replace(fresh(), clock=ClockState.TRUSTED), key_list(), key=ROOT))
    assert refusal(send(lone, programme())) == "E_TARGET"
    took(send(lone, answer()))
    took(send(lone, desired()))


def test_a_moved_node_forgets_where_it_stood(node: Memory) -> None:
    node = took(send(took(send(node, programme())), alerts(area=PROVINCE)))
    moved = took(send(node, desired(version=4, areas=("vn", PROVINCE, NEIGHBOUR))))
    assert home(programme()) not in moved.documents
    assert topics.alerts(PROVINCE) in moved.documents


# --- 9, 10 and 11 ---------------------------------------------------------------------------------------


@pytest.mark.promise("S09")
def test_a_replaced_controller_is_fenced(node: Memory) -> None:
    node = took(send(node, command(epoch=3)))
    for message in (
        command(epoch=2, id=CommandId("cmd-2"), seq=102),
        stop(epoch=2),
        programme(epoch=2),
        alerts(epoch=2),
        answer(epoch=2),
        beacon(epoch=2, now=NOW + MINUTE),
        desired(epoch=2, version=9),
    ):
        assert refusal(send(node, message)) == "E_FENCED"
    took(send(node, stop(epoch=3)))


@pytest.mark.promise("S09")
def test_an_epoch_that_leaps_is_fenced_with_an_alarm(node: Memory) -> None:
    result = send(node, command(epoch=1_003))
    assert isinstance(result, admission.Refused)
    assert (result.code, result.alarm) == ("E_FENCED", True)
    took(send(node, command(epoch=1_002)))


def test_epochs_are_counted_for_each_key(node: Memory) -> None:
    node = took(send(node, command(epoch=7)))
    took(send(node, command(mode=Mode.EXERCISE, epoch=0, id=CommandId("cmd-2")), key=DRILL))


@pytest.mark.promise("S04")
def test_a_repeated_command_has_no_second_effect(node: Memory) -> None:
    raw = signing.sign(command(), ONLINE)
    once = took(admission.receive(raw, home(command()), False, node, NOW))
    again = admission.receive(raw, home(command()), False, once, NOW + timedelta(seconds=1))
    assert ignored(again) is Why.REPEATED
    assert command_claim(CommandId("cmd-1")) in once.claims
    for later in (NOW + HOUR, NOW + timedelta(days=7)):
        assert not isinstance(admission.receive(raw, home(command()), False, once, later), admission.Accepted)
        forgetful = dataclasses.replace(once, claims={})
        replayed = admission.receive(raw, home(command()), False, forgetful, later)
        assert refusal(replayed) in ("E_REPLAY", "E_EXPIRED")


@pytest.mark.promise("S04")
def test_a_sequence_number_counts_once_even_with_another_id(node: Memory) -> None:
    once = took(send(node, command()))
    assert refusal(send(once, command(id=CommandId("cmd-2")))) == "E_REPLAY"


@pytest.mark.promise("S04")
def test_the_window_is_sixty_four_wide_and_takes_the_late_once(node: Memory) -> None:
    node = took(send(node, command(seq=200)))
    assert refusal(send(node, command(seq=136, id=CommandId("a")))) == "E_REPLAY"
    node = took(send(node, command(seq=137, id=CommandId("b"))))
    assert refusal(send(node, command(seq=137, id=CommandId("c")))) == "E_REPLAY"
    node = took(send(node, command(seq=199, id=CommandId("d"))))
    node = took(send(node, command(seq=265, id=CommandId("e"))))
    assert refusal(send(node, command(seq=199, id=CommandId("f")))) == "E_REPLAY"
    node = took(send(node, command(seq=202, id=CommandId("g"))))
    assert node.windows[ONLINE.kid].top == 265


def test_a_window_moved_far_forgets_all_it_saw() -> None:
    moved = acceptance.seen(Window(top=10, seen=0b1011), 10_000)
    assert moved == Window(top=10_000, seen=1)
    assert acceptance.seen(Window(top=10, seen=0b1), 12) == Window(top=12, seen=0b101)


@pytest.mark.promise("S10")
def test_a_sequence_that_leaps_is_refused_and_does_not_spoil_the_next(node: Memory) -> None:
    leap = send(node, command(seq=2**63))
    assert isinstance(leap, admission.Refused)
    assert (leap.code, leap.alarm) == ("E_REPLAY", True)
    took(send(node, command(seq=102)))


@pytest.mark.promise("S10")
def test_a_stop_with_a_wild_sequence_works_and_spoils_nothing(node: Memory) -> None:
    node = took(send(node, stop(seq=2**63)))
    took(send(node, command(seq=102)))


@pytest.mark.promise("S26")
def test_a_retained_message_on_a_command_topic_is_never_executed(node: Memory) -> None:
    for message in (command(), stop(), command(area=None, node=NODE), answer()):
        result = send(node, message, retained=True)
        assert isinstance(result, admission.Refused)
        assert (result.code, result.alarm) == ("E_REPLAY", True)


@pytest.mark.promise("S26")
def test_a_retained_alert_on_a_command_topic_is_never_executed(node: Memory) -> None:
    assert refusal(send(unsure(node), alerts(boot_nonce=NONCE), retained=True)) == "E_REPLAY"


# --- 12 and 13 ------------------------------------------------------------------------------------------


@pytest.mark.promise("S07", "P7")
def test_what_has_expired_by_an_instant_is_refused(node: Memory) -> None:
    for message in (command(), stop(), alerts(), programme(), desired(version=9)):
        at = message.expires_at
        assert refusal(send(node, message, now=at)) in ("E_EXPIRED", "E_KEY")
        if message.expires_at < NOW + timedelta(days=300):
            assert refusal(send(node, message, now=at)) == "E_EXPIRED"
            took(send(node, message, now=at - timedelta(milliseconds=1)))


@pytest.mark.promise("S07")
def test_what_is_issued_in_the_future_is_refused(node: Memory) -> None:
    soon = NOW + timedelta(seconds=6)
    for message in (
        command(issued_at=soon),
        stop(issued_at=soon),
        alerts(issued_at=soon),
        programme(issued_at=soon),
    ):
        assert refusal(send(node, message)) == "E_EARLY"
    took(send(node, command(issued_at=NOW + timedelta(seconds=5))))


@pytest.mark.promise("S04", "P7")
def test_the_floor_keeps_a_clock_from_falling_back(node: Memory) -> None:
    node = took(send(node, beacon(now=NOW + MINUTE)))
    message = command(issued_at=NOW - 10 * MINUTE, expires_at=NOW + MINUTE)
    assert refusal(send(node, message, now=NOW - 5 * MINUTE)) == "E_EXPIRED"


def test_a_beacon_only_raises_the_floor(node: Memory) -> None:
    later = took(send(node, beacon(now=NOW + MINUTE)))
    assert later.floor_at == NOW + MINUTE
    assert later.clock is node.clock
    assert ignored(send(later, beacon(now=NOW))) is Why.OLDER
    assert refusal(send(later, beacon(now=NOW + 10 * MINUTE))) == "E_EARLY"


@pytest.mark.promise("F46")
def test_an_unsure_clock_hears_an_emergency_only_by_its_nonce(node: Memory) -> None:
    woken = unsure(node)
    assert refusal(send(woken, alerts())) == "E_CLOCK"
    assert refusal(send(woken, command())) == "E_CLOCK"
    assert refusal(send(woken, alerts(boot_nonce="B" * 22))) == "E_CLOCK"
    took(send(woken, alerts(boot_nonce=NONCE)))
    took(send(woken, command(area=None, node=NODE, boot_nonce=NONCE)))


@pytest.mark.promise("F46", "S04")
def test_a_nonce_of_another_boot_is_refused_with_any_clock(node: Memory) -> None:
    assert refusal(send(node, alerts(boot_nonce="B" * 22))) == "E_CLOCK"
    assert refusal(send(node, command(area=None, node=NODE, boot_nonce="B" * 22))) == "E_CLOCK"
    assert refusal(send(node, answer(boot_nonce="B" * 22))) == "E_CLOCK"


def test_a_stop_needs_no_clock(node: Memory) -> None:
    took(send(unsure(node), stop()))


def test_a_nonce_tells_an_unsure_node_that_it_is_later(node: Memory) -> None:
    woken = dataclasses.replace(unsure(node), floor_at=NOW - timedelta(days=900))
    after = took(send(woken, alerts(boot_nonce=NONCE)))
    assert after.instant(NOW - timedelta(days=20_000)) == NOW


def test_an_answer_brings_trusted_time(node: Memory) -> None:
    after = took(send(unsure(node), answer()))
    assert (after.clock, after.floor_at) == (ClockState.TRUSTED, NOW)
    old = answer(now=after.floor_at - timedelta(seconds=6))
    assert refusal(send(after, old)) == "E_EXPIRED"


# --- versions -------------------------------------------------------------------------------------------


def test_versions_replace_repeat_conflict_and_age(node: Memory) -> None:
    node = took(send(node, programme()))
    assert ignored(send(node, programme(), retained=True)) is Why.SAME
    assert ignored(send(node, programme(issued_at=NOW, epoch=3))) is Why.SAME
    other = send(node, programme(entry(title="Khác")))
    assert refusal(other) == "E_ROLLBACK"
    assert ignored(send(node, programme(version=4))) is Why.OLDER
    newer = took(send(node, programme(version=6, entries=(), clips=())))
    assert newer.documents[home(programme())].version == 6


def test_the_document_in_force_comes_again_after_its_time_without_a_word(node: Memory) -> None:
    node = took(send(node, alerts()))
    assert ignored(send(node, alerts(), retained=True, now=NOW + HOUR)) is Why.SAME


def test_the_copy_for_one_node_is_the_same_list(node: Memory) -> None:
    node = took(send(node, alerts()))
    assert ignored(send(node, alerts(boot_nonce=NONCE, issued_at=NOW + MINUTE), now=NOW + MINUTE)) is Why.SAME


@pytest.mark.promise("F57")
def test_a_stop_is_remembered_until_it_expires(node: Memory) -> None:
    node = took(send(node, stop(references=("occ-1",))))
    assert [one.references for one in node.stops] == [("occ-1",)]
    later = NOW + 11 * MINUTE
    second = stop(id=CommandId("stop-2"), issued_at=later, expires_at=later + MINUTE)
    after = took(send(node, second, now=later))
    assert [one.command for one in after.stops] == ["stop-2"]
    assert ignored(send(after, second, now=later)) is Why.REPEATED


def test_programmes_of_long_ago_make_room(node: Memory) -> None:
    node = took(send(node, programme()))
    later = NOW + timedelta(days=4)
    next_day = programme(entries=(), clips=(), date=later.date(), issued_at=later, expires_at=later + HOUR)
    after = took(send(node, next_day, now=later))
    assert home(programme()) not in after.documents
    assert home(next_day) in after.documents


def test_a_document_from_flash_is_verified_again_but_not_timed(node: Memory) -> None:
    documents = {
        topics.keys(): signing.sign(key_list(), ROOT),
        topics.desired(NODE): signing.sign(desired(), ONLINE),
        topics.alerts(COMMUNE): signing.sign(alerts(boot_nonce=NONCE), ONLINE),
        home(programme()): signing.sign(programme(), ONLINE),
    }
    memory = fresh()
    for topic, raw in documents.items():
        recalled = admission.recall(raw, topic, memory)
        assert isinstance(recalled, Memory), recalled
        memory = recalled
    assert set(memory.documents) == set(documents)
    for elsewhere in (programme(area=NEIGHBOUR), alerts(area=NEIGHBOUR), desired(node=NodeId("other"))):
        kept = signing.sign(elsewhere, ONLINE)
        assert refusal(admission.recall(kept, home(elsewhere), memory)) == "E_TARGET"
    other_day = "loa/1/area/19774/programme/2026-11-23"
    assert refusal(admission.recall(documents[home(programme())], other_day, memory)) == "E_TARGET"
    raw = bytearray(documents[home(programme())])
    raw[-1] = ord("A") if raw[-1] != ord("A") else ord("Q")
    assert isinstance(admission.recall(bytes(raw), home(programme()), memory), admission.Refused)
    assert isinstance(
        admission.recall(documents[home(programme())], topics.alerts(COMMUNE), memory), admission.Refused
    )


def test_what_a_refusal_quotes_always_fits_a_receipt(node: Memory) -> None:
    payload = codec.encode(programme())
    for bad in ("\u202e" * 500, "a\nb", "\x00", "x" * 30_000):
        quoted = json.dumps(bad).encode()
        for bent in (payload.replace(b'"actual"', quoted), payload.replace(b'"mode"', quoted)):
            raw = signing.sign_payload(bent, "loa-programme+jws", ONLINE)
            result = admission.receive(raw, home(programme()), True, node, NOW)
            assert refusal(result) == "E_FORMAT"
            assert isinstance(result, admission.Refused)
            receipt = Receipt(
                seq=1, kind=ReceiptKind.REFUSED, at=NOW, topic="t", code=result.code, reason=result.detail
            )
            codec.encode(Report(node=NODE, boot=BootId("b"), receipts=(receipt,)))
