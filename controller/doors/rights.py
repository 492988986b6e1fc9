"""The one way in which a route says who may use it; a test reads it from the router."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from controller.access import RIGHTS, Right
from controller.doors.visitors import Visitor, find_visitor
from controller.errors import Problem


class Declares:
    """What a route needs: a standing login whose role has the right. 401 ``E_SESSION``, 403 ``E_RIGHT``.

    Whether the *place* lies on the person's branch is asked by the Desk and the Views, which know the place.
    """

    def __init__(self, right: Right) -> None:
        self.right = right

    async def visitor(self, request: Request) -> Visitor:
        """The visitor, who has the right."""
        visitor = await find_visitor(request)
        if visitor is None:
            raise Problem("E_SESSION")
        if self.right not in RIGHTS[visitor.person.role]:
            raise Problem("E_RIGHT")
        return visitor


class Needs(Declares):
    """A dependency: the visitor, who has the right."""

    async def __call__(self, request: Request) -> Visitor:
        return await self.visitor(request)


class Public:
    """A dependency that says: anybody, also without a login."""

    async def __call__(self) -> None:
        return None


def declared(dependant: Dependant) -> Iterator[Declares | Public]:
    """Every declaration of a route, its own and those of its dependencies."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Declares | Public):
            yield dependency.call
        yield from declared(dependency)
