"""Two people of the province who write and approve, for stories about what comes from above."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.access import Person, Role
from controller.deploy.commune_data import PROVINCE
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.store import people
from schedules.announcement import AnnouncementId, PersonId
from schedules.recurrence import AfterApproval
from tests.support.house import House
from tests.support.virtual_time import wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """The province's own author and approver, in one house."""

    house: House
    author: Person
    approver: Person

    async def say(self, title: str, **changes: Any) -> AnnouncementView:
        """Written by one and approved by the other, for the whole province unless said otherwise."""
        facts: dict[str, Any] = {
            "area": PROVINCE,
            "title": title,
            "text": f"{title}. Kính mời bà con trong toàn thành phố theo dõi và thực hiện.",
            "targets": (PROVINCE,),
            "timing": AfterApproval(),
            "expires_at": (wall() + timedelta(days=2)).replace(microsecond=0),
        }
        loa = self.house.up
        view = await loa.desk.write_announcement(self.author, Draft(**{**facts, **changes}))
        return await self.approve(view.announcement.id)

    async def approve(self, item: AnnouncementId) -> AnnouncementView:
        """Handed in by the author and approved."""
        loa = self.house.up
        await loa.desk.submit(self.author, item)
        seen = await loa.views.announcement(self.approver, item)
        return await loa.desk.approve(self.approver, item, seen.content_hash)

    async def edit(self, item: AnnouncementId, title: str) -> AnnouncementView:
        """Another title: a new revision, which nobody has approved yet."""
        loa = self.house.up
        a = (await loa.views.announcement(self.author, item)).announcement
        draft = Draft(
            area=a.area,
            title=title,
            text=a.text,
            targets=a.targets,
            timing=a.timing,
            expires_at=a.expires_at,
            valid_from=a.valid_from,
            groups=a.groups,
        )
        return await loa.desk.edit_announcement(self.author, item, draft, revision=a.revision)


async def above(house: House) -> Above:
    """Give the province of this house an author and an approver."""
    found = [
        Person(id=PersonId(name), username=name, name=full, role=role, area=PROVINCE)
        for name, full, role in (
            ("viet.hue", "Trương Công Danh", Role.AUTHOR),
            ("ky.hue", "Lý Thanh Tâm", Role.APPROVER),
        )
    ]
    for person in found:
        await house.up.db.write(people.add, person, "no hash", wall())
    return Above(house=house, author=found[0], approver=found[1])
