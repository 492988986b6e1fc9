"""English is the second language of every page: no page's own words stay Vietnamese."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from controller.access import Role
from controller.deploy.commune_data import AREAS, QUANG_DIEN, SITES
from schedules.area import inside
from schedules.holidays import statutory
from schedules.rulepack import PACKS, rule_pack
from tests.controller.matrix_asks import ask, asked_of, visit
from tests.controller.neighbour_things import SECRET, furnish
from tests.controller.test_rights import routes
from tests.support.doors import Home, play

# Letters that English has not: whatever carries one was said in Vietnamese.
VIETNAMESE = re.compile(
    r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE
)
PEOPLE = (Role.AUTHOR, Role.APPROVER, Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR, Role.VIEWER)


class _Words(HTMLParser):
    """The words of a page, and those that its controls say, but for what is marked as Vietnamese."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        silent = tag in ("script", "style", "textarea") or said.get("lang") == "vi"
        if tag not in ("meta", "link", "input", "br", "img", "hr", "source"):
            self.open.append((tag, silent or self._silent()))
        if not silent and not self._silent():
            self.words += [
                said[name] or "" for name in ("aria-label", "title", "alt", "placeholder") if name in said
            ]

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            if self.open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._silent() and data.strip():
            self.words.append(data.strip())

    def _silent(self) -> bool:
        return bool(self.open) and self.open[-1][1]


def test_no_page_says_its_own_words_in_vietnamese_to_who_asked_for_english(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        things = await furnish(house)
        given = _given(house)
        found: dict[str, set[str]] = {}
        seen = 0
        for role in PEOPLE:
            async with visit(house, role, QUANG_DIEN) as one:
                one.client.cookies.set("loa-lang", "en")
                for route in routes(house.app):
                    if route.method != "GET" or route.path.startswith("/api/"):
                        continue
                    for asked, _ in asked_of(route):
                        answer = await ask(one, route, asked, things)
                        if answer.status_code == 200 and "text/html" in answer.headers["content-type"]:
                            seen += 1
                            assert "<html" not in answer.text or '<html lang="en"' in answer.text, route.path
                            for words in _foreign(answer.text, given):
                                found.setdefault(words, set()).add(route.path)
        assert seen > 50
        assert not found, "\n".join(f"{sorted(where)[:3]}: {words}" for words, where in sorted(found.items()))

    play(tmp_path, story)


def _given(house: Home) -> list[str]:
    """What people and documents are called, and what the people of the test wrote: nobody translates that."""
    places = [a.name for a in AREAS]
    tables = [text for row in statutory().rows for text in (row.name, row.source)]
    packs = [text for name in PACKS for text in (rule_pack(name).name, rule_pack(name).source)]
    written = [SECRET, "từ thành phố", "đã duyệt", "khẩn cấp.", "nói chuyện", "Kính mời họp", "Nhóm", "Buổi"]
    bulletin = [
        "Kính mời bà con đến nhà văn hóa thôn lúc 7h30 ngày 25/11/2026 để họp.",
        "cụm từ kín",
        "Ngày hội",
    ]
    retraction = r"Thông báo đính chính\. .* bà con bỏ qua\."
    named = [*places, *map(inside, places), *(s.place for s in SITES), *(p.name for p in house.cast.values())]
    more = ["Người", "Thôn Một", "Thôn Hai", "(nghỉ bù)", "Công văn số 45/UBND-VHXH, 20/11/2026."]
    texts = [*named, *tables, *packs, *written, *bulletin, *more]
    return [
        *(re.escape(part.strip(" ;")) for text in texts for part in text.split("[?]")),
        retraction,
        "“[^”]*”",
    ]


def _foreign(html: str, given: list[str]) -> Iterator[str]:
    page = _Words()
    page.feed(html)
    for words in page.words:
        rest = words
        for name in sorted(given, key=len, reverse=True):
            rest = re.sub(name, "", rest)
        if VIETNAMESE.search(rest):
            yield words


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>Sent to Xã Quảng Điền</p>", []),
        ("<p>Gửi duyệt</p>", ["Gửi duyệt"]),
        ('<button aria-label="Xóa">x</button>', ["Xóa"]),
        ('<p lang="vi">Tiếng Việt</p><p>ok</p>', []),
        ('<p><span lang="vi">Một</span> Hai lượt</p>', ["Hai lượt"]),
    ],
)
def test_vietnamese_words_are_seen(html: str, found: list[str]) -> None:
    assert list(_foreign(html, ["Xã Quảng Điền"])) == found
