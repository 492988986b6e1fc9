"""What the demo measured: deliveries against the planted faults, latencies, skew; as a table and as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table

from controller.deploy.commune_data import SITES
from controller.deploy.demo_fleet import Sounding
from controller.dispatch.forms.day import DeliveryLine
from devices.messages import AlertId, Heard, NodeId, OccurrenceId

AIRED = frozenset({"aired", "aired_late"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The three faults of the demo, and the alert whose last round is stopped."""

    dead: NodeId
    offline: NodeId
    altered: NodeId
    altered_occurrence: OccurrenceId | None
    alert: AlertId
    stopped_round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that the demo prints at its end. Milliseconds are of the machine's monotonic clock."""

    lines: tuple[DeliveryLine, ...]
    planted: Planted
    reach_ms: Mapping[NodeId, float]
    stop_ms: tuple[float, ...]
    broker_ms: float | None
    skews_ms: tuple[float, ...]
    render_s: float
    speech_s: float
    wavs: int

    @property
    def surprises(self) -> tuple[str, ...]:
        """Every delivery that did not end as planted, in words; empty is success."""
        return tuple(
            f"{_where(line)}: {why}" for line in self.lines if (why := _unexpected(line, self.planted))
        )


def percentile(values: Iterable[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def skews(soundings: Iterable[Sounding]) -> tuple[float, ...]:
    """For each item, how far each node's first sample lies from the village's median, in ms."""
    by_item: dict[str, list[float]] = {}
    for one in soundings:
        # a later stretch of the same item begins when the siren has ended, not when it was due
        if one.occurrence is not None and one.from_ms == 0:
            by_item.setdefault(one.occurrence, []).append(one.first_s)
    return tuple(abs(at - median(starts)) * 1000 for starts in by_item.values() for at in starts)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The one object that machines read."""
    verdicts = Counter(line.verdict or "open" for line in outcome.lines)
    heard = Counter(line.heard.value for line in outcome.lines)
    return {
        "nodes": len(SITES),
        "deliveries": len(outcome.lines),
        "verdicts": dict(sorted(verdicts.items())),
        "heard": dict(sorted(heard.items())),
        "emergency": {
            "nodes": len(outcome.reach_ms),
            "p50_ms": _round(percentile(outcome.reach_ms.values(), 0.50)),
            "p99_ms": _round(percentile(outcome.reach_ms.values(), 0.99)),
            "controller_ms": _round(outcome.broker_ms),
        },
        "stop": {
            "nodes": len(outcome.stop_ms),
            "p50_ms": _round(percentile(outcome.stop_ms, 0.50)),
            "p99_ms": _round(percentile(outcome.stop_ms, 0.99)),
        },
        "skew_ms_p99": _round(percentile(outcome.skews_ms, 0.99)),
        "render": {"speech_s": _round(outcome.speech_s), "took_s": _round(outcome.render_s)},
        "wavs": outcome.wavs,
        "surprises": list(outcome.surprises),
    }


def as_table(outcome: Outcome) -> Table:
    """One line per node: planned → cached → started → finished → heard, verdicts, and the siren's delay."""
    table = Table(
        title="Nghe thấy gì ở từng cụm loa", header_style="bold", row_styles=("", "dim"), padding=(0, 0)
    )
    table.add_column("Cụm loa", max_width=22)
    for head in ("dự\nkiến", "đã\nnhận", "bắt\nđầu", "xong", "nghe\nthấy"):
        table.add_column(head, justify="right")
    table.add_column("kết quả", min_width=14)
    table.add_column("còi\n(ms)", justify="right")
    for site in SITES:
        own = [line for line in outcome.lines if line.node == site.node]
        reach = outcome.reach_ms.get(NodeId(site.node))
        table.add_row(
            site.place,
            str(len(own)),
            _count(own, [line.cached_at is not None for line in own if line.alert is None]),
            _count(own, [line.started_at is not None for line in own]),
            _count(own, [line.finished_at is not None for line in own]),
            _count(own, [line.heard is Heard.YES for line in own]),
            _told(own),
            "—" if reach is None else f"{reach:.0f}",
        )
    return table


def _unexpected(line: DeliveryLine, planted: Planted) -> str | None:
    aired = line.verdict in AIRED
    told = f"{line.verdict or 'no verdict'}({line.code or line.reason or ''}), heard {line.heard}"
    if line.alert == planted.alert and line.round == planted.stopped_round:
        return None if line.verdict in {"cancelled", "missed"} else told
    if line.node == planted.offline and line.alert is not None:
        return None if line.verdict == "missed" and line.reason else told
    if line.node == planted.altered and line.occurrence == planted.altered_occurrence:
        return None if line.verdict == "refused" and line.code == "E_CONTENT" else told
    if line.node == planted.dead:
        return None if aired and line.heard is Heard.NO else told
    return None if aired and line.heard is Heard.YES else told


def _where(line: DeliveryLine) -> str:
    return f"{line.node} {line.title!r}" + (f" round {line.round}" if line.alert else "")


def _count(own: Sequence[DeliveryLine], marks: Sequence[bool]) -> str:
    return f"{sum(marks)}" if len(marks) == sum(marks) else f"{sum(marks)}/{len(marks)}"


WORDS = {
    "aired": "đã phát",
    "aired_late": "phát muộn",
    "partial": "phát dở",
    "missed": "không phát",
    "cancelled": "đã dừng",
    "expired": "hết hạn",
    "refused": "từ chối",
}
REASONS = {"offline": "mất liên lạc", "no_receipt": "không có báo cáo", "E_CONTENT": "sai nội dung"}


def _told(own: Sequence[DeliveryLine]) -> str:
    counted = Counter(_verdict_words(line) for line in own)
    return " · ".join(f"{count} {words}" for words, count in counted.most_common())


def _verdict_words(line: DeliveryLine) -> str:
    words = WORDS.get(line.verdict or "", "chưa biết")
    why = line.code or (line.reason if line.verdict in {"missed", "refused"} else None)
    if why:
        words += f" ({REASONS.get(why, why)})"
    if line.verdict in AIRED and line.heard is Heard.NO:
        words += ", loa không ra tiếng"
    return words


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
