"""An emulated SDM630 whose load is what the simulated car draws, and every answer it ever gave."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from agent.clock import Clock
from hil.devices.pty_pair import PtyPair
from hil.devices.sdm630 import EmulatedMeter, MeterServer, Phases

LOAD_FOLLOWS_S = 0.005
FIRST_KWH = 1234.567
NOTHING: Phases = (0.0, 0.0, 0.0)

# SDM630 protocol description: input registers by their address
VOLTS, AMPS, WATTS = (0, 2, 4), (6, 8, 10), (12, 14, 16)
SYSTEM_WATTS, IMPORT_KWH = 52, 72
LATE_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Served:
    """The float32 registers in one answer, and the station's time as it was given."""

    at: datetime
    registers: dict[int, float]


class RecordingMeter(EmulatedMeter):
    """Remembers what it told."""

    def __init__(self, clock: Clock, *, first_kwh: float = FIRST_KWH) -> None:
        super().__init__(clock=clock.monotonic, import_kwh=first_kwh)
        self.served: list[Served] = []
        self.draw_a: Callable[[], Phases] = lambda: NOTHING
        self._station_clock = clock

    def words(self) -> list[int]:
        """Keep what is told: the very words, for a moment later the registers are others."""
        self.follow()
        at, words = self._station_clock.now().wall, super().words()
        told = {address: _float_at(words, address) for address in self.registers()}
        self.served.append(Served(at, told))
        return words

    def follow(self) -> None:
        """The load is what the car draws; the voltage sags a little with it, each phase its own way."""
        draw_a = one, two, three = self.draw_a()
        self.set_load(current_a=draw_a, voltage_v=(230.3 - one / 10, 229.7 - two / 10, 231.1 - three / 10))

    def answers_from(self, at: datetime) -> list[tuple[Served, Served]]:
        """The pairs of answers that a reading begun at this time (milliseconds are cut off) may consist of.

        On a busy machine the first answer from then on may still be a late one to a reading given up before.
        """
        later = [served for served in self.served if served.at.timestamp() >= at.timestamp()]
        return list(pairwise(later))[:LATE_ANSWERS]

    def last_answer_until(self, at: datetime) -> Served:
        """The newest answer by then."""
        return [served for served in self.served if served.at <= at][-1]

    def import_wh(self) -> int:
        """What its display shows, to the watt-hour."""
        return round(self.registers()[IMPORT_KWH] * 1000)


def _float_at(words: list[int], address: int) -> float:
    (value,) = struct.unpack(">f", struct.pack(">HH", *words[address : address + 2]))
    return float(value)


@dataclass(frozen=True, slots=True)
class MeteredLine:
    """A meter on a line, and the keys by which the station finds it there."""

    meter: RecordingMeter
    driver: dict[str, Any]


@asynccontextmanager
async def metered_line(kind: str, *, clock: Clock, first_kwh: float = FIRST_KWH) -> AsyncIterator[MeteredLine]:
    """`tcp`: Modbus TCP; `rtu`: Modbus RTU on a pseudo-terminal."""
    meter = RecordingMeter(clock, first_kwh=first_kwh)
    server = MeterServer(meter)
    keys: dict[str, Any] = {"driver": "modbus-meter", "map": "eastron-sdm630", "timeout_s": 0.15, "retries": 0}
    async with PtyPair() as cable:
        if kind == "tcp":
            port = await server.start_tcp()
            keys |= {"host": "127.0.0.1", "tcp_port": port}
        else:
            await server.start_serial(cable.left, baudrate=115200)
            keys |= {"port": cable.right, "baudrate": 115200, "parity": "N"}
        try:
            yield MeteredLine(meter, keys)
        finally:
            await server.stop()


async def keep_load(meter: RecordingMeter) -> None:
    """Let the meter's load follow, for ever."""
    while True:
        meter.follow()
        await asyncio.sleep(LOAD_FOLLOWS_S)
