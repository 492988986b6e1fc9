"""A bài's own page, and Duyệt: listen, read, approve or send back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.forms.items import AnnouncementView
from controller.errors import Problem
from controller.store.sounds import RenderState
from controller.web.changes import changes_since_seen
from controller.web.hearing import FirstShown, Piece, first_sentence, horn, sound_facts, sound_piece
from controller.web.hinting import stored_hints
from controller.web.life import steps
from controller.web.looks import item_look
from controller.web.page import Open, Page, go, read_form
from controller.web.recorded import recorded
from controller.web.telling import Wrong, refused, row, timing_words, told, wrongs
from controller.web.track_cards import tracks_facts
from controller.web.tray import commune_line
from schedules.announcement import AnnouncementId, State

router = APIRouter(include_in_schema=False)

WHY_SHOWN = 8

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
Approver = Annotated[Page, Depends(Open(Right.APPROVE))]
DONE = frozenset({"submitted", "approved", "sent_back", "withdrawn", "stopped", "undone"})


@router.get("/bai/{announcement}")
async def show_item(page: Reader, announcement: str, xong: str = "") -> Response:
    """Everything about one bài."""
    try:
        view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    except Problem:
        # a bulletin from above is not this commune's own: it is read in its tray
        from_above = await page.house.tray.one(page.person, AnnouncementId(announcement))
        return go(f"/hop-tin/{from_above.announcement.id}")
    return await _item(page, view, done=_done(page, view, xong))


@router.get("/bai/{announcement}/tieng")
async def show_sound(page: Reader, announcement: str, dau: FirstShown = "", phan: Piece = "") -> Response:
    """How far its sound is (a piece of the page)."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    place = f"/bai/{view.announcement.id}"
    return HTMLResponse(await sound_piece(page, view.rendering, place, dau, phan))


@router.get("/bai/{announcement}/cot-loa")
async def hear_horn(request: Request, page: Reader, announcement: str) -> Response:
    """Its sound as at the foot of the pole."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    return await horn(request, page, view.rendering)


@router.get("/bai/{announcement}/cau-dau")
async def hear_first(request: Request, page: Reader, announcement: str) -> Response:
    """Its first sentence, while the rest is being spoken."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    return await first_sentence(request, page, view.rendering)


@router.post("/bai/{announcement}/hoan-tac")
async def do_undo(page: Reader, announcement: str) -> Response:
    """One step back."""
    await page.house.desk.undo(page.person, AnnouncementId(announcement))
    return go(f"/bai/{announcement}?xong=undone")


@router.post("/bai/{announcement}/rut")
async def do_withdraw(request: Request, page: Writer, announcement: str) -> Response:
    """Take it back: nothing of it is heard any more, what sounds now stops."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    try:
        view = await page.house.desk.withdraw(page.person, identity, form.get("reason"))
    except Problem as problem:
        if problem.status == 404:
            raise
        view = await page.house.views.announcement(page.person, identity)
        return await _item(page, view, problem=problem, reason=form.get("reason"))
    return go(f"/bai/{identity}?xong={'withdrawn' if view.may_undo else 'stopped'}")


@router.post("/bai/{announcement}/dinh-chinh")
async def do_correct(page: Writer, announcement: str) -> Response:
    """Begin the bài that puts this one right."""
    view = await page.house.desk.correct(page.person, AnnouncementId(announcement))
    return go(f"/viet-bai/{view.announcement.id}")


@router.get("/duyet")
async def show_approvals(page: Approver, xong: str = "") -> Response:
    """What waits for this approver."""
    found = await page.house.views.announcements(page.person, states=(State.SUBMITTED,), limit=200)
    items = [row(view, page, approving=True) for view in found]
    done = page.says.t(f"done.{xong}") if xong in ("sent_back",) else ""
    return await page.show("approvals.html", items=items, done=done)


@router.get("/duyet/{announcement}")
async def show_approval(page: Approver, announcement: str) -> Response:
    """One bài to decide on."""
    return await _approval(
        page, await page.house.views.announcement(page.person, AnnouncementId(announcement))
    )


@router.post("/duyet/{announcement}")
async def do_approve(request: Request, page: Approver, announcement: str) -> Response:
    """Approve exactly what was seen."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    try:
        heard = form.get("heard") or None
        await page.house.desk.approve(page.person, identity, form.get("content_hash"), heard)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _approval(
            page, await page.house.views.announcement(page.person, identity), problem=problem
        )
    return go(f"/bai/{identity}?xong=approved")


