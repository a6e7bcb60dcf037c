"""GET /metrics: the Prometheus text format, written by hand because it is a few lines."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from agent.api.views import AgentFigures, EvseStatus, LinkState, StationStatus
from agent.frozen import dataclass

PREFIX = "evse_agent_"
_STATM = Path("/proc/self/statm")
_NO_LABELS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ApiFigures:
    """The local API's own counts."""

    connections: int = 0
    requests: int = 0
    event_clients: int = 0
    event_clients_dropped: int = 0


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """What the kernel says of this process; None where there is no /proc."""

    cpu_s: float
    resident_bytes: int | None


@dataclass(frozen=True, slots=True)
class Metric:
    """A family of samples under one name."""

    name: str
    kind: str
    says: str
    samples: tuple[tuple[Mapping[str, str], float], ...] = field(default=())


def process_figures() -> ProcessFigures:
    """Read now; /proc is memory, so nothing blocks."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return ProcessFigures(cpu_s=time.process_time(), resident_bytes=None)
    return ProcessFigures(cpu_s=time.process_time(), resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"))


def metrics_text(
    status: StationStatus, figures: AgentFigures, *, api: ApiFigures, process: ProcessFigures | None = None
) -> str:
    """The page, families without a sample left out."""
    process = process or process_figures()
    lines: list[str] = []
    for metric in (*_of_agent(status, figures), *_of_evses(status.evses), *_of_process(api, process)):
        if metric.samples:
            lines += [f"# HELP {metric.name} {metric.says}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _of_agent(status: StationStatus, figures: AgentFigures) -> Iterator[Metric]:
    yield _gauge("info", "The agent that runs here", 1, {"identity": status.identity, "version": status.version})
    yield _gauge("uptime_seconds", "Since the agent started", status.uptime_s)
    yield _gauge("clock_known", "1 once the wall clock can be believed", status.clock_known)
    yield _gauge("storage_writable", "1 while the database accepts commits", status.storage.writable)
    yield _gauge("facts_queued", "Facts that wait for the CSMS", status.outbox_depth)
    yield _gauge("dead_letters", "Facts that were given up and are kept", status.dead_letters)
    yield _counter("facts_sent_total", "Facts the CSMS has answered", figures.facts_sent)
    yield _counter("facts_given_up_total", "Facts moved to the dead letters", figures.facts_given_up)
    yield _counter("facts_thinned_total", "Meter values dropped for want of storage", figures.facts_thinned)
    yield _counter("commits_total", "Commits to the database", figures.commits)
    yield _counter("commit_failures_total", "Commits the database refused", figures.commit_failures)
    yield Metric(
        PREFIX + "link_state",
        "gauge",
        "1 for the state the CSMS link is in",
        tuple(({"state": state.value}, float(state is status.link.state)) for state in LinkState),
    )
    yield _counter("link_connects_total", "Connections to the CSMS that came about", figures.connects)
    yield _counter("events_dropped_total", "Events lost because a queue was full", figures.events_dropped)
    yield _counter("errand_failures_total", "Background errands that failed", figures.errand_failures)
    yield _gauge("loop_lag_seconds", "How late the event loop ran last", figures.loop_lag_s)


def _of_evses(evses: tuple[EvseStatus, ...]) -> Iterator[Metric]:
    def each(name: str, says: str, values: Mapping[int, float | None], kind: str = "gauge") -> Metric:
        samples = tuple(({"evse": str(number)}, float(value)) for number, value in values.items() if value is not None)
        return Metric(PREFIX + name, kind, says, samples)

    meters = {evse.id: evse.meter for evse in evses}
    yield each(
        "energy_register_wh",
        "The import register that bills",
        {i: m.energy_wh if m else None for i, m in meters.items()},
    )
    yield each("power_watts", "Power to the EV", {i: m.power_w if m else None for i, m in meters.items()})
    yield each("meter_age_seconds", "Age of the last reading", {i: m.age_s if m else None for i, m in meters.items()})
    yield each("contactor_closed", "1 while the contactor is closed", {e.id: e.contactor_closed for e in evses})
    yield each("limit_amperes", "What is permitted, 0 for no energy", {e.id: e.limit_a or 0.0 for e in evses})
    yield each("offered_amperes", "What the pilot offers, 0 for nothing", {e.id: e.offered_a or 0.0 for e in evses})
    yield each("in_transaction", "1 during a transaction", {e.id: e.transaction is not None for e in evses})
    yield each("faults", "Faults that are active", {e.id: len(e.faults) for e in evses})


def _of_process(api: ApiFigures, process: ProcessFigures) -> Iterator[Metric]:
    yield _gauge("api_connections", "Open connections to the local API", api.connections)
    yield _counter("api_requests_total", "Requests the local API answered", api.requests)
    yield _gauge("api_event_clients", "Clients that watch the events", api.event_clients)
    yield _counter("api_event_clients_dropped_total", "Event clients that were too slow", api.event_clients_dropped)
    # These two names are the ones every Prometheus client library uses.
    yield Metric("process_cpu_seconds_total", "counter", "CPU time used", ((_NO_LABELS, process.cpu_s),))
    if process.resident_bytes is not None:
        resident = float(process.resident_bytes)
        yield Metric("process_resident_memory_bytes", "gauge", "Resident memory", ((_NO_LABELS, resident),))


def _gauge(name: str, says: str, value: float | None, labels: Mapping[str, str] = _NO_LABELS) -> Metric:
    return Metric(PREFIX + name, "gauge", says, ((labels, float(value)),) if value is not None else ())


def _counter(name: str, says: str, value: float) -> Metric:
    return Metric(PREFIX + name, "counter", says, ((_NO_LABELS, float(value)),))


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
