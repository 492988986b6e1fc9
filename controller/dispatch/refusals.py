"""How the Desk says no: the problems of its own, and the rules' refusals turned into problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.access import Person, Right, may
from controller.errors import Problem
from schedules.announcement import AreaCode
from schedules.area import Tree
from schedules.errors import Invalid, Refused, TimingRefused

STATUS = {
    "E_SECOND_PERSON": 403,
    "E_TRACK": 409,
    "E_CHANGED": 409,
    "E_STATE": 409,
    "E_TRACK_REVIEW": 409,
}
"""A rule's refusal is a 422 unless it stands here."""


def missing() -> Problem:
    """Also for what exists outside the asker's branch: whether it does is none of their business (S40)."""
    return Problem("E_NOT_FOUND")


def stale() -> Problem:
    return Problem("E_STALE")


def preview_gone() -> Problem:
    return Problem(
        "E_PREVIEW",
        status=409,
        vi="Trang xem trước đã quá cũ. Xin xem lại trước khi phát.",
        en="This preview is too old; look again before firing.",
    )


def target_changed() -> Problem:
    return Problem("E_TARGET_CHANGED")


def reason_needed() -> Problem:
    return Problem(
        "E_REASON",
        field="reason",
        vi="Xin ghi lý do (ít nhất 10 ký tự).",
        en="A reason of at least ten characters is needed.",
    )


def allow(person: Person, right: Right, area: AreaCode, tree: Tree) -> None:
    """Problem 404 outside the person's branch, 403 where the role lacks the right."""
    if area not in tree or not tree.descends(area, person.area):
        raise missing()
    if not may(person, right, area, tree):
        raise Problem("E_RIGHT")


@contextmanager
def told_as_problems() -> Iterator[None]:
    """Turns a refusal of the rules into the same words with a status."""
    try:
        yield
    except Invalid as refused:
        first = refused.faults[0]
        raise Problem(first.code, field=first.field, status=422, vi=first.vi, en=first.en) from refused
    except TimingRefused as refused:
        fault = refused.fault
        raise Problem(fault.code, field=fault.field, status=422, vi=fault.vi, en=fault.en) from refused
    except Refused as refused:
        status = STATUS.get(refused.code, 422)
        raise Problem(refused.code, status=status, vi=refused.vi, en=refused.en) from refused
