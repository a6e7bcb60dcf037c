"""StatusNotifications: offline only the last one counts, so they are kept per connector and not queued."""

import asyncio
from collections.abc import Callable

from agent.clock import Clock
from agent.errors import LinkError, LinkLost
from agent.log import get_logger
from agent.ocpp.adapter import Call, JsonObject
from agent.runtime.link import Link, LinkState, Speaking
from agent.station.device_model import DeviceModel
from agent.station.effects import ReportStatus
from agent.station.standard_variables import MINIMUM_STATUS_DURATION, OFFLINE_THRESHOLD
from agent.store.store import Store

log = get_logger(__name__)

LOOK_AGAIN_S = 1.0

Connector = tuple[int, int]


class StatusSender:
    """Tells the CSMS each connector's status when it changed, and all of them when it must be told anew."""

    def __init__(self, link: Link, store: Store, *, clock: Clock, model: Callable[[], DeviceModel]) -> None:
        self._link = link
        self._store = store
        self._clock = clock
        self._model = model
        self._current: dict[Connector, ReportStatus] = {}
        self._told: dict[Connector, JsonObject] = {}
        self._forced: list[ReportStatus] = []
        self._wake = asyncio.Event()
        self._lost_at_s: float | None = None

    def report(self, report: ReportStatus) -> None:
        """A status to be told."""
        if report.forced:
            self._forced.append(report)
        else:
            self._current[report.evse_id, report.connector_id] = report
        self._wake.set()

    def accepted(self) -> None:
        """A BootNotification was accepted: every connector is told (B01.FR.05)."""
        self._told.clear()
        self._wake.set()

    def link_changed(self, *, online: bool) -> None:
        """After being offline longer than OfflineThreshold all are told, else only what changed (B04)."""
        if not online:
            self._lost_at_s = self._clock.monotonic()
            return
        if self._lost_at_s is not None:
            away_s = self._clock.monotonic() - self._lost_at_s
            self._lost_at_s = None
            if away_s > self._model().integer(OFFLINE_THRESHOLD):
                self._told.clear()
        self._wake.set()

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            speaking = self._listener()
            if speaking is None:
                continue  # woken again once the link is online
            wait_s = await self._tell_all(speaking)
            if wait_s is not None:
                # Another connector's status, or one that is asked for, does not wait for the one that is too young.
                await self._clock.sleep(min(wait_s, LOOK_AGAIN_S))
                self._wake.set()

    def _listener(self) -> Speaking | None:
        # A triggered status is owed also while the registration is pending (B02.FR.02).
        if self._link.is_online or (self._forced and self._link.state is not LinkState.REJECTED):
            return self._link.current
        return None

    async def _tell_all(self, speaking: Speaking) -> float | None:
        """Tell what is due; returns how long to wait for a status that is too young (MinimumStatusDuration)."""
        while self._forced:
            report = self._forced.pop(0)
            call = speaking.adapter.status_notification(report, at=self._store.mend(report.at))
            if not await self._tell(speaking, call):
                return None
        if not self._link.is_online:
            return None
        minimum_s = float(self._model().integer(MINIMUM_STATUS_DURATION))
        wait_s: float | None = None
        for connector, report in list(self._current.items()):
            call = speaking.adapter.status_notification(report, at=self._store.mend(report.at))
            if call is None or self._told.get(connector) == _news(call):
                continue
            age_s = self._clock.monotonic() - report.at.mono_s
            if connector in self._told and age_s < minimum_s:
                wait_s = minimum_s - age_s if wait_s is None else min(wait_s, minimum_s - age_s)
            elif await self._tell(speaking, call):
                self._told[connector] = _news(call)
            else:
                return None
        return wait_s

    async def _tell(self, speaking: Speaking, call: Call | None) -> bool:
        """False where the link went away meanwhile."""
        if call is None:
            return True
        try:
            await self._link.call(speaking, call)
        except LinkLost:
            return False
        except LinkError as error:
            # Told and not wanted: the next change is told again.
            log.warning("status not taken", why=error)
        return True


def _news(call: Call) -> JsonObject:
    """A status without its time: what two words of one version have in common is told once."""
    return {key: value for key, value in call.payload.items() if key != "timestamp"}
