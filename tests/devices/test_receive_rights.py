"""The receive gate: whose key it is, what that key may, and for whom it is meant (checks 4 to 8)."""

import dataclasses
from datetime import timedelta

import pytest

from devices import topics
from devices.memory import Memory
from devices.messages import (
    Action,
    AlertId,
    AlertState,
    BulletinClass,
    ClockState,
    CommandKind,
    KeyId,
    Mode,
    NodeId,
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
