"""From iron to events: what ports and readers report, in the station's words."""

import asyncio
from collections.abc import Callable

from agent.clock import Clock, Moment
from agent.frozen import dataclass
from agent.log import get_logger
from agent.station.events import (
    ContactorMoved,
    Event,
    FaultCleared,
    FaultRaised,
    LeaseLapsed,
    LimitMoved,
    MeterSampled,
    PilotChanged,
    StopPressed,
    TokenPresented,
)
from agent.station.faults import Fault
from agent.station.id_token import IdToken
from agent.station.pilot import PilotState
from agent.station.samples import Measurand, MeterSample, Quantity
from agent.units import Wh
from hal import port_events
from hal.board import ReaderDriver
from hal.errors import HalError
from hal.readings import MeterReading

log = get_logger(__name__)

REOPEN_AFTER_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits between tries to open a reader that is gone; the last one repeats."""
STEADY_AFTER_S = 3.0
"""A reader works again once it saw a token or stayed open for so long: some open well and fail at the first look."""

_PHASES = ("L1", "L2", "L3")


def sample_of(evse_id: int, reading: MeterReading, *, at: Moment) -> MeterSample:
    """A driver's reading as the station's sample, stamped with the moment the reading was begun."""
    quantities = [Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, reading.energy_import_wh, "Wh")]
    if reading.energy_export_wh is not None:
        quantities.append(Quantity(Measurand.ENERGY_ACTIVE_EXPORT_REGISTER, reading.energy_export_wh, "Wh"))
    if reading.power_w is not None:
        quantities.append(Quantity(Measurand.POWER_ACTIVE_IMPORT, round(reading.power_w, 1), "W"))
    per_phase = (
        (Measurand.POWER_ACTIVE_IMPORT, reading.phase_power_w, "W", ""),
        (Measurand.CURRENT_IMPORT, reading.current_a, "A", ""),
        (Measurand.VOLTAGE, reading.voltage_v, "V", "-N"),
    )
    for measurand, values, unit, suffix in per_phase:
        for phase, value in zip(_PHASES, values, strict=False):
            quantities.append(Quantity(measurand, round(value, 2), unit, phase + suffix))
    single = (
        (Measurand.FREQUENCY, reading.frequency_hz, "Hz"),
        (Measurand.POWER_FACTOR, reading.power_factor, ""),
        (Measurand.SOC, reading.soc_percent, "Percent"),
        (Measurand.TEMPERATURE, reading.temperature_c, "Celsius"),
    )
    quantities += [Quantity(what, round(value, 3), unit) for what, value, unit in single if value is not None]
    return MeterSample(evse_id=evse_id, at=at, energy_wh=Wh(reading.energy_import_wh), quantities=tuple(quantities))


@dataclass(frozen=True, slots=True)
class PortWatch:
    """Turns one port's reports into events."""

    evse_id: int
    clock: Clock
    post: Callable[[Event], None]

    def report(self, event: port_events.PortEvent) -> None:
        """What hal.port.Port calls."""
        match event:
            case port_events.PilotMoved(state):
                self.post(PilotChanged(self.evse_id, PilotState(state.value)))
            case port_events.ContactorMoved(closed):
                self.post(ContactorMoved(self.evse_id, closed=closed))
            case port_events.MeterRead(reading):
                self.post(MeterSampled(self.sample(reading)))
            case port_events.LimitMoved(limit_a, detail):
                log.info("limit", evse=self.evse_id, limit_a=limit_a, detail=detail)
                self.post(LimitMoved(self.evse_id, limit_a))
            case port_events.StopPressed():
                self.post(StopPressed(self.evse_id))
            case port_events.LeaseLapsed():
                self.post(LeaseLapsed(self.evse_id))
            case port_events.FaultMoved(fault, active, detail):
                log.info("fault", evse=self.evse_id, fault=fault, active=active, detail=detail)
                known = Fault(fault)
                self.post(FaultRaised(self.evse_id, known, detail) if active else FaultCleared(self.evse_id, known))

    def sample(self, reading: MeterReading) -> MeterSample:
        """A reading with its age taken into account: never re-stamped as fresh."""
        now = self.clock.now()
        return sample_of(self.evse_id, reading, at=now.later(min(0.0, reading.mono_s - now.mono_s)))


class ReaderWatch:
    """Keeps one token reader open and posts what it sees."""

    def __init__(
        self,
        reader: ReaderDriver,
        *,
        name: str,
        evse_ids: tuple[int, ...],
        clock: Clock,
        post: Callable[[Event], None],
    ) -> None:
        self._reader = reader
        self._name = name
        self._evse_ids = evse_ids
        self._clock = clock
        self._post = post
        self._failed = False
        self._tries = 0

    async def run(self) -> None:
        """Read until cancelled; a reader that is gone is a fault, not an end."""
        while True:
            try:
                await self._reader.start()
                await self._follow()
            except HalError as error:
                self._set_failure(str(error))
            finally:
                await self._stop()
            await self._clock.sleep(REOPEN_AFTER_S[min(self._tries, len(REOPEN_AFTER_S) - 1)])
            self._tries += 1

    async def _follow(self) -> None:
        steadying = asyncio.create_task(self._steady(), name=f"reader {self._name} grows steady")
        try:
            async for token in self._reader.tokens():
                self._works()
                self._post(TokenPresented(IdToken(token.value, token.type), self._evse_ids))
        finally:
            steadying.cancel()
            await asyncio.wait([steadying])
            if not steadying.cancelled():
                steadying.result()

    async def _steady(self) -> None:
        await self._clock.sleep(STEADY_AFTER_S)
        self._works()

    def _works(self) -> None:
        self._tries = 0
        self._set_failure(None)

    async def _stop(self) -> None:
        try:
            await self._reader.stop()
        except HalError as error:
            log.warning("reader did not close", reader=self._name, why=error)

    def _set_failure(self, why: str | None) -> None:
        """Tell it once when the reader fails, and once when it works again."""
        failed = why is not None
        if failed == self._failed:
            return
        self._failed = failed
        if failed:
            log.warning("reader failed", reader=self._name, why=why)
        else:
            log.info("reader works again", reader=self._name)
        for evse_id in self._evse_ids or (None,):
            self._post(FaultRaised(evse_id, Fault.READER, why or "") if failed else FaultCleared(evse_id, Fault.READER))


class Leases:
    """Proves, in real time, that the event loop lives: permissions lapse without it."""

    def __init__(self, renew: Callable[[], None], *, every_s: float = 0.5) -> None:
        self.loop_lag_s = 0.0
        """How late the loop came back to this last time."""
        self._renew = renew
        self._every_s = every_s

    async def run(self) -> None:
        """Renew for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self._renew()
            due_s = loop.time() + self._every_s
            await asyncio.sleep(self._every_s)
            self.loop_lag_s = max(0.0, loop.time() - due_s)
