"""The processes that are measured, and what they cost."""

import asyncio
import itertools
import os
import sys
import time
from pathlib import Path
from types import TracebackType

STOP_LIMIT_S = 10.0
KIB = 1024
NICE_GAP = 10
_numbers = itertools.count(1)


class Child:
    """A Python module run as a process of its own: `async with Child(folder, "agent.cli", "run", ...) as child:`."""

    def __init__(self, folder: Path, module: str, *arguments: str) -> None:
        self.began_s = 0.0
        self._folder = folder
        self._arguments = ("-m", module, *arguments)
        self._log = folder / f"log-{next(_numbers)}.txt"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "Child":
        with self._log.open("wb") as log:
            self.began_s = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, stdout=log, stderr=log, env=environment(self._folder)
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._own()
        ended_early = process.returncode is not None and process.returncode != 0
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if error is not None or ended_early:
            tail = self._log.read_text(errors="replace")[-3000:]  # noqa: ASYNC240 - nothing is measured any more
            print(f"{' '.join(self._arguments)} ({process.returncode}):\n{tail}", file=sys.stderr)  # noqa: T201 - a bench reports

    async def wait(self, *, limit_s: float) -> str:
        """Wait until it ends by itself; what it printed."""
        async with asyncio.timeout(limit_s):
            code = await self._own().wait()
        text = self._log.read_text(errors="replace")  # noqa: ASYNC240 - nothing is measured any more
        if code != 0:
            raise RuntimeError(f"{' '.join(self._arguments)} ended with {code}")
        return text

    def prefer(self) -> bool:
        """Let it go before others, as a service unit's Nice= does; False where that is not allowed."""
        try:
            os.setpriority(os.PRIO_PROCESS, self._own().pid, -NICE_GAP)
        except PermissionError:
            return False
        return True

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far, those that ended included."""
        # CPUCLOCK_SCHED of a process: the clock that clock_getcpuclockid(3) names
        return time.clock_gettime((~self._own().pid << 3) | 2)

    def pss_mib(self) -> float:
        """Proportional set size: shared pages count in parts."""
        return self._rollup("Pss:")

    def rss_mib(self) -> float:
        """Resident set size: what it would hold without anybody to share with."""
        return self._rollup("Rss:")

    def _rollup(self, key: str) -> float:
        text = Path(f"/proc/{self._own().pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) / KIB for line in text.splitlines() if line.startswith(key))

    def _own(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process


def environment(folder: Path) -> dict[str, str]:
    """As on a device: everything is compiled once, at the first run, and found compiled ever after."""
    own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - a string is wanted


class Burners:
    """So many processes that do nothing but use the CPU, for as long as the block lasts; `nice` as in nice(1)."""

    def __init__(self, count: int, *, nice: int = 0) -> None:
        self._count = count
        self._code = f"import os\nos.nice({nice:d})\nwhile True: pass"
        self._processes: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> "Burners":
        for _ in range(self._count):
            self._processes.append(await asyncio.create_subprocess_exec(sys.executable, "-c", self._code))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            await process.wait()
