"""The demo's data keeps the rules that the demo will hold it to."""

import re
from datetime import timedelta
from string import Formatter

from controller.deploy import commune_data as data
from schedules.announcement import BulletinClass, clean_text, validate
from schedules.area import Level, Tree
from tests.schedules.cast import MONDAY, at, draft
from tts.normalize import normalize

NOW = at(8)
VALUES = {
    "yesterday": MONDAY - timedelta(days=1),
    "today": MONDAY,
    "tomorrow": MONDAY + timedelta(days=1),
    "in_2_days": MONDAY + timedelta(days=2),
    "in_3_days": MONDAY + timedelta(days=3),
    "in_7_days": MONDAY + timedelta(days=7),
    "sunday": MONDAY + timedelta(days=6),
    "now": (NOW + timedelta(hours=7)).time(),
    "in_1_hour": (NOW + timedelta(hours=8)).time(),
}
TEXTS = (
    *(bulletin.text for bulletin in data.BULLETINS),
    data.FROM_ABOVE.text,
    data.FLOOD.text,
    data.FLOOD.retraction,
    data.FLOOD.all_clear,
    *(line for lines in data.SESSION_LINES for line in (lines.opening, lines.closing)),
)


def test_the_areas_are_one_tree_of_four_levels() -> None:
    tree = Tree(data.AREAS)
    assert tree.villages(data.PROVINCE) == tree.villages(data.NATION)
    for commune in data.COMMUNES:
        assert tree.chain(commune) == ("vn", "46", commune)
        assert [code.split("-") for code in tree.villages(commune)] == [
            [commune, f"{n:02d}"] for n in range(1, 5)
        ]


def test_every_commune_has_fifteen_nodes_of_its_own_near_their_village() -> None:
    tree = Tree(data.AREAS)
    assert len({site.node for site in data.SITES}) == len(data.SITES) == 30
    assert len({(site.village, site.place) for site in data.SITES}) == 30
    for commune in data.COMMUNES:
        assert sum(tree.descends(site.village, commune) for site in data.SITES) == 15
    for site in data.SITES:
        village = tree.area(site.village)
        assert village.level is Level.VILLAGE
        assert village.latitude is not None
        assert village.longitude is not None
        assert abs(village.latitude - site.latitude) < 0.01
        assert abs(village.longitude - site.longitude) < 0.01


def test_the_cast_has_each_role_and_no_password() -> None:
    tree = Tree(data.AREAS)
    roles = {account.role for account in data.ACCOUNTS}
    assert roles == {"author", "approver", "operator", "technician", "viewer", "administrator"}
    assert all(account.area in tree for account in data.ACCOUNTS)
    assert not hasattr(data.ACCOUNTS[0], "password")


def test_every_placeholder_is_documented_and_used_with_a_format() -> None:
    assert set(VALUES) == set(data.PLACEHOLDERS)
    for text in TEXTS:
        for _, name, form, _ in Formatter().parse(text):
            assert name is None or (name in data.PLACEHOLDERS and form)


def test_every_bulletin_is_valid_and_short() -> None:
    assert len(data.BULLETINS) >= 14
    assert len({bulletin.kind for bulletin in data.BULLETINS}) == len(data.BULLETINS)
    assert BulletinClass.EMERGENCY not in {bulletin.bulletin_class for bulletin in data.BULLETINS}
    for bulletin in data.BULLETINS:
        item = draft(
            title=bulletin.title,
            text=bulletin.text.format(**VALUES),
            repeat=bulletin.repeat,
            bulletin_class=bulletin.bulletin_class,
            targets=(bulletin.commune,),
        )
        assert not validate(item, NOW)


def test_every_text_is_clean_and_a_few_sentences() -> None:
    for text in TEXTS:
        said = text.format(**VALUES)
        assert clean_text(said) == said
        assert "{" not in said
        assert 2 <= len(re.findall(r"[.!?](?:\s|$)", said)) <= 3
        assert 12 <= len(normalize(said).spoken.split()) <= 45