@router.post("/duyet/{announcement}/tra-lai")
async def do_send_back(request: Request, page: Approver, announcement: str) -> Response:
    """Return it with a reason."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    try:
        await page.house.desk.send_back(page.person, identity, form.get("reason"))
    except Problem as problem:
        if problem.status == 404:
            raise
        view = await page.house.views.announcement(page.person, identity)
        return await _approval(page, view, problem=problem, reason=form.get("reason"))
    return go("/duyet?xong=sent_back")


async def _item(
    page: Page, view: AnnouncementView, *, done: str = "", problem: Problem | None = None, reason: str = ""
) -> Response:
    a, says = view.announcement, page.says
    life = await page.house.lives.look(page.person, a.id)
    vietnamese = page.says.t.language == "vi"
    why = await page.house.views.why(page.person, a.id)
    return await page.show(
        "item.html",
        why=[one.vi if vietnamese else one.en for one in why[:WHY_SHOWN]],
        view=view,
        status=problem.status if problem else 200,
        item=a,
        life=steps(life, says),
        communes=[commune_line(one, says) for one in await page.house.tray.across(page.person, a.id)],
        corrects=life.corrects,
        may_correct=life.may_correct,
        wrongs=refused(problem, page),
        reason=reason[:500],
        reason_open=problem is not None and problem.field == "reason",
        withdraw_hint=says.t("item.withdraw_sounding" if life.sounding else "item.withdraw_hint"),
        done=done,
        returned=view.returned_reason if a.state is State.RETURNED else "",
        told=told(view, page),
        recorded=recorded(view, page),
        faults=wrongs(view.faults, page.says),
        **await tracks_facts(page, a.id),
        **await sound_facts(page, view.rendering, f"/bai/{a.id}"),
        read_otherwise=await page.house.lexicon_views.is_read_otherwise(page.person, a.id),
    )


async def _approval(
    page: Page, view: AnnouncementView, *, problem: Problem | None = None, reason: str = ""
) -> Response:
    a, says = view.announcement, page.says
    rendering = view.rendering
    if rendering.state is RenderState.NONE and a.state is State.SUBMITTED:
        rendering = await page.house.desk.render_now(page.person, a.id)
    faults = wrongs(view.faults, says)
    if problem is not None:
        said = problem.vi if says.t.language == "vi" else problem.en
        faults = (Wrong(field=problem.field or "", said=said), *faults)
    return await page.show(
        "approval.html",
        status=problem.status if problem else 200,
        view=view,
        item=a,
        look=item_look(a.state, says.t),
        author=view.author_name,
        own=a.author == page.person.id and a.state is State.SUBMITTED,
        faults=faults,
        guesses=rendering.guesses,
        heard=rendering.wanted,
        changes=await changes_since_seen(page, a),
        told=told(view, page),
        recorded=recorded(view, page),
        **await tracks_facts(page, a.id),
        **await stored_hints(page, view),
        **await sound_facts(page, rendering, f"/bai/{a.id}"),
        reason=reason[:500],
        reason_open=bool(reason) or (problem is not None and problem.field == "reason"),
    )


def _done(page: Page, view: AnnouncementView, xong: str) -> str:
    if xong not in DONE:
        return ""
    if xong == "approved":
        says = page.says
        at = says.when(view.next_at) if view.next_at else timing_words(view.announcement.timing, says)
        return says.t("done.approved_next", when=at)
    return page.says.t(f"done.{xong}")
