"""The agent with two EVSEs charging, and reasons to stop: how long until the contactor is told to open.

    python -m tests.bench.clients.agent_stopping URL IDENTITY VERSION FOLDER PILOT FAULT DEAUTHORIZED

The last three: how often each. Both meters are polled, and samples committed and told, some fifty times a second
each; the bench asks it all the while. Prints JSON: kind -> milliseconds.
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
from hal.readings import FaultReading, PilotState
from tests.bench.clients.charger import CARD, Charger, running_charger, station_yaml
from tests.bench.clients.injector import Injector
from tests.bench.clients.iron import DRIVER

SPEED = 50.0
"""The clock is that fast, so that meters polled every second and samples due every second are so much more load."""
FAULT = "GroundFailure"
EVSE = 1
WITHIN_S = 0.008


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
            for (kind, stop), count in zip(kinds.items(), counts, strict=True):
                took_ms[kind] = [await stop() * 1000 for _ in range(int(count))]
    print(json.dumps(took_ms))  # noqa: T201 - the bench reads it


if __name__ == "__main__":
    asyncio.run(main())
