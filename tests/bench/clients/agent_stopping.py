"""The agent with two EVSEs charging, and reasons to stop: how long until the contactor is told to open.

    python -m tests.bench.clients.agent_stopping URL IDENTITY VERSION FOLDER PILOT FAULT DEAUTHORIZED PORT

The last four: how often each. PORT: pilot and fault in turns, at a third port beside the agent's own, in the same event
loop; as no transaction is told of it, it can be stopped some hundred times a second. Both meters are polled, and
samples committed and told, some fifty times a second each; the bench asks it all the while. Prints JSON: kind ->
milliseconds.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from agent.clock import SystemClock
from agent.station.events import TransactionAnswered
from agent.station.id_token import AuthorizationStatus, TokenInfo
from hal.board import EvseParts
from hal.port import Port, PortSettings
from hal.port_events import ContactorMoved, PortEvent
from hal.readings import FaultReading, PilotState
from hal.registry import DriverContext, SharedDevices
from tests.bench.clients.charger import CARD, Charger, running_charger, station_yaml
from tests.bench.clients.injector import Injector
from tests.bench.clients.iron import DRIVER, Iron, IronSettings

SPEED = 50.0
"""The clock is that fast, so that meters polled every second and samples due every second are so much more load."""
FAULT = "GroundFailure"
EVSE = 1
WITHIN_S = 0.008
PORT_WITHIN_S = 0.0012
LIMIT_A = 16.0


class Stops:
    """One EVSE that is stopped again and again, beside one that charges on."""

    def __init__(self, charger: Charger, injector: Injector) -> None:
        self._charger = charger
        self._injector = injector
        self._iron = charger.iron(EVSE)
        self._iron.told_to_open = injector.answered
        self._dice = random.Random(1)

    async def by_pilot(self) -> float:
        """The car leaves C; it asks for energy again afterwards."""
        took_s = await self._stop(lambda: self._iron.pilot.set(PilotState.B))
        self._iron.pilot.set(PilotState.C)
        await self._charger.until(lambda: self._charger.is_charging(EVSE))
        return took_s

    async def by_fault(self) -> float:
        """The residual current device trips; it is mended, and another car comes."""
        took_s = await self._stop(lambda: self._iron.inputs.emit(FaultReading(FAULT, active=True)))
        await self._charger.leave(EVSE)
        self._iron.inputs.emit(FaultReading(FAULT, active=False))
        await self._charger.until(lambda: not self._faulty())
        await self._charger.charge(EVSE)
        return took_s

    async def by_deauthorization(self) -> float:
        """The CSMS takes the token back."""
        evse = self._charger.agent.runner.state.evse(EVSE)
        if evse is None or evse.record.transaction is None:
            raise RuntimeError("nothing to deauthorize")
        answered = TransactionAnswered(evse.record.transaction.id, CARD, TokenInfo(AuthorizationStatus.INVALID))
        took_s = await self._stop(lambda: self._charger.agent.runner.post(answered))
        await self._charger.leave(EVSE)
        await self._charger.charge(EVSE)
        return took_s

    async def _stop(self, happen: Callable[[], None]) -> float:
        return await self._injector.measure(happen, after_s=self._dice.uniform(0.001, WITHIN_S))

    def _faulty(self) -> bool:
        evse = self._charger.agent.runner.state.evse(EVSE)
        return evse is not None and bool(evse.faults)


class LonePort:
    """A port of nobody's, stopped by its pilot and its fault input in turns."""

    def __init__(self, injector: Injector) -> None:
        clock = SystemClock()
        self._iron = Iron(IronSettings(), DriverContext("bench", 99, clock, shared=SharedDevices()))
        iron = self._iron
        parts = EvseParts(
            pilot=iron, contactor=iron, meter=iron, lock=None, faults=(iron,), indicator=None, drivers=(iron,)
        )
        self.port = Port(99, parts, clock=clock, settings=PortSettings(max_current_a=32.0), report=self._heard)
        self._injector = injector
        self._closed = asyncio.Event()
        self._dice = random.Random(2)

    async def stop(self, number: int) -> float:
        """Once, from where energy flows."""
        iron = self._iron
        self.port.permit(LIMIT_A)
        iron.pilot.set(PilotState.C)
        iron.inputs.emit(FaultReading(FAULT, active=False))
        await self._closed.wait()
        iron.told_to_open = self._injector.answered
        by_pilot = number % 2 == 0
        return await self._injector.measure(
            (lambda: iron.pilot.set(PilotState.B))
            if by_pilot
            else (lambda: iron.inputs.emit(FaultReading(FAULT, active=True))),
            after_s=self._dice.uniform(0.0, PORT_WITHIN_S),
        )

    def _heard(self, event: PortEvent) -> None:
        if isinstance(event, ContactorMoved):
            self._closed.set() if event.closed else self._closed.clear()


async def stop_port(injector: Injector, times: int) -> list[float]:
    """Milliseconds of each stop."""
    lone = LonePort(injector)
    running = asyncio.create_task(lone.port.run(), name="lone port")
    took_ms = [await lone.stop(number) * 1000 for number in range(times)]
    running.cancel()
    await asyncio.wait([running])
    return took_ms


async def main() -> None:
    """All kinds, one after another."""
    url, identity, version, folder, *counts = sys.argv[1:]
    text = station_yaml(url, identity, version, driver=DRIVER, interval_s=1)
    took_ms: dict[str, list[float]] = {}
    async with running_charger(text, Path(folder), clock=SystemClock(speed=SPEED)) as charger:
        await charger.charge(2)
        await charger.charge(EVSE)
        with Injector() as injector:
            stops = Stops(charger, injector)
            kinds = {"pilot": stops.by_pilot, "fault": stops.by_fault, "deauthorized": stops.by_deauthorization}
            for (kind, stop), count in zip(kinds.items(), counts[:-1], strict=True):
                took_ms[kind] = [await stop() * 1000 for _ in range(int(count))]
            took_ms["port"] = await stop_port(injector, int(counts[-1]))
    print(json.dumps(took_ms))  # noqa: T201 - the bench reads it


if __name__ == "__main__":
    asyncio.run(main())
