"""/api/groups: named groups of nodes across an area, within the asker's branch."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field
from starlette.requests import Request

from controller.access import Right
from controller.api.bodies import Body, Code, plain
from controller.api.emergencies import Key
from controller.api.route import StrictRoute
from controller.dispatch.places.grouping import GroupView
from controller.doors.rights import Needs
from controller.doors.visitors import Visitor, house_of
from controller.errors import Problem
from devices.messages import GroupId, NodeId
from schedules.announcement import AreaCode

router = APIRouter(prefix="/api/groups", route_class=StrictRoute, tags=["groups"])

Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Keeper = Annotated[Visitor, Depends(Needs(Right.NODES))]
Node = Annotated[str, Field(min_length=1, max_length=64)]
Nodes = Annotated[list[Node], Field(max_length=5000)]
_TAG = re.compile(r'"(\d{1,9})"')


class GroupBody(Body):
    """A new group."""

    area: Code
    name: Annotated[str, Field(max_length=400)]
    nodes: Nodes = Field(default_factory=list)


class NameBody(Body):
    """Another name."""

    name: Annotated[str, Field(max_length=400)]


class NodesBody(Body):
    """Who comes in and who goes out."""

    add: Nodes = Field(default_factory=list)
    remove: Nodes = Field(default_factory=list)


def seen_version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that was seen, from the ETag: 412 where it is missing or can't be read."""
    found = _TAG.fullmatch(if_match or "")
    if found is None:
        raise Problem("E_STALE")
    return int(found[1])


Seen = Annotated[int, Depends(seen_version)]


@router.get("")
async def list_groups(
    request: Request, visitor: Reader, q: Annotated[str, Query(max_length=80)] = ""
) -> list[GroupView]:
    """By area and name; ``q`` searches names without accents."""
    return list(await house_of(request).groups.on_branch(visitor.person, q))


@router.post("", status_code=201)
async def make_group(
    request: Request, response: Response, visitor: Keeper, key: Key, body: GroupBody
) -> GroupView:
    """A new group of nodes that hang in the area."""
    desk = house_of(request).groups
    nodes = [NodeId(node) for node in body.nodes]
    return _told(
        response, await desk.make(visitor.person, AreaCode(body.area), plain("name", body.name), nodes, key)
    )


@router.get("/{group}")
async def read_group(request: Request, response: Response, visitor: Reader, group: str) -> GroupView:
    """One group; its ETag is what a change must bring along."""
    return _told(response, await house_of(request).groups.one(visitor.person, GroupId(group)))


@router.put("/{group}")
async def rename_group(
    request: Request, response: Response, visitor: Keeper, key: Key, seen: Seen, group: str, body: NameBody
) -> GroupView:
    """Another name."""
    name = plain("name", body.name)
    desk = house_of(request).groups
    return _told(response, await desk.rename(visitor.person, GroupId(group), name, key, version=seen))


@router.post("/{group}/nodes")
async def fill_group(
    request: Request, response: Response, visitor: Keeper, key: Key, seen: Seen, group: str, body: NodesBody
) -> GroupView:
    """Take nodes in and out."""
    view = await house_of(request).groups.fill(
        visitor.person,
        GroupId(group),
        key,
        version=seen,
        add=[NodeId(node) for node in body.add],
        remove=[NodeId(node) for node in body.remove],
    )
    return _told(response, view)


@router.delete("/{group}")
async def delete_group(
    request: Request, response: Response, visitor: Keeper, key: Key, seen: Seen, group: str
) -> GroupView:
    """End a group; ``undo`` brings it back."""
    desk = house_of(request).groups
    return _told(response, await desk.delete(visitor.person, GroupId(group), key, version=seen))


@router.post("/{group}/undo")
async def undo_group(
    request: Request, response: Response, visitor: Keeper, key: Key, seen: Seen, group: str
) -> GroupView:
    """Take back one's own last deed."""
    desk = house_of(request).groups
    return _told(response, await desk.undo(visitor.person, GroupId(group), key, version=seen))


def _told(response: Response, view: GroupView) -> GroupView:
    response.headers["ETag"] = f'"{view.version}"'
    return view
