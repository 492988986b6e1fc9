"""What comes from above in the demo: an ordinary bulletin of the province, in both communes' trays."""

from datetime import datetime, timedelta

from controller.app import Loa
from controller.deploy.commune_data import FROM_ABOVE, PROVINCE
from controller.deploy.demo_house import Cast
from controller.dispatch.forms.items import Draft
from schedules.announcement import AnnouncementId
from schedules.calendar import local
from schedules.reach import Choice
from schedules.recurrence import Once

AUTHOR, APPROVER = "bientap.hue", "pheduyet.hue"
IN_COMMUNES = ("bientap.qd", "bientap.dd")


async def write_from_above(loa: Loa, cast: Cast, dates: dict[str, datetime], now: datetime) -> AnnouncementId:
    """Written and handed in; it asks for tomorrow afternoon, and each commune decides."""
    asked = local(now).replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(days=1)
    draft = Draft(
        area=PROVINCE,
        title=FROM_ABOVE.title,
        text=FROM_ABOVE.text.format(**dates),
        targets=(PROVINCE,),
        timing=Once(at=asked),
        expires_at=now + timedelta(days=7),
        bulletin_class=FROM_ABOVE.bulletin_class,
        repeat=FROM_ABOVE.repeat,
    )
    view = await loa.desk.write_announcement(cast.people[AUTHOR], draft)
    await loa.desk.submit(cast.people[AUTHOR], view.announcement.id)
    return view.announcement.id


async def approve_from_above(loa: Loa, cast: Cast, item: AnnouncementId) -> None:
    """By the other person of the province; from then on it lies in the trays and nowhere else."""
    view = await loa.views.announcement(cast.people[APPROVER], item)
    await loa.desk.approve(cast.people[APPROVER], item, view.content_hash)


async def lies_in_every_tray(loa: Loa, cast: Cast, item: AnnouncementId) -> bool:
    """Whether the staff of each commune finds it there, unanswered."""
    trays = [await loa.tray.items(cast.people[author]) for author in IN_COMMUNES]
    return all(
        any(one.announcement.id == item and one.choice is Choice.OPEN for one in tray) for tray in trays
    )
