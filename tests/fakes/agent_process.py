"""`evse-agent` as a process of its own, as systemd or a person starts it; what it said is read from its two streams."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENDS_WITHIN_S = 20.0

Event = dict[str, Any]


class AgentProcess:
    """A running command. `events` are its log lines so far, newest last."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Event] = []
        self.said: list[str] = []
        """Every line of stderr, log or not."""
        self.printed: list[str] = []
        """Every line of stdout."""
        self._process = process
        self._moved = asyncio.Event()
        self._reading = [
            asyncio.create_task(self._read(process.stderr, self.said), name="stderr"),
            asyncio.create_task(self._read(process.stdout, self.printed), name="stdout"),
        ]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def event(self, name: str, *, times: int = 1, within_s: float = ENDS_WITHIN_S, **values: Any) -> Event:
        """Wait until it has logged this event so often; the last one of them."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    found = [one for one in self.events if one["event"] == name and values.items() <= one.items()]
                    if len(found) >= times:
                        return found[times - 1]
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"no {name!r} {values}; it said:\n{self.output}") from None

    @property
    def output(self) -> str:
        """All that it wrote."""
        return "\n".join((*self.said, *self.printed))

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(2)

    async def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self._process.kill()
        await self.ended()

    async def ended(self, *, within_s: float = ENDS_WITHIN_S) -> int:
        """Wait for its end; the exit code."""
        try:
            async with asyncio.timeout(within_s):
                code = await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"it did not end within {within_s} s; it said:\n{self.output}") from None
        await asyncio.gather(*self._reading)
        return code

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def _read(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        if stream is None:
            raise AssertionError("no pipe")
        while line := await stream.readline():
            text = line.decode().rstrip("\n")
            lines.append(text)
            if (log := re.fullmatch(r"<\d>(\{.*\})", text)) is not None:
                self.events.append(json.loads(log[1]))
            self._moved.set()


@asynccontextmanager
async def agent_process(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> AsyncIterator[AgentProcess]:
    """`evse-agent ARGUMENTS...` until the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "agent.cli",
        *map(str, arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    running = AgentProcess(process)
    try:
        yield running
    finally:
        await running.close()


async def run_agent(*arguments: str | Path, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """`evse-agent ARGUMENTS...` to its end: exit code, stdout, stderr."""
    async with agent_process(*arguments, env=env) as running:
        code = await running.ended()
    return code, "\n".join(running.printed), "\n".join(running.said)
