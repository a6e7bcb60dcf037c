"""A charger on the bench: real drivers for contactor and meter, a simulated car, a bench CSMS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clock import SystemClock
from hil.csms.server import BenchCsms
from tests.fakes.metered_line import FIRST_KWH, NOTHING, RecordingMeter, keep_load, metered_line
from tests.fakes.running_station import RunningStation, StationFile, running_station
from tests.fakes.wired_relay import COIL_PIN, MIRROR_PIN, WiredRelay, wired_relay

REAL_IO_SPEED = 20.0
"""How much faster than real time a station with real lines runs: a Modbus read takes milliseconds of real time."""


@dataclass(frozen=True, slots=True)
class ChargerBench:
    """The station and the iron around it."""

    station: RunningStation
    relay: WiredRelay
    meter: RecordingMeter

    @property
    def energy_flows(self) -> bool:
        """Whether the car gets anything."""
        return self.relay.closed and sum(self.station.evse().draw_a) > 0


@asynccontextmanager
async def charger_bench(
    csms: BenchCsms,
    data_dir: Path,
    *,
    line: str = "tcp",
    first_kwh: float = FIRST_KWH,
    clock: SystemClock | None = None,
    evse_keys: dict[str, Any] | None = None,
    variables: dict[str, str] | None = None,
) -> AsyncIterator[ChargerBench]:
    """One EVSE: pilot simulated, contactor on pins 17 and 27, SDM630 on a line.

    The same folder and clock again are the same station after a restart of its process.
    """
    clock = clock or SystemClock(speed=REAL_IO_SPEED)
    with wired_relay() as relay:
        relay.attach(asyncio.get_running_loop())
        async with metered_line(line, clock=clock, first_kwh=first_kwh) as metered:
            parts = {
                "pilot": {"driver": "sim"},
                "contactor": {"driver": "gpio", "pin": COIL_PIN, "feedback_pin": MIRROR_PIN},
                "meter": metered.driver,
            }
            file = StationFile(
                ocpp=("ocpp2.0.1", "ocpp1.6"),
                evses=(parts,),
                evse_keys=evse_keys or {},
                connector={},
                variables=variables or {},
            )
            async with running_station(csms, data_dir, file=file, clock=clock) as station:
                metered.meter.draw_a = lambda: station.evse().draw_a if relay.closed else NOTHING
                relay.on_moved = metered.meter.follow
                load = asyncio.create_task(keep_load(metered.meter), name="load on the meter")
                try:
                    yield ChargerBench(station, relay, metered.meter)
                finally:
                    load.cancel()
                    await asyncio.wait([load])
