"""Numbers, times and lengths as people say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from controller.web.words import Words
from schedules.calendar import WEEKDAYS_EN, WEEKDAYS_VI, local, said_en, said_vi

SHORT_DAYS_VI = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """The manner of speaking of one language."""

    t: Words

    @property
    def _vi(self) -> bool:
        return self.t.language == "vi"

    def when(self, instant: datetime) -> str:
        """`05:30 thứ Bảy 21/11`."""
        return said_vi(instant) if self._vi else said_en(instant)

    def clock(self, instant: datetime | None) -> str:
        """`05:30`, or nothing."""
        return "" if instant is None else f"{local(instant):%H:%M}"

    def exact(self, instant: datetime | None) -> str:
        """`05:30:07`, or nothing."""
        return "" if instant is None else f"{local(instant):%H:%M:%S}"

    def day(self, day: date) -> str:
        """`thứ Bảy 21/11/2026`."""
        name = (WEEKDAYS_VI if self._vi else WEEKDAYS_EN)[day.weekday()]
        return f"{name} {day:%d/%m/%Y}"

    def day_names(self) -> Sequence[str]:
        """Monday to Sunday, as labels."""
        return SHORT_DAYS_VI if self._vi else WEEKDAYS_EN

    def number(self, n: int) -> str:
        """`21.000` in Vietnamese, `21,000` in English."""
        return f"{n:,}".replace(",", ".") if self._vi else f"{n:,}"

    def decimal(self, value: float) -> str:
        """`−16,0` in Vietnamese, `−16.0` in English."""
        text = f"{value:.1f}".replace("-", "−")
        return text.replace(".", ",") if self._vi else text

    def people(self, n: int) -> str:
        """Rounded to the hundred above a thousand: nobody counts heads that closely."""
        return self.number(round(n, -2) if n >= 1000 else n)

    def seconds(self, ms: int) -> str:
        """`1 phút 20 giây`; under a minute seconds alone."""
        total = max(1, round(ms / 1000)) if ms > 0 else 0
        minutes, seconds = divmod(total, 60)
        if not minutes:
            return self.t("time.seconds", s=seconds)
        if not seconds:
            return self.t("time.minutes_only", m=minutes)
        return self.t("time.minutes", m=minutes, s=seconds)

    def span(self, length: timedelta) -> str:
        """How long ago, in two units at most."""
        total = int(length.total_seconds())
        if total < 3600:
            return self.seconds(max(total, 0) * 1000)
        return self.t("time.hours", h=total // 3600, m=total % 3600 // 60)

    def wall(self, wall: time) -> str:
        """`05:30`."""
        return f"{wall:%H:%M}"

    def names(self, names: Sequence[str]) -> str:
        """A few names in a row."""
        return ", ".join(names)
