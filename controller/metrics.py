"""Metrics under Prometheus names; never a node's id as a label."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_REACH_S = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All metrics of one controller, in a registry of their own."""

    registry: CollectorRegistry
    deliveries: Counter
    receipts: Counter
    receipts_repeated: Counter
    forged: Counter
    outbox: Counter
    programmes: Counter
    emergency_reach: Histogram
    emergency_broker: Histogram
    renders: Counter
    nodes: Gauge
    link_up: Gauge
    write_seconds: Histogram
    on_air: Gauge
    chunks: Counter
    relay_switches: Counter
    tapes: Counter

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


def open_metrics() -> Metrics:
    """A fresh set, all at zero."""
    r = CollectorRegistry()
    return Metrics(
        registry=r,
        deliveries=Counter("loa_deliveries", "Verdicts given", ("verdict",), registry=r),
        receipts=Counter("loa_receipts", "New receipts kept", registry=r),
        receipts_repeated=Counter("loa_receipts_repeated", "Receipts known already", registry=r),
        forged=Counter("loa_forged", "Messages whose signature is not their node's", registry=r),
        outbox=Counter("loa_outbox", "Letters by what became of them", ("state",), registry=r),
        programmes=Counter("loa_programmes", "Programmes signed", registry=r),
        emergency_reach=Histogram(
            "loa_emergency_reach_seconds", "Button to first sample", buckets=_REACH_S, registry=r
        ),
        emergency_broker=Histogram(
            "loa_emergency_broker_seconds",
            "Button to the broker's acknowledgement",
            buckets=_QUICK_S,
            registry=r,
        ),
        renders=Counter("loa_renders", "Texts read", ("result",), registry=r),
        nodes=Gauge("loa_nodes", "Nodes in service", ("condition",), registry=r),
        link_up=Gauge("loa_link_up", "1 while the broker is reached", registry=r),
        write_seconds=Histogram("loa_write_seconds", "One write transaction", buckets=_QUICK_S, registry=r),
        on_air=Gauge("loa_on_air", "Streams that are being sent", registry=r),
        chunks=Counter("loa_chunks", "Chunks of sound by what became of them", ("result",), registry=r),
        relay_switches=Counter("loa_relay_switches", "Changes of a relay's source", ("why",), registry=r),
        tapes=Counter("loa_tapes", "Relays recorded to be heard later", ("result",), registry=r),
    )
