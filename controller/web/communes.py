"""Which commune a page of one commune shows to somebody of the province."""

from controller.web.page import Page
from schedules.area import Level


def communes(page: Page) -> tuple[tuple[str, str], ...]:
    """To choose from, with their names; nothing to choose for somebody of one commune."""
    tree = page.house.tree
    if page.area.level is not Level.PROVINCE:
        return ()
    return tuple((code, tree.area(code).name) for code in tree.children(page.area.code))


def first_commune(page: Page) -> str:
    """The own commune; of a province the first of its communes."""
    found = communes(page)
    return found[0][0] if found else page.person.area
