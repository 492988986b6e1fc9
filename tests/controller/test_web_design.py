"""The living page of the design language shows what the style sheet and the tables of states really hold."""

import re
from importlib import resources
from pathlib import Path

import httpx

from controller.web.design import colours, components
from controller.web.looks import ITEMS, NODES, OPEN, PHASES
from controller.web.words import words
from tests.support.doors import ADMINISTRATOR, AUTHOR, TECHNICIAN, Home, door, play

STYLE = resources.files("controller.web").joinpath("static/loa.css").read_text(encoding="utf-8")
SHEET = resources.files("controller.web").joinpath("static/design.css").read_text(encoding="utf-8")


def classes(html: str) -> frozenset[str]:
    return frozenset(name for found in re.findall(r'class="([^"]*)"', html) for name in found.split())


def opened(tmp_path: Path, username: str, language: str = "vi") -> httpx.Response:
    seen: list[httpx.Response] = []

    async def story(house: Home) -> None:
        async with door(house, username) as client:
            client.cookies.set("loa-lang", language)
            seen.append(await client.get("/mau-thiet-ke"))

    play(tmp_path, story)
    return seen[0]


def test_every_component_that_the_style_sheet_names_stands_on_the_page_and_has_a_rule(tmp_path: Path) -> None:
    page = opened(tmp_path, ADMINISTRATOR)
    assert page.status_code == 200
    named = components()
    assert len(named) > 20
    assert named - classes(page.text) == set()
    assert {name for name in named if not re.search(rf"\.{name}\b[^{{;]*{{", STYLE)} == set()


def test_every_colour_is_shown_with_its_value_by_day_and_by_night(tmp_path: Path) -> None:
    page = opened(tmp_path, TECHNICIAN)
    root = STYLE[STYLE.index(":root {") : STYLE.index("}", STYLE.index(":root {"))]
    assert len(colours()) == len(re.findall(r"--[a-z-]+: #", root))
    for colour in colours():
        assert f"{colour.day} · {colour.night}" in page.text
        assert f".palette .of-{colour.name} {{ --shown: var(--{colour.name}); }}" in SHEET


def test_every_state_has_its_shape_and_its_word(tmp_path: Path) -> None:
    page = opened(tmp_path, TECHNICIAN)
    t = words("vi")
    shown = dict(re.findall(r'data-shape="(.)">([^<]+)<', page.text))
    for _, shape in (*ITEMS.values(), *NODES.values(), *PHASES.values(), *OPEN.values()):
        assert shape in shown
    for key in (
        *(f"health.{health}" for health in NODES),
        *(f"state.{state.value}" for state in ITEMS),
        *(f"phase.{phase.value}" for phase in PHASES),
        *(f"verdict.{name}" for name in ("missed", "refused", "partial", "expired", "cancelled")),
    ):
        assert f">{t(key)}<" in page.text, key


def test_it_speaks_english_and_is_for_those_who_look_after_the_system(tmp_path: Path) -> None:
    assert "Design language" in opened(tmp_path / "en", TECHNICIAN, "en").text
    assert opened(tmp_path / "author", AUTHOR).status_code == 403
