"""The demo's two communes: real places, the fixed cast and bulletins of our own, as plain data.

Texts carry placeholders of `str.format`; the demo fills them with local dates and times of Huế:
`yesterday`, `today`, `tomorrow`, `in_2_days`, `in_3_days`, `in_7_days` and `sunday` (the next one after
today) are dates; `now` and `in_1_hour` are local times of day. Each carries its own format
(`{tomorrow:%d/%m}`), so `text.format(**values)` is all there is to do. Names of persons are invented.
"""

from dataclasses import dataclass

from schedules.announcement import AreaCode, BulletinClass
from schedules.area import Area, Level
from schedules.emergency import Hazard

TENANT = "vn-46"
NATION = AreaCode("vn")
PROVINCE = AreaCode("46")
QUANG_DIEN = AreaCode("19867")
DAN_DIEN = AreaCode("19885")
COMMUNES = (QUANG_DIEN, DAN_DIEN)

PLACEHOLDERS = (
    "yesterday",
    "today",
    "tomorrow",
    "in_2_days",
    "in_3_days",
    "in_7_days",
    "sunday",
    "now",
    "in_1_hour",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one node hangs."""

    node: str
    village: AreaCode
    place: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One of the fixed cast; `role` is a value of DOMAIN.md 2, the password is the demo's matter."""

    username: str
    full_name: str
    role: str
    area: AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One announcement to be written, approved and heard in its commune."""

    kind: str
    commune: AreaCode
    bulletin_class: BulletinClass
    repeat: int
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """The flood of the demo: what is said, what takes it back and what ends it."""

    hazard: Hazard
    level: int
    area: AreaCode
    place: str
    title: str
    text: str
    retraction: str
    all_clear: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLines:
    """What a commune's session is called and says first and last."""

    commune: AreaCode
    name: str
    opening: str
    closing: str


AREAS = tuple(
    Area(
        code=AreaCode(code),
        parent=AreaCode(parent) if parent else None,
        level=level,
        name=name,
        population=people,
        latitude=latitude,
        longitude=longitude,
    )
    for code, parent, level, name, people, latitude, longitude in (
        ("vn", None, Level.NATION, "Việt Nam", 101_300_000, 16.0, 107.5),
        ("46", "vn", Level.PROVINCE, "Thành phố Huế", 1_432_986, 16.4637, 107.5909),
        ("19867", "46", Level.COMMUNE, "Xã Quảng Điền", 36_900, 16.5697, 107.533),
        ("19885", "46", Level.COMMUNE, "Xã Đan Điền", 34_200, 16.6304, 107.438),
        ("19867-01", "19867", Level.VILLAGE, "Thôn An Gia", 2_140, 16.5748, 107.5093),
        ("19867-02", "19867", Level.VILLAGE, "Thôn Khuông Phò", 2_685, 16.5812, 107.5217),
        ("19867-03", "19867", Level.VILLAGE, "Thôn Thủ Lễ", 1_930, 16.5689, 107.5301),
        ("19867-04", "19867", Level.VILLAGE, "Thôn Niêm Phò", 2_270, 16.5436, 107.5268),
        ("19885-01", "19885", Level.VILLAGE, "Thôn Bác Vọng Đông", 1_480, 16.5702, 107.4921),
        ("19885-02", "19885", Level.VILLAGE, "Thôn Hạ Lang", 1_365, 16.5631, 107.4806),
        ("19885-03", "19885", Level.VILLAGE, "Thôn Bao La", 1_720, 16.5668, 107.4663),
        ("19885-04", "19885", Level.VILLAGE, "Thôn Ngư Mỹ Thạnh", 1_110, 16.6297, 107.4502),
    )
)

SITES = tuple(
    Site(node=node, village=AreaCode(village), place=place, latitude=latitude, longitude=longitude)
    for node, village, place, latitude, longitude in (
        ("n-da23f0cb", "19867-01", "Cột đình làng An Gia", 16.57339, 107.50651),
        ("n-c2230783", "19867-01", "Chợ Sịa", 16.57601, 107.50588),
        ("n-11d55f4d", "19867-01", "Trạm y tế xã", 16.57509, 107.50823),
        ("n-0d1bb9d0", "19867-01", "Cổng trường tiểu học Sịa", 16.57126, 107.50936),
        ("n-bee07a6c", "19867-02", "Cột đình làng Khuông Phò", 16.5775, 107.52117),
        ("n-1ffbeb34", "19867-02", "Nhà văn hóa thôn Khuông Phò", 16.57776, 107.51843),
        ("n-166c1bf9", "19867-02", "Ngã ba cống Quan", 16.5806, 107.52431),
        ("n-fcb11bd2", "19867-02", "Sân hợp tác xã Khuông Phò", 16.57819, 107.51949),
        ("n-7798e188", "19867-03", "Cột đình làng Thủ Lễ", 16.56992, 107.53368),
        ("n-02061fed", "19867-03", "Nhà văn hóa thôn Thủ Lễ", 16.56952, 107.52927),
        ("n-cf90bc1a", "19867-03", "Đầu cầu Thủ Lễ", 16.57271, 107.52647),
        ("n-c892b4d7", "19867-03", "Xóm Chùa", 16.57177, 107.52842),
        ("n-ffdccfde", "19867-04", "Cột đình làng Niêm Phò", 16.54075, 107.52374),
        ("n-a2d4bf90", "19867-04", "Bến đò sông Bồ", 16.54207, 107.52933),
        ("n-5ec9b24c", "19867-04", "Nhà văn hóa thôn Niêm Phò", 16.54105, 107.52745),
        ("n-fb0b3138", "19885-01", "Cột đình làng Bác Vọng Đông", 16.57131, 107.49108),
        ("n-e296174f", "19885-01", "Chợ Bác Vọng", 16.57058, 107.4886),
        ("n-5e0e796a", "19885-01", "Nhà văn hóa thôn Bác Vọng Đông", 16.56668, 107.48975),
        ("n-26e35790", "19885-01", "Cổng ủy ban xã", 16.57164, 107.49152),
        ("n-7c5a97fa", "19885-02", "Cột đình làng Hạ Lang", 16.56161, 107.48128),
        ("n-75c39040", "19885-02", "Nhà văn hóa thôn Hạ Lang", 16.56273, 107.479),
        ("n-dfa2fc5f", "19885-02", "Ngã tư xóm Giữa", 16.56546, 107.48219),
        ("n-6d34b350", "19885-02", "Trạm bơm Hạ Lang", 16.56105, 107.4812),
        ("n-f723a379", "19885-03", "Cột đình làng Bao La", 16.567, 107.4693),
        ("n-88ba37c2", "19885-03", "Làng nghề mây tre Bao La", 16.56864, 107.4646),
        ("n-8f5de2b1", "19885-03", "Nhà văn hóa thôn Bao La", 16.57064, 107.46324),
        ("n-54e8719b", "19885-03", "Cổng trường trung học cơ sở", 16.56614, 107.46836),
        ("n-6e06cca7", "19885-04", "Bến thuyền Ngư Mỹ Thạnh", 16.62692, 107.45011),
        ("n-e41dc084", "19885-04", "Nhà văn hóa thôn Ngư Mỹ Thạnh", 16.62601, 107.45155),
        ("n-c4afa1af", "19885-04", "Nhà thờ Ngư Mỹ Thạnh", 16.63182, 107.45078),
    )
)

ACCOUNTS = tuple(
    Account(username=username, full_name=full_name, role=role, area=AreaCode(area))
    for username, full_name, role, area in (
        ("bientap.qd", "Nguyễn Thị Hồng Vân", "author", "19867"),
        ("pheduyet.qd", "Trần Đình Quang", "approver", "19867"),
        ("bientap.dd", "Hồ Văn Tịnh", "author", "19885"),
        ("pheduyet.dd", "Phan Thị Mỹ Lệ", "approver", "19885"),
        ("bientap.hue", "Tôn Nữ Minh Châu", "author", "46"),
        ("pheduyet.hue", "Phạm Văn Thành", "approver", "46"),
        ("truc.hue", "Lê Quốc Bảo", "operator", "46"),
        ("chihuy.hue", "Hoàng Thị Thu Hà", "operator", "46"),
        ("kythuat.hue", "Đặng Hữu Phước", "technician", "46"),
        ("lanhdao.hue", "Nguyễn Khoa Diệu Anh", "viewer", "46"),
        ("quantri.hue", "Võ Minh Trí", "administrator", "46"),
    )
)

BULLETINS = (
    Bulletin(
        kind="vaccination",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tiêm vắc-xin sởi",
        text="TYT xã Quảng Điền tiêm vắc-xin sởi cho trẻ từ 9 tháng đến 5 tuổi lúc "
        "07:30 ngày {tomorrow:%d/%m}. "
        "Phụ huynh mang theo sổ tiêm và thẻ BHYT.",
    ),
    Bulletin(
        kind="power_cut",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tạm ngừng cấp điện thôn An Gia",
        text="Điện lực tạm cắt điện thôn An Gia từ 06:30 đến 11:00 ngày "
        "{in_2_days:%d/%m} để sửa đường dây 22 kV. "
        "Bà con nhớ rút phích cắm.",
    ),
    Bulletin(
        kind="sowing",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Lịch xuống giống vụ đông xuân",
        text="HTX Khuông Phò gieo sạ 120 ha lúa đông xuân từ ngày {in_3_days:%d/%m}. "
        "Bà con ngâm giống trước 2 ngày, mỗi sào gieo 4 kg.",
    ),
    Bulletin(
        kind="enrolment",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tuyển sinh lớp 1",
        text="Trường Tiểu học Sịa nhận hồ sơ vào lớp 1 đến hết ngày {in_7_days:%d/%m}. "
        "Hồ sơ gồm đơn xin học và bản sao giấy khai sinh, nộp từ 08:00 đến 10:30.",
    ),
    Bulletin(
        kind="lost_ox",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tìm bò lạc ở thôn Thủ Lễ",
        text="Nhà ông Bảy ở thôn Thủ Lễ lạc con bò vàng khoảng 180 kg, tai đeo thẻ số 27, "
        "từ 17:00 ngày {yesterday:%d/%m}. Ai thấy xin báo đ/c trưởng thôn.",
    ),
    Bulletin(
        kind="water_cut",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tạm ngừng cấp nước thôn Niêm Phò",
        text="Nhà máy nước tạm ngừng cấp nước thôn Niêm Phò từ 08:00 đến 16:30 ngày "
        "{tomorrow:%d/%m} để thay 350 m đường ống. "
        "Mời bà con trữ nước dùng.",
    ),
    Bulletin(
        kind="clean_up",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Ngày Chủ nhật xanh",
        text="Ngày Chủ nhật xanh {sunday:%d/%m}, thôn Khuông Phò dọn 3 km đường làng từ 06:00 đến 07:30. "
        "Mời mỗi hộ 1 người, mang theo cuốc và chổi.",
    ),
    Bulletin(
        kind="power_support",
        commune=QUANG_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Hỗ trợ tiền điện hộ nghèo",
        text="Hộ nghèo được hỗ trợ tiền điện bằng 30 kWh mỗi tháng. "
        "Đ/c trưởng thôn gửi danh sách về UBND xã trước 17:00 ngày {in_3_days:%d/%m}.",
    ),
    Bulletin(
        kind="hydropower_release",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.PRIORITY,
        repeat=2,
        title="Thủy điện Hương Điền điều tiết nước",
        text="Thủy điện Hương Điền xả nước từ 14:00 ngày {today:%d/%m}, lưu lượng 300 m³/s. "
        "Bà con không qua lại, không vớt củi trên sông Bồ.",
    ),
    Bulletin(
        kind="storm",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.PRIORITY,
        repeat=2,
        title="Tin bão số 13",
        text="Bão số 13 cách bờ biển Huế 250 km, gió giật cấp 11. "
        "Tàu thuyền vào bờ trước 18:00 ngày {today:%d/%m}, bà con chằng chống nhà cửa.",
    ),
    Bulletin(
        kind="village_meeting",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Họp dân thôn Hạ Lang",
        text="Thôn Hạ Lang họp dân lúc 19:30 ngày {tomorrow:%d/%m} tại nhà văn hóa, "
        "bàn việc làm 1,2 km đường bê tông. Mời mỗi hộ một người đến dự.",
    ),
    Bulletin(
        kind="death_notice",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Tin buồn",
        text="Cụ bà Trần Thị Lựu ở thôn Bao La, thọ 92 tuổi, đã từ trần. "
        "Lễ viếng từ 08:00 ngày {today:%d/%m}, đưa tang lúc 06:00 ngày {in_2_days:%d/%m}.",
    ),
    Bulletin(
        kind="conscription",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Khám nghĩa vụ quân sự",
        text="Ban CHQS xã Đan Điền khám nghĩa vụ quân sự lúc 07:00 ngày {in_7_days:%d/%m} tại TYT xã. "
        "Thanh niên có lệnh gọi mang theo CCCD.",
    ),
    Bulletin(
        kind="forest_fire",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Dự báo cháy rừng cấp IV",
        text="Hôm nay, {today:%d/%m}, dự báo cháy rừng cấp IV, nhiệt độ 38 °C. "
        "Bà con không đốt rác gần rừng. Thấy cháy gọi ngay số 114.",
    ),
    Bulletin(
        kind="document",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Nhận hồ sơ đất đai",
        text="Theo Thông báo số 45/TB-UBND ngày {yesterday:%d/%m}, "
        "xã nhận hồ sơ đất đai sáng thứ Ba và thứ Năm. Bà con nộp tại bộ phận một cửa.",
    ),
    Bulletin(
        kind="health_insurance",
        commune=DAN_DIEN,
        bulletin_class=BulletinClass.NORMAL,
        repeat=1,
        title="Đóng BHYT hộ gia đình",
        text="BHYT hộ gia đình năm nay đóng 1.263.600 đồng cho người thứ nhất, người thứ 2 giảm 30%. "
        "Hạn đóng là ngày {in_7_days:%d/%m}.",
    ),
)

FROM_ABOVE = Bulletin(
    kind="public_health",
    commune=PROVINCE,
    bulletin_class=BulletinClass.NORMAL,
    repeat=1,
    title="Diệt lăng quăng, phòng sốt xuất huyết",
    text="Sở Y tế đề nghị bà con đậy kín dụng cụ chứa nước, thả cá diệt lăng quăng trước ngày "
    "{in_7_days:%d/%m}. Sốt cao liên tục 2 ngày, bà con đến ngay trạm y tế.",
)

FLOOD = Emergency(
    hazard=Hazard.FLOOD,
    level=2,
    area=QUANG_DIEN,
    place="xã Quảng Điền",
    title="Lũ sông Bồ vượt báo động 2",
    text="Lũ sông Bồ lên nhanh, vượt báo động 2 tại thôn Niêm Phò và thôn Thủ Lễ. "
    "Bà con đưa người già, trẻ em lên nơi cao trước {in_1_hour:%H:%M}. Cần cứu hộ, gọi 114.",
    retraction="Tin lũ vượt báo động 2 phát lúc {now:%H:%M} là nhầm lẫn. "
    "Nước sông Bồ vẫn dưới báo động 1, bà con không phải sơ tán.",
    all_clear="Lũ sông Bồ đã xuống dưới báo động 1 lúc {now:%H:%M}. "
    "Bà con có thể về nhà, kiểm tra điện trước khi dùng.",
)

SESSION_LINES = (
    SessionLines(
        commune=QUANG_DIEN,
        name="Buổi phát thanh sáng xã Quảng Điền",
        opening="Đây là Đài truyền thanh xã Quảng Điền. Mời bà con nghe chương trình ngày {today:%d/%m}.",
        closing="Chương trình đến đây là hết. Xin chào và hẹn gặp lại bà con.",
    ),
    SessionLines(
        commune=DAN_DIEN,
        name="Buổi phát thanh sáng xã Đan Điền",
        opening="Đây là Đài truyền thanh xã Đan Điền. Mời bà con nghe chương trình ngày {today:%d/%m}.",
        closing="Chương trình đến đây là hết. Xin chào và hẹn gặp lại bà con.",
    ),
)
