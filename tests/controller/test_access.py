"""Who may do what where, and what a guesser meets."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from controller.access import (
    FREE_FAILURES,
    LONGEST_WAIT,
    RIGHTS,
    Failures,
    Login,
    Passwords,
    Right,
    Role,
    csrf_fits,
    csrf_token,
    failed,
    is_weak,
    may,
    new_token,
    token_hash,
    wait_until,
    within,
)
from schedules.announcement import AreaCode
from schedules.area import Tree
from tests.support.store_ground import NOW, ONE, ONE_A, OTHER, OTHER_A, PLACES, PROVINCE, person

TREE = Tree(PLACES)
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

# who may at all, by right: the whole matrix, written down a second time on purpose
MATRIX = {
    Right.READ: "author approver operator technician viewer administrator",
    Right.WRITE: "author approver operator",
    Right.APPROVE: "approver",
    Right.EMERGENCY: "operator",
    Right.SECOND: "approver operator",
    Right.STOP: "author approver operator administrator",
    Right.LIVE: "operator",
    Right.NODES: "technician administrator",
    Right.ACCOUNTS: "administrator",
    Right.RULES: "administrator",
    Right.AUDIT: "approver administrator",
    Right.METRICS: "technician administrator",
}


@pytest.mark.promise("P19", "S39")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_a_right_holds_for_its_roles_and_on_their_branch_only(role: Role, right: Right) -> None:
    someone = person("x", role, ONE)
    allowed = role.value in MATRIX[right].split()
    assert may(someone, right, ONE, TREE) is allowed
    assert may(someone, right, ONE_A, TREE) is allowed
    for elsewhere in (PROVINCE, OTHER, OTHER_A, AreaCode("nowhere")):
        assert not may(someone, right, elsewhere, TREE)


def test_every_role_has_a_row_and_the_province_reaches_its_communes() -> None:
    assert set(RIGHTS) == set(Role)
    assert within(person("x", Role.OPERATOR, PROVINCE), OTHER_A, TREE)
    assert not within(person("x", Role.OPERATOR, OTHER), ONE_A, TREE)


@pytest.mark.promise("S32")
@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "88888888",
        "888888888888",
        "tenxa2025",
        "tenxa2025!!!!",
        "TênXã@2025...",
        "123456789012",
        "Matkhau@2025!",
        "mật khẩu 2025",
        "P@ssword12345",
        "Abc@123456789",
        "anhyeuem123456",
        "truyenthanh@2025",
        "bien.tap.2025",
        "Bien-Tap-123456",
        "12@12@12@12@",
        "abababababab",
        "",
        "x" * 201,
    ],
)
def test_a_password_that_others_would_guess_is_weak(password: str) -> None:
    assert is_weak(password, "bien.tap")


@pytest.mark.parametrize(
    "password",
    ["một đàn trâu gặm cỏ chiều", "Lac-thon-ba-con-bo-7", "mK8#tz!Qp4vWw2", "nước lên tới bậc thứ tư"],
)
def test_a_password_of_ones_own_is_accepted(password: str) -> None:
    assert not is_weak(password, "bien.tap")


def test_a_password_fits_itself_alone_however_it_was_typed() -> None:
    passwords = Passwords(QUICK)
    kept = passwords.hash("đàn trâu gặm cỏ")
    assert kept.startswith("$argon2id$")
    assert "trâu" not in kept
    assert passwords.fits("đàn trâu gặm cỏ", kept)
    assert passwords.fits("\u0111a\u0300n tra\u0302u ga\u0323\u0306m co\u0309", kept)
    assert not passwords.fits("đàn trâu gặm cỏ ", kept)
    assert not passwords.fits("", kept)
    assert not passwords.fits("x", "not a hash")
    assert passwords.hash("a") != passwords.hash("a")


class CountingHasher(PasswordHasher):
    """Counts how often it really works."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.verified += 1
        return bool(super().verify(hash, password))


@pytest.mark.promise("S33")
def test_an_unknown_user_costs_as_much_work_as_a_known_one() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    assert not passwords.fits("anything", None)
    assert hasher.verified == 1
    assert not passwords.fits("anything", None)
    assert hasher.verified == 2
    passwords.fits("anything", passwords.hash("other"))
    assert hasher.verified == 3


def test_the_products_hasher_is_argon2id_with_64_megabytes() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_tokens_are_random_and_only_their_hash_is_kept() -> None:
    one, two = new_token(), new_token()
    assert one != two
    assert len(one) >= 43
    assert one not in token_hash(one)
    assert token_hash(one) != token_hash(two)
    assert csrf_fits(one, csrf_token(one))
    assert not csrf_fits(one, csrf_token(two))
    assert not csrf_fits(one, "")
    assert not csrf_fits(one, "ă")


def test_a_login_ends_when_idle_or_old_or_from_the_future() -> None:
    login = Login()
    minute = timedelta(minutes=1)
    assert login.holds(NOW, NOW, NOW)
    assert login.holds(NOW, NOW, NOW + 29 * minute)
    assert not login.holds(NOW, NOW, NOW + 30 * minute)
    assert login.holds(NOW, NOW + 719 * minute, NOW + 719 * minute)
    assert not login.holds(NOW, NOW + 719 * minute, NOW + 720 * minute)
    assert not login.holds(NOW + minute, NOW + minute, NOW)


@pytest.mark.promise("S33")
def test_five_wrong_passwords_are_free_then_the_waits_double_but_never_for_ever() -> None:
    failures: Failures | None = None
    waits = []
    for _ in range(30):
        failures = failed(failures, NOW)
        until = wait_until(failures)
        waits.append(0 if until is None else (until - NOW) // timedelta(seconds=1))
    assert waits[: FREE_FAILURES - 1] == [0, 0, 0, 0]
    assert waits[FREE_FAILURES - 1 : 10] == [1, 2, 4, 8, 16, 32]
    assert waits[-1] == LONGEST_WAIT // timedelta(seconds=1)
    assert failed(failures, NOW + timedelta(hours=24)).count == 1
    assert wait_until(None) is None


@given(gaps=st.lists(st.integers(0, 100_000), max_size=60))
def test_no_history_of_failures_locks_anybody_out_for_longer_than_the_longest_wait(gaps: list[int]) -> None:
    failures, now = None, NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        failures = failed(failures, now)
        until = wait_until(failures)
        assert until is None or now <= until <= now + LONGEST_WAIT
