"""A charger's process seen from outside: start it, talk to it, kill it. The car and the meter outlive it."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from hal.sim import state_file
from tests.durability.charger import Orders
from tests.durability.lab_time import LabTime
from tests.durability.traps import INSIDE, Trap

ROOT = Path(__file__).parents[2]
STOPS_WITHIN_S = 15.0
HANGS_AFTER_S = 1.5
"""It gives a sign of life five times a second."""
REGISTER_WH = 1_234_567


class ChargerProcess:
    """One charger through all its lives. `says` is what it said last; None until it has woken."""

    def __init__(self, folder: Path, *, station_yaml: str, lab: LabTime, same_boot: bool) -> None:
        self.says: dict[str, Any] | None = None
        self.lives = 0
        self.kills = 0
        self.hangs: list[str] = []
        """When it showed no sign of life, though it was alive."""
        self.cars: list[tuple[datetime, bool]] = []
        """When the car came and went."""
        self.lab = lab
        self._folder = folder
        self._station_yaml = station_yaml
        self._same_boot = same_boot
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._is_plugged = False
        self._said_at_s = 0.0

    @property
    def board_file(self) -> Path:
        """Where the simulated iron keeps its state."""
        return self._folder / "board.json"

    @property
    def trace_file(self) -> Path:
        """What the charger did."""
        return self._folder / "trace.jsonl"

    @property
    def log_file(self) -> Path:
        """What the charger logged."""
        return self._folder / "charger.log"

    @property
    def data_dir(self) -> Path:
        """The charger's disk."""
        return self._folder / "data"

    @property
    def lives_now(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.returncode is None

    async def start(self, trap: Trap | None = None) -> None:
        """Power it up; the car that came or went meanwhile is there or gone."""
        self._move_car_in_file()
        orders = Orders(
            station_yaml=self._station_yaml,
            data_dir=str(self.data_dir),
            trace=str(self.trace_file),
            lab=self.lab.as_json(),
            same_boot=self._same_boot,
            trap=asdict(trap) if trap is not None and trap.spot in INSIDE else None,
        )
        self.says = None
        self.lives += 1
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.durability.charger",
                orders.text(),
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._listening = asyncio.create_task(self._listen(self._process), name="charger's display")

    def kill(self) -> None:
        """SIGKILL, at once; a hung process is noted."""
        silent_s = time.monotonic() - self._said_at_s
        if self.says is not None and self.lives_now and silent_s > HANGS_AFTER_S:
            self.hangs.append(f"life {self.lives} hung for {silent_s:.1f} s")
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def buried(self) -> int:
        """Wait until the process has ended, by whatever; returns its exit code."""
        if self._process is None or self._listening is None:
            raise AssertionError("it was never started")
        code = await self._process.wait()
        await self._listening
        self.says = None
        self.kills += code == -signal.SIGKILL
        return code

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self._process is None:
            raise AssertionError("it was never started")
        self._process.terminate()
        async with asyncio.timeout(STOPS_WITHIN_S):
            return await self.buried()

    async def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        if self._process is not None:
            await self.buried()

    def plug(self, *, plugged: bool) -> None:
        """A car comes or goes, whether or not the charger lives."""
        self._is_plugged = plugged
        self.cars.append((self.lab.wall(), plugged))
        self._order("plug" if plugged else "unplug")

    def present_card(self, value: str) -> None:
        """Hold a card before the reader; a dead one does not see it."""
        self._order(f"card {value}")

    async def until(self, is_so: Callable[[dict[str, Any]], bool], *, within_s: float) -> bool:
        """Wait until the charger says so; False where it does not in time (it may be dead for some of it)."""
        try:
            async with asyncio.timeout(within_s):
                while self.says is None or not is_so(self.says):
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def register_wh(self) -> int:
        """The meter's register, in whole Wh, as the iron keeps it."""
        kept = state_file.load(self.board_file)
        return REGISTER_WH if kept is None else kept.register_mj // 3_600_000

    def _order(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None and self.lives_now:
            # What a dying process does not read is lost, as it should be.
            self._process.stdin.write(line.encode() + b"\n")

    def _move_car_in_file(self) -> None:
        kept = state_file.load(self.board_file)
        if kept is not None and kept.plugged is not self._is_plugged:
            state_file.save(
                self.board_file,
                state_file.BoardState(
                    register_mj=kept.register_mj, plugged=self._is_plugged, soc_percent=kept.soc_percent
                ),
            )

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise AssertionError("no display")
        while line := await process.stdout.readline():
            if line.endswith(b"\n"):
                self.says, self._said_at_s = json.loads(line), time.monotonic()
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()
