"""A CSMS from outside as a process. It tells what happened as JSON lines, whatever it is made of:

listening (port), connected (station, subprotocol), disconnected, refused, boot (vendor, model), heartbeat,
status (evse, status), authorize (token), begun, updated, ended (transaction, register_wh, at, ...), report,
answer (action, result or error) and violation: something of ours that it did not like.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

Event = dict[str, Any]

ENDS_WITHIN_S = 10.0
SEEN_WITHIN_S = 30.0


class OutsideCsms:
    """One installation; it can be switched off and on again at the same port."""

    def __init__(self, command: Sequence[str], *, password: str) -> None:
        self.events: list[Event] = []
        self.said: list[str] = []
        """Its stderr."""
        self.port = 0
        self._command = [*command]
        self._password = password
        self._moved = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen, at the port of the last time."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            str(self.port),
            self._password,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = [
            asyncio.create_task(self._take_events(self._process.stdout), name="CSMS stdout"),
            asyncio.create_task(self._take_words(self._process.stderr), name="CSMS stderr"),
        ]
        seen = len(self.events)
        self.port = (await self.event("listening", after=seen))["port"]

    async def stop(self) -> None:
        """Gone, as after a crash."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        async with asyncio.timeout(ENDS_WITHIN_S):
            await self._process.wait()
            await asyncio.gather(*self._reading)
        self._process = None

    async def event(self, name: str, *, after: int = 0, within_s: float = SEEN_WITHIN_S, **values: Any) -> Event:
        """The first event of this name and with these values, not looking at the first `after` ones."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for one in self.events[after:]:
                        if one["event"] == name and values.items() <= one.items():
                            return one
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"the CSMS told of no {name!r} {values}:\n{self.story}") from None

    def all(self, name: str, **values: Any) -> list[Event]:
        """All such events so far."""
        return [one for one in self.events if one["event"] == name and values.items() <= one.items()]

    async def call(self, action: str, **params: Any) -> Event:
        """Ask the station; the answer's payload."""
        assert self._process is not None
        assert self._process.stdin is not None
        seen = len(self.events)
        self._process.stdin.write(json.dumps({"call": action, "params": params}).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await self.event("answer", after=seen, action=action)
        assert "result" in answer, f"{answer}\n{self.story}"
        result: Event = answer["result"]
        return result

    @property
    def story(self) -> str:
        """All that it told, for whoever must find out what went wrong."""
        return "\n".join((*map(json.dumps, self.events), *self.said))

    async def _take_events(self, stream: asyncio.StreamReader | None) -> None:
        async for line in _lines(stream):
            self.events.append(json.loads(line))
            self._moved.set()

    async def _take_words(self, stream: asyncio.StreamReader | None) -> None:
        async for line in _lines(stream):
            self.said.append(line)


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    assert stream is not None
    while line := await stream.readline():
        yield line.decode("utf-8", "replace").rstrip("\n")


@asynccontextmanager
async def running(command: Sequence[str], *, password: str) -> AsyncIterator[OutsideCsms]:
    """A listening CSMS until the block is left."""
    csms = OutsideCsms(command, password=password)
    try:
        await csms.start()
        yield csms
    finally:
        await csms.stop()
