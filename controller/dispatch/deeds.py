"""The use cases that pages and API both call: each checks rights and saves in one transaction."""

from controller.access import Person
from controller.dispatch.alerts.alarming import Alarming
from controller.dispatch.alerts.stopping import Stopping
from controller.dispatch.announcements.correcting import Correcting
from controller.dispatch.announcements.recording import Recordings
from controller.dispatch.announcements.withdrawing import Withdrawing
from controller.dispatch.announcements.writing import Writing
from controller.dispatch.forms.alerts import AlertView, EmergencyForm, EmergencyPreview, Hand, Stopped
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.dispatch.forms.sound import Rendering
from devices.messages import AlertId
from schedules.announcement import AnnouncementId, AreaCode


class Desk:
    """Every deed of a person. Raises ``controller.errors.Problem``, also for what the rules refuse.

    Something outside the person's branch is answered as if it did not exist (404 ``E_NOT_FOUND``);
    a missing right is 403 ``E_RIGHT``.
    """

    def __init__(
        self,
        writing: Writing,
        withdrawing: Withdrawing,
        correcting: Correcting,
        recordings: Recordings,
        alarming: Alarming,
        stopping: Stopping,
    ) -> None:
        self._writing = writing
        self._withdrawing = withdrawing
        self._correcting = correcting
        self.recordings = recordings
        self._alarming = alarming
        self._stopping = stopping

    async def write_announcement(self, person: Person, draft: Draft) -> AnnouncementView:
        """Save a new draft. 422 ``E_TEXT``/``E_TARGET_EMPTY``/… with the field."""
        return await self._writing.write(person, draft)

    async def edit_announcement(
        self,
        person: Person,
        announcement: AnnouncementId,
        draft: Draft,
        *,
        revision: int,
        seen: str | None = None,
    ) -> AnnouncementView:
        """Replace the content; voids an approval.

        412 ``E_STALE`` when ``revision``, or the content hash ``seen`` where it is given, is not the stored
        one: a draft keeps its revision while it is edited, so that only its hash tells two editors apart.
        """
        return await self._writing.edit(person, announcement, draft, revision=revision, seen=seen)

    async def submit(
        self, person: Person, announcement: AnnouncementId, acknowledged: tuple[str, ...] = ()
    ) -> AnnouncementView:
        """Hand in for approval; rendering starts in the background.

        ``acknowledged``: the kinds of warning that were looked at, kept in its history.
        """
        return await self._writing.submit(person, announcement, acknowledged)

    async def approve(
        self, person: Person, announcement: AnnouncementId, content_hash: str, heard: str | None = None
    ) -> AnnouncementView:
        """403 ``E_SECOND_PERSON`` for the author, 409 ``E_CHANGED`` when the content is not what was seen.

        ``heard`` is the ``wanted`` of the rendering that was listened to: another one by now is 409 too.
        """
        return await self._writing.approve(person, announcement, content_hash, heard)

    async def send_back(self, person: Person, announcement: AnnouncementId, reason: str) -> AnnouncementView:
        """Return it to its author with a reason that says something (``E_REASON``)."""
        return await self._writing.send_back(person, announcement, reason)

    async def withdraw(
        self, person: Person, announcement: AnnouncementId, reason: str = ""
    ) -> AnnouncementView:
        """Take it back: what is planned is cancelled, what sounds of it is stopped.

        422 ``E_REASON`` where it was approved already and no reason is given.
        """
        return await self._withdrawing.withdraw(person, announcement, reason)

    async def correct(self, person: Person, wrong: AnnouncementId) -> AnnouncementView:
        """Begin a correction, or find the one begun. 409 ``E_STATE`` while nobody has heard the wrong one."""
        return await self._correcting.write(person, wrong)

    async def undo(self, person: Person, announcement: AnnouncementId) -> AnnouncementView:
        """One step back by whoever did it (submitted → draft, withdrawn → what it was, approved → submitted).

        409 ``E_STATE`` where a withdrawal has stopped something or a time of it has passed.
        """
        return await self._withdrawing.undo(person, announcement)

    async def render_now(self, person: Person, announcement: AnnouncementId) -> Rendering:
        """Start (or look at) the sound of a draft, so that it can be listened to before approval."""
        return await self._writing.render_now(person, announcement)

    async def preview_emergency(self, person: Person, form: EmergencyForm) -> EmergencyPreview:
        """422 ``E_TARGET_EMPTY``. Words and retraction begin to render; the answer does not wait for them."""
        return await self._alarming.preview(person, form)

    async def look_at_preview(self, person: Person, preview: str) -> EmergencyPreview:
        """The same preview with the reach and the rendering of this moment."""
        return await self._alarming.look(person, preview)

    async def fire(self, person: Person, preview: str, typed_name: str, idempotency_key: str) -> AlertView:
        """Press the button. 422 ``E_TYPED_NAME``, 409 ``E_TARGET_CHANGED``, 409 ``E_IDEMPOTENCY``.

        A wide scope answers with phase ``pending_second`` and sounds nowhere yet.
        """
        return await self._alarming.fire(person, preview, typed_name, idempotency_key)

    async def confirm_second(self, person: Person, alert: AlertId) -> AlertView:
        """The second person of a wide scope. 403 ``E_SECOND_PERSON`` for whoever fired."""
        return await self._alarming.confirm(person, alert)

    async def break_glass(self, person: Person, alert: AlertId, reason: str) -> AlertView:
        """Fire a wide scope alone, with a reason of at least 10 characters; audited for review."""
        return await self._alarming.break_glass(person, alert, reason)

    async def confirm_heard(self, person: Person, alert: str, clip: str) -> None:
        """“Đã nghe, đúng” about the words of a preview or an alert, by somebody who may fire.

        409 ``E_CHANGED`` where they are others by now. Pressed again it changes nothing.
        """
        await self._alarming.confirm_heard(person, alert, clip)

    async def retract(self, person: Person, alert: AlertId, hand: Hand, idempotency_key: str) -> AlertView:
        """Cancel the alert and say so at once with the prepared words; the retraction's own view."""
        return await self._alarming.retract(person, alert, hand, idempotency_key)

    async def stop_all(self, person: Person, area: AreaCode, idempotency_key: str) -> Stopped:
        """End what sounds now in ``area``, the presser's own alerts too; a higher issuer's stays, named."""
        return await self._stopping.stop_all(person, area, idempotency_key)
