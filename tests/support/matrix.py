"""What each route is asked in the matrix of isolation: one entry a route, aimed at things of commune A.

A route without an entry fails ``test_isolation``: whoever adds one says here how it could be aimed at a
neighbour. ``hidden``: the request names something of commune A, so that nobody of commune B may learn even
whether it exists. ``Blind`` asks only what the visitor's own place gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.doors import LOCAL_OPERATOR

DATE = "2026-11-23"
EXPIRES = "2026-11-25T10:00:00Z"
REASON = "Xin ghi rõ giờ họp ở nhà văn hóa."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request; ``{name}`` in any string is filled from the things of commune A."""

    query: str = ""
    json: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    content: bytes | None = None
    kind: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that one route is asked. ``alone``: why it is not asked here; another test names it."""

    asks: tuple[Ask, ...] = (Ask(),)
    alone: str = ""
    last: bool = False
    by: str = ""
    """Whoever alone may, of the fixed cast: what one person looked at is fired by that person."""


def _get(*queries: str) -> Case:
    """Once as it stands, and once with each of these queries, which aim at commune A."""
    return Case(asks=(Ask(), *(Ask(query=query, hidden=True) for query in queries)))


def _json(body: Mapping[str, Any] | None = None, *, hidden: bool = True, last: bool = False) -> Case:
    return Case(asks=(Ask(json=body, hidden=hidden),), last=last)


def _form(fields: Mapping[str, Any] | None = None, *, hidden: bool = True, last: bool = False) -> Case:
    return Case(asks=(Ask(form=fields or {}, hidden=hidden),), last=last)


DRAFT = {
    "area": "{area}",
    "title": "Họp thôn",
    "text": "Kính mời bà con đến nhà văn hóa thôn để họp.",
    "targets": ["{village}"],
    "timing": {"kind": "after_approval"},
    "expires_at": EXPIRES,
}
EMERGENCY = {"area": "{area}", "targets": ["{village}"], "hazard": "flood", "level": 2, "text": "Nước lên."}
LINE: dict[str, Any] = {"area": "{area}", "written": "UBND", "reading": "ủy ban nhân dân"}
PLAN = {"name": "Buổi tối", "start": "19:00", "day": ["0"], "days": ["0"], "cap": "15", "seen": "1"}
WRITE = {
    "area": "{area}",
    "title": "Họp thôn",
    "text": "Kính mời bà con đến họp.",
    "seen": "{seen}",
    "do": "save",
}
AIDED = {"item": "{announcement}", "title": "Họp", "text": "Họp ở {word}."}
GROUP = {"seen": "1", "name": "Loa mới", "add": ["{node}"]}
SOURCE = {"area": "{area}", "seen": "0"}
SPEAK = {
    "kind": "live",
    "title": "Nói chuyện",
    "bulletin_class": "normal",
    "minutes": "5",
    "delay": "0",
    "where": "some",
    "targets": "{village}",
}
ORDER = {
    "a_item": "{announcement}",
    "a_at": "2026-11-24T02:00:00+00:00",
    "b_item": "{bulletin}",
    "b_at": "2026-11-24T02:00:00+00:00",
}
NO_ROWS = Ask(query="?canh-bao={alert}")
"""A filter: for an alert of others it gives the same empty list as for one that never was."""
RECORDING = Ask(query="?name=a.wav", content=b"RIFF", headers={"If-Match": "{tag}"}, hidden=True)
PART = b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n--x--\r\n'
TOKEN = "multipart/form-data; boundary=x"

CASES: dict[str, Case] = {
    "POST /api/sessions": Case(alone="a login of its own: test_web_logins"),
    "DELETE /api/sessions": Case(alone="it ends the asker's own login"),
    "POST /dang-xuat": Case(alone="it ends the asker's own login"),
    "GET /su-kien": Case(alone="the stream never ends: asked below"),
    "GET /api/me": _get(),
    "GET /api/announcements": _get(),
    "POST /api/announcements": _json(DRAFT),
    "GET /api/announcements/{announcement}": _get(),
    "PUT /api/announcements/{announcement}": _json(DRAFT),
    "POST /api/announcements/{announcement}/submit": _json(),
    "POST /api/announcements/{announcement}/approve": _json({"content_hash": "0" * 64}),
    "POST /api/announcements/{announcement}/send-back": _json({"reason": REASON}),
    "POST /api/announcements/{announcement}/withdraw": _json({"reason": REASON}, last=True),
    "POST /api/announcements/{announcement}/correct": _json(),
    "POST /api/announcements/{announcement}/undo": _json(),
    "POST /api/announcements/{announcement}/render": _json(),
    "GET /api/announcements/{announcement}/clip": _get(),
    "POST /api/announcements/{announcement}/recording": Case(asks=(RECORDING,)),
    "PUT /api/announcements/{announcement}/recording": _json({"recording": "{recording}"}),
    "GET /api/announcements/{announcement}/recording": _get(),
    "GET /api/announcements/{announcement}/recording/original": _get(),
    "POST /api/emergencies/preview": _json(EMERGENCY),
    "GET /api/emergencies/previews/{preview}": _get(),
    "POST /api/emergencies": Case(
        asks=(Ask(json={"preview": "{preview}", "typed_name": "An Gia"}, hidden=True),), by=LOCAL_OPERATOR
    ),
    "POST /api/emergencies/{alert}/confirm": _json(),
    "POST /api/emergencies/{alert}/words-heard": _json({"clip": "0" * 64}),
    "POST /api/emergencies/{alert}/break-glass": _json({"reason": REASON}),
    "POST /api/emergencies/{alert}/retract": _json({"hand": "all_clear"}, last=True),
    "GET /api/alerts": _get(),
    "GET /api/alerts/{alert}": _get(),
    "POST /api/stop": _json({"area": "{area}"}, last=True),
    "GET /api/lexicon": _get("?area={area}"),
    "GET /api/lexicon/table": _get("?area={area}"),
    "POST /api/lexicon/try": _json({"area": "{area}", "text": "Họp ở {word}."}),
    "POST /api/lexicon/entries": _json(LINE),
    "PUT /api/lexicon/entries": _json({**LINE, "was": "{word}", "revision": 1}),
    "DELETE /api/lexicon/entries": _json({"area": "{area}", "written": "{word}"}, last=True),
    "POST /api/lexicon/table": _json({"area": "{area}", "table": "HTX\thợp tác xã\n"}),
    "PUT /api/lexicon/region": _json({"area": "{area}", "region": "centre"}),
    "POST /api/lexicon/undo": _json({"area": "{area}", "deed": "{lexicon_deed}"}, last=True),
    "GET /api/groups": Case(asks=(Ask(), Ask(query="?q={group_name}"))),
    "POST /api/groups": _json({"area": "{area}", "name": "Nhóm khác", "nodes": ["{node}"]}),
    "GET /api/groups/{group}": _get(),
    "PUT /api/groups/{group}": _json({"name": "Tên khác"}),
    "POST /api/groups/{group}/nodes": _json({"add": ["{node}"]}),
    "DELETE /api/groups/{group}": _json(last=True),
    "POST /api/groups/{group}/undo": _json(last=True),
    "GET /api/day": Case(
        asks=(Ask(query=f"?date={DATE}"), Ask(query=f"?date={DATE}&area={{area}}", hidden=True))
    ),
    "GET /api/programme": Case(
        asks=(Ask(query=f"?date={DATE}"), Ask(query="?date=2026-11-24&area={area}", hidden=True))
    ),
    "GET /api/deliveries": Case(
        asks=(Ask(), Ask(query="?alert={alert}"), Ask(query="?alert={alert}&area={area}", hidden=True))
    ),
    "GET /api/nodes": _get("?area={area}", "?area={village}"),
    "GET /api/audit/verify": _get(),
    "GET /api/openapi.json": _get(),
    "GET /clips/{sha256}": Case(alone="public by design: a clip is named by the hash of its own content"),
    "HEAD /clips/{sha256}": Case(alone="public by design: a clip is named by the hash of its own content"),
    "GET /healthz": _get(),
    "GET /metrics": _get(),
    "GET /dang-nhap": _get(),
    "POST /dang-nhap": Case(alone="a login of its own: test_web_logins"),
    "POST /ngon-ngu": _form({"lang": "vi", "next": "/bai/{announcement}"}, hidden=False),
    "GET /": _get(),
    "POST /viet-bai/ban-thu": Case(alone="a multipart stream that makes a bài of the visitor's own place"),
    "POST /viet-bai/{announcement}/ban-thu": Case(asks=(Ask(content=PART, kind=TOKEN, hidden=True),)),
    "POST /viet-bai/{announcement}/ban-thu/bo": _form({"seen": "{seen}"}),
    "POST /viet-bai/{announcement}/ban-thu/lai": _form({"seen": "{seen}", "recording": "{recording}"}),
    "GET /bai/{announcement}/ban-thu": _get(),
    "GET /bai/{announcement}/ban-thu/xem": _get(),
    "GET /bai/{announcement}/tieng-khac": _get(),
    "POST /bai/{announcement}/tieng-khac": Case(asks=(Ask(content=PART, kind=TOKEN, hidden=True),)),
    "POST /bai/{announcement}/tieng-khac/xac-nhan": _form({"language": "hmn", "seen": "0" * 64}),
    "POST /bai/{announcement}/tieng-khac/thu-hoi": _form({"language": "hmn"}),
    "POST /bai/{announcement}/tieng-khac/bo": _form({"language": "hmn", "seen": "{seen}"}),
    "POST /bai/{announcement}/tieng-khac/lai": _form(
        {"language": "hmn", "seen": "{seen}", "recording": "{recording}"}
    ),
    "GET /bai/{announcement}/tieng-khac/ban-thu": _get("?tieng=hmn"),
    "GET /viet-bai": _get(),
    "POST /viet-bai": _form(WRITE, hidden=False),
    "POST /viet-bai/cach-doc": _form({"text": "Họp ở {word}.", "area": "{area}"}),
    "POST /viet-bai/soat": _form(AIDED),
    "POST /viet-bai/rut-gon": _form(AIDED),
    "POST /viet-bai/chon-ban": _form({**AIDED, "proposal": "Họp.", "do": "take"}),
    "GET /viet-bai/{announcement}": _get(),
    "POST /viet-bai/{announcement}": _form(WRITE),
    "GET /viet-bai/{announcement}/phat": _get(),
    "POST /viet-bai/{announcement}/phat": _form(WRITE),
    "GET /viet-bai/{announcement}/gui": _get(),
    "POST /viet-bai/{announcement}/gui": _form({"seen": "{seen}"}),
    "GET /tu-dien": _get("?noi={area}"),
    "POST /tu-dien": _form({**LINE, "do": "save", "key": "k"}),
    "POST /tu-dien/thu": _form({**LINE, "sentence": "Họp ở {word}."}),
    "POST /tu-dien/bo": _form({"area": "{area}", "written": "{word}", "key": "k"}, last=True),
    "POST /tu-dien/hoan-tac": _form({"area": "{area}", "deed": "{lexicon_deed}", "key": "k"}, last=True),
    "POST /tu-dien/vung": _form({"area": "{area}", "region": "centre", "key": "k"}),
    "POST /tu-dien/nhap": _form({"area": "{area}", "table": "HTX\thợp tác xã\n", "do": "check"}),
    "GET /tu-dien.tsv": _get("?noi={area}"),
    "GET /bai/{announcement}": _get(),
    "GET /bai/{announcement}/tieng": _get(),
    "GET /bai/{announcement}/cot-loa": _get(),
    "GET /bai/{announcement}/cau-dau": _get(),
    "POST /bai/{announcement}/hoan-tac": _form(),
    "POST /bai/{announcement}/rut": _form({"reason": REASON}, last=True),
    "POST /bai/{announcement}/dinh-chinh": _form(),
    "GET /duyet": _get(),
    "GET /duyet/{announcement}": _get(),
    "POST /duyet/{announcement}": _form({"content_hash": "0" * 64}),
    "POST /duyet/{announcement}/tra-lai": _form({"reason": REASON}, last=True),
    "GET /khan-cap": _get("?sua={preview}"),
    "POST /khan-cap/xem-truoc": _form(
        {"hazard": "flood", "level": "2", "where": "some", "targets": "{village}", "text": "Nước lên."},
        hidden=False,
    ),
    "GET /khan-cap/xem-truoc/{preview}": _get(),
    "GET /khan-cap/xem-truoc/{preview}/tieng": _get(),
    "GET /khan-cap/xem-truoc/{preview}/cot-loa": _get(),
    "GET /khan-cap/xem-truoc/{preview}/cau-dau": _get(),
    "POST /khan-cap/xem-truoc/{preview}/da-nghe": _form({"clip": "0" * 64}),
    "POST /khan-cap/phat": Case(
        asks=(Ask(form={"preview": "{preview}", "typed_name": "An Gia", "key": "k"}, hidden=True),),
        by=LOCAL_OPERATOR,
    ),
    "GET /dung-tat-ca": _get(),
    "POST /dung-tat-ca": _form({"key": "matrix-stop"}, hidden=False, last=True),
    "GET /canh-bao/{alert}": _get(),
    "GET /canh-bao/{alert}/tieng": _get(),
    "GET /canh-bao/{alert}/cot-loa": _get(),
    "GET /canh-bao/{alert}/cau-dau": _get(),
    "POST /canh-bao/{alert}/da-nghe": _form({"clip": "0" * 64}),
    "POST /canh-bao/{alert}/dong-y": _form(),
    "POST /canh-bao/{alert}/pha-kinh": _form({"reason": REASON}),
    "POST /canh-bao/{alert}/thu-hoi": _form({"hand": "all_clear", "key": "k"}, last=True),
    "POST /uu-tien": _form({"first": "a", **ORDER}),
    "GET /hop-tin": _get(),
    "GET /hop-tin/{bulletin}": _get(),
    "GET /hop-tin/{bulletin}/tieng": _get(),
    "GET /hop-tin/{bulletin}/cot-loa": _get(),
    "GET /hop-tin/{bulletin}/cau-dau": _get(),
    "POST /hop-tin/{bulletin}/nhan": _form({"when": "asked", "seen": "0", "key": "k"}),
    "POST /hop-tin/{bulletin}/tu-choi": _form({"reason": REASON, "seen": "0", "key": "k2"}),
    "POST /hop-tin/{bulletin}/hoan-tac": _form({"seen": "0", "key": "k3"}, last=True),
    "GET /lich-tuan": _get("?noi={area}", "?tuan={date}&noi={village}"),
    "GET /lich-tuan.ics": _get("?noi={area}"),
    "GET /lich/{secret}.ics": Case(alone="public by its secret: test_web_feed"),
    "POST /lich-tuan/dia-chi": _form({"noi": "{area}", "seen": "0", "do": "renew"}),
    "GET /lich-ngay": _get(),
    "GET /lich-tuan/nghe": _get("?noi={village}"),
    "GET /bai/{announcement}/luot-phat": _get(),
    "POST /bai/{announcement}/luot-phat": _form({"do": "skip", "day": "{date}"}),
    "GET /bai/{announcement}/luot-phat/{date}": _get("?ngay={date}&gio=10:00"),
    "POST /bai/{announcement}/luot-phat/{date}": _form({"do": "move", "ngay": "{date}", "gio": "10:00"}),
    "GET /buoi-phat/moi": _get(),
    "POST /buoi-phat": _form({**PLAN, "area": "{area}", "key": "k"}, hidden=False),
    "POST /buoi-phat/tu-mau": _form({"mau": "ram", "key": "k"}, hidden=False),
    "GET /buoi-phat/{session}": _get(),
    "POST /buoi-phat/{session}": _form(PLAN),
    "GET /buoi-phat/{session}/ngay/{date}": _get(),
    "POST /buoi-phat/{session}/ngay/{date}": _form({"do": "skip", "seen": "1"}),
    "POST /buoi-phat/{session}/bo": _form({"seen": "1"}, last=True),
    "POST /buoi-phat/{session}/hoan-tac": _form({"seen": "1"}, last=True),
    "GET /quy-dinh": _get("?noi={area}"),
    "POST /quy-dinh/bo": _form({"noi": "{area}", "pack": "default", "seen": "0"}),
    "POST /quy-dinh/hoan-tac": _form({"viec": "{rule}", "seen": "1"}, last=True),
    "GET /quy-dinh/dip/moi": _get("?loai=su-kien&noi={area}"),
    "POST /quy-dinh/dip": _form(
        {
            "noi": "{area}",
            "kind": "quoc-tang",
            "name": "Tang",
            "document": "1/TB",
            "first": DATE,
            "last": DATE,
        }
    ),
    "POST /quy-dinh/dip/het": _form({"viec": "{rule}", "seen": "1"}),
    "GET /tieng-cum-loa": _get("?noi={area}"),
    "POST /tieng-cum-loa/luu": _form({"noi": "{area}", "seen": "0", "cum": "{node}", "mot": "vi"}),
    "POST /tieng-cum-loa/hoan-tac": _form({"noi": "{area}"}),
    "GET /khu-vuc-loa": _get("?noi={area}"),
    "POST /khu-vuc-loa/luu": _form({"noi": "{area}", "seen": "0"}),
    "GET /ngay-nghi": _get(),
    "POST /ngay-nghi": Case(alone="the whole house's table, for the province alone: test_web_rules"),
    "POST /ngay-nghi/bo": Case(alone="the whole house's table, for the province alone: test_web_rules"),
    "GET /nguon-tiep-am": _get("?noi={area}"),
    "POST /nguon-tiep-am": _form({**SOURCE, "name": "VOV", "url": "https://vov.vn/a"}),
    "POST /nguon-tiep-am/thu-tu": _form({**SOURCE, "do": "up-0"}),
    "POST /nguon-tiep-am/hoan-tac": _form(SOURCE),
    "POST /nguon-tiep-am/nhac-nen": _form({**SOURCE, "item": ""}),
    "POST /nguon-tiep-am/thu": _form(SOURCE),
    "GET /nguon-tiep-am/ban-thu/{tape}": _get(),
    "POST /nguon-tiep-am/ban-thu/{tape}": _form({"do": "drop"}),
    "GET /truc-tiep": _get(),
    "POST /truc-tiep/xem-truoc": _form({**SPEAK, "key": "k"}, hidden=False),
    "POST /truc-tiep/bat-dau": _form({**SPEAK, "key": "k"}, hidden=False),
    "GET /truc-tiep/{broadcast}": _get(),
    "POST /truc-tiep/{broadcast}/ket-thuc": _form(last=True),
    "SOCKET /truc-tiep/{broadcast}/micro": Case(alone="a socket: test_live_socket"),
    "GET /cum-loa": _get(),
    "GET /mau-thiet-ke": _get(),
    "GET /nhom-loa": _get(),
    "POST /nhom-loa": _form({"name": "Nhóm khác", "key": "k"}, hidden=False),
    "GET /nhom-loa/{group}": _get(),
    "POST /nhom-loa/{group}/ten": _form({**GROUP, "key": "k1"}),
    "POST /nhom-loa/{group}/cum-loa": _form({**GROUP, "key": "k2"}),
    "POST /nhom-loa/{group}/xoa": _form({"seen": "1", "key": "k3"}, last=True),
    "POST /nhom-loa/{group}/hoan-tac": _form({"seen": "1", "key": "k4"}, last=True),
    "GET /nhat-ky": Case(
        asks=(Ask(query="?noi={area}", hidden=True), Ask(query="?noi={village}", hidden=True), NO_ROWS)
    ),
    "GET /nhat-ky.csv": Case(asks=(Ask(query="?noi={area}", hidden=True), NO_ROWS)),
    "GET /static/{name:path}": Case(alone="public: style sheets and scripts"),
    "GET /favicon.ico": _get(),
}
