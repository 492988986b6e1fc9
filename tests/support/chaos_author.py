"""The authors of a kill -9 campaign: something new all the time, a little ahead, on free ground."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.deploy.commune_data import PROVINCE
from tests.support.chaos_ground import Ground, villages_of
from tests.support.chaos_stage import Wish

A_VILLAGE_A_DAY = 85
"""A day's programme of one village holds 64 KB: the author plans no more than that."""
SHORT_GRACE_S = 12.0
LONG_GRACE_S = 90.0
SENTENCES = (
    "Mời bà con dự họp thôn.",
    "Chiều nay cắt điện.",
    "Mai tiêm chủng cho trẻ em.",
    "Bà con nhớ nhốt trâu bò.",
    "Nước sông Bồ đang lên.",
    "Trạm y tế mở cửa cả ngày.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How quick a campaign is. Spans are (least, most) seconds."""

    up_s: tuple[float, float]
    down_s: tuple[float, ...]
    ahead_s: tuple[float, float]
    between_wishes_s: tuple[float, float]
    authors: int
    slot_s: float
    spoken: bool


STUB = Pace(
    up_s=(0.2, 2.2),
    down_s=(0.0, 0.0, 0.1, 0.5),
    ahead_s=(7.0, 14.0),
    between_wishes_s=(0.6, 2.0),
    authors=2,
    slot_s=2.0,
    spoken=False,
)
REAL = Pace(
    up_s=(1.0, 5.0),
    down_s=(0.0, 0.1, 0.5),
    ahead_s=(20.0, 30.0),
    between_wishes_s=(1.5, 4.0),
    authors=1,
    slot_s=11.0,
    spoken=True,
)


class Pen:
    """Makes wishes out of one seed; remembers which ground is taken until when."""

    def __init__(self, ground: Ground, pace: Pace, seed: int) -> None:
        self._ground = ground
        self._pace = pace
        self._dice = random.Random(f"words:{seed}")
        self._free: dict[str, datetime] = {}
        self._spent: dict[str, int] = dict.fromkeys(villages_of(), 0)
        self._number = 0

    def pause_s(self) -> float:
        """Until the next one."""
        return self._dice.uniform(*self._pace.between_wishes_s)

    def everywhere(self) -> Wish:
        """One item for all villages that says every sentence: with it a campaign begins.

        Priority, because an ordinary item from above waits for the communes' word.
        """
        self._free.clear()
        everywhere = self._wish(list(self._spent), " ".join(SENTENCES), 30.0, LONG_GRACE_S, "priority")
        return {**everywhere, "area": PROVINCE}

    def wish(self) -> Wish | None:
        """The next one; None where no ground is free soon, or every village's day is full."""
        dice, pace = self._dice, self._pace
        # what is planned far ahead would be heard in the calm after the kills
        soon = self._ground.now() + timedelta(seconds=pace.ahead_s[1])
        villages = [
            village
            for village, spent in self._spent.items()
            if spent < A_VILLAGE_A_DAY and self._free.get(village, soon) <= soon
        ]
        if not villages:
            return None
        # an ordinary item belongs to one commune: what comes from above waits for the communes' word
        commune = _commune(dice.choice(villages))
        near = [village for village in villages if _commune(village) == commune]
        targets = dice.sample(near, min(len(near), dice.choice((1, 1, 2, 3))))
        grace_s = SHORT_GRACE_S if dice.random() < 0.15 else LONG_GRACE_S
        kind = "priority" if dice.random() < 0.15 else "normal"
        if pace.spoken:
            text = " ".join(dice.sample(SENTENCES, 2))
        else:
            syllables = 45 if dice.random() < 0.12 else dice.choice((1, 2, 3, 4))
            text = " ".join([_name(self._number), *("loa" for _ in range(syllables - 1))])
        return self._wish(targets, text, pace.slot_s, grace_s, kind)

    def _wish(self, targets: list[str], text: str, slot_s: float, grace_s: float, kind: str) -> Wish:
        now = self._ground.now()
        ahead = now + timedelta(seconds=self._dice.uniform(*self._pace.ahead_s))
        at = _whole(max([ahead, *(self._free.get(village, now) for village in targets)]))
        for village in targets:
            self._free[village] = at + timedelta(seconds=slot_s)
            self._spent[village] += 1
        self._number += 1
        return {
            "area": _commune(targets[0]),
            "title": f"Bài {self._number}",
            "text": text,
            "targets": targets,
            "at": at.isoformat(),
            "expires_at": (at + timedelta(seconds=grace_s)).isoformat(),
            "bulletin_class": kind,
        }


def _commune(village: str) -> str:
    return village.split("-")[0]


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0) + timedelta(seconds=math.ceil(instant.microsecond / 1e6))


def _name(number: int) -> str:
    """A one-syllable word of its own for each number, so that no two items share a clip."""
    letters = "bcdghklmnprstvx"
    first, rest = number % len(letters), number // len(letters)
    return f"{letters[first]}{'aeiou'[rest % 5]}{letters[rest // 5 % len(letters)]}"
