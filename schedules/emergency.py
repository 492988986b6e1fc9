"""Emergencies as data: hazards, levels, siren codes and headlines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schedules.calendar import local
from schedules.errors import Refused

FIRST_LEVEL, LAST_LEVEL = 1, 5


class Hazard(StrEnum):
    """The disasters of QĐ 18/2021 and what else a commune may have to shout about."""

    STORM = "storm"
    FLOOD = "flood"
    DAM_RELEASE = "dam_release"
    FLASH_FLOOD = "flash_flood"
    LANDSLIDE = "landslide"
    HEAVY_RAIN = "heavy_rain"
    STORM_SURGE = "storm_surge"
    SEA_WIND = "sea_wind"
    FOG = "fog"
    TORNADO = "tornado"
    COLD = "cold"
    HEAT = "heat"
    DROUGHT = "drought"
    FOREST_FIRE = "forest_fire"
    EARTHQUAKE = "earthquake"
    TSUNAMI = "tsunami"
    FIRE = "fire"
    EPIDEMIC = "epidemic"
    EVACUATION = "evacuation"
    CIVIL_DEFENCE = "civil_defence"
    OTHER = "other"


class Siren(StrEnum):
    """Names of tone patterns; how they sound is the node's table."""

    STORM = "storm"
    FLOOD2 = "flood2"
    FLOOD3 = "flood3"
    ATTENTION = "attention"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A risk level of QĐ 18/2021 with the colour that people know it by."""

    number: int
    colour: str
    vi: str
    en: str


LEVELS = (
    Level(number=1, colour="light_blue", vi="xanh nhạt", en="light blue"),
    Level(number=2, colour="light_yellow", vi="vàng nhạt", en="light yellow"),
    Level(number=3, colour="orange", vi="da cam", en="orange"),
    Level(number=4, colour="red", vi="đỏ", en="red"),
    Level(number=5, colour="purple", vi="tím", en="purple"),
)

NAMES: Mapping[Hazard, tuple[str, str]] = {
    Hazard.STORM: ("bão, áp thấp nhiệt đới", "storm"),
    Hazard.FLOOD: ("lũ, ngập lụt", "flood"),
    Hazard.DAM_RELEASE: ("xả lũ hồ chứa", "dam release"),
    Hazard.FLASH_FLOOD: ("lũ quét", "flash flood"),
    Hazard.LANDSLIDE: ("sạt lở đất", "landslide"),
    Hazard.HEAVY_RAIN: ("mưa lớn", "heavy rain"),
    Hazard.STORM_SURGE: ("nước dâng", "storm surge"),
    Hazard.SEA_WIND: ("gió mạnh trên biển", "strong sea wind"),
    Hazard.FOG: ("sương mù", "fog"),
    Hazard.TORNADO: ("lốc, sét, mưa đá", "tornado, lightning or hail"),
    Hazard.COLD: ("rét hại, sương muối", "severe cold"),
    Hazard.HEAT: ("nắng nóng", "heat"),
    Hazard.DROUGHT: ("hạn hán, xâm nhập mặn", "drought or salinity"),
    Hazard.FOREST_FIRE: ("cháy rừng", "forest fire"),
    Hazard.EARTHQUAKE: ("động đất", "earthquake"),
    Hazard.TSUNAMI: ("sóng thần", "tsunami"),
    Hazard.FIRE: ("cháy lớn", "fire"),
    Hazard.EPIDEMIC: ("dịch bệnh", "epidemic"),
    Hazard.EVACUATION: ("sơ tán", "evacuation"),
    Hazard.CIVIL_DEFENCE: ("phòng thủ dân sự", "civil defence"),
    Hazard.OTHER: ("tình huống khẩn cấp", "emergency"),
}

_WATER = frozenset({Hazard.FLOOD, Hazard.DAM_RELEASE, Hazard.FLASH_FLOOD, Hazard.STORM_SURGE})
_URGENT = 3
_URGENT_STORM = 4


def level(number: int) -> Level:
    """The risk level 1 to 5; Refused (`E_LEVEL`) for any other number."""
    if not FIRST_LEVEL <= number <= LAST_LEVEL:
        raise Refused("E_LEVEL", "Cấp độ rủi ro từ 1 đến 5.", "A risk level is 1 to 5.")
    return LEVELS[number - 1]


def siren_code(hazard: Hazard, number: int) -> Siren:
    """The siren of Huế's code: flood above alarm II and III, storm, and the long one for the worst.

    Urgent storms and tsunamis share the pattern of a flood above alarm III.
    """
    level(number)
    if hazard is Hazard.TSUNAMI or (hazard is Hazard.STORM and number >= _URGENT_STORM):
        return Siren.FLOOD3
    if hazard is Hazard.STORM:
        return Siren.STORM
    if hazard in _WATER and number >= 2:
        return Siren.FLOOD3 if number >= _URGENT else Siren.FLOOD2
    return Siren.ATTENTION


def headline(hazard: Hazard, number: int, place: str, issued_at: datetime) -> str:
    """The first words of an alert, with the time of issue as it is spoken."""
    name, _ = NAMES[hazard]
    issued = spoken_time(issued_at)
    return f"Thông báo khẩn cấp, phát lúc {issued}. Cảnh báo {name} tại {place}, {_risk(number)}."


def all_clear(hazard: Hazard, place: str, issued_at: datetime) -> str:
    """The first words when the danger is over."""
    name, _ = NAMES[hazard]
    return f"Thông báo báo yên, phát lúc {spoken_time(issued_at)}. Cảnh báo {name} tại {place} đã kết thúc."


def retraction(hazard: Hazard, place: str, issued_at: datetime) -> str:
    """The first words when an alert was wrong."""
    name, _ = NAMES[hazard]
    return (
        f"Thông báo đính chính, phát lúc {spoken_time(issued_at)}. "
        f"Cảnh báo {name} tại {place} vừa phát là không đúng, bà con bỏ qua."
    )


def spoken_time(instant: datetime) -> str:
    """Hour, minute and day as a reader says them: `14 giờ 05 phút, ngày 21 tháng 11`."""
    wall = local(instant)
    return f"{wall.hour} giờ {wall.minute:02d} phút, ngày {wall.day} tháng {wall.month}"


def _risk(number: int) -> str:
    found = level(number)
    return f"cấp độ rủi ro {found.number}, màu {found.vi}"
