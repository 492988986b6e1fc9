"""A form with a recording in it: whose it is, is asked before the file is read."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from controller.access import Right
from controller.doors.rights import Declares
from controller.doors.uploads import Came, Pairs, form_upload
from controller.doors.visitors import form_fits
from controller.errors import Problem
from controller.web.page import Form, Page, page_for
from schedules.announcement import AnnouncementId

NO_PAGE = (401, 403, 404)
"""What is answered by a page of its own and not beside the form."""


class Sending(Declares):
    """A dependency as ``Open``, for a form with a file."""

    async def __call__(self, request: Request) -> Page:
        return page_for(request, await self.visitor(request))


Sender = Annotated[Page, Depends(Sending(Right.WRITE))]


@asynccontextmanager
async def received(
    request: Request, page: Page, announcement: AnnouncementId | None
) -> AsyncIterator[tuple[Form, Came]]:
    """The fields and the file, which is gone afterwards.

    Who may not is told before a byte is read; what else stands against it (quota, storage, too many at once),
    once the fields before the file are known.
    """
    async with AsyncExitStack() as stack:
        early: Problem | None = None
        try:
            await stack.enter_async_context(page.house.desk.recordings.coming(page.person, announcement))
        except Problem as problem:
            if problem.status in NO_PAGE:
                raise
            early = problem

        def on_file(pairs: Pairs) -> None:
            _check_token(page, Form(pairs))
            if early is not None:
                raise early

        came = await stack.enter_async_context(form_upload(request, on_file))
        form = Form(came.pairs)
        _check_token(page, form)
        request.state.form = form
        yield form, came


def _check_token(page: Page, form: Form) -> None:
    if page.visitor is None or not form_fits(page.visitor, form.get("token")):
        raise Problem("E_ORIGIN")
