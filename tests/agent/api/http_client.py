"""The smallest HTTP client that shows everything; it shares no code with the server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 5.0


@dataclass
class Reply:
    """A response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request and its reply; `body` goes as JSON, `raw` as it is."""
        content = json.dumps(body).encode() if body is not None else raw or b""
        await self.send(request(method, path, content, headers or {}))
        return await self.reply(to=method)

    async def reply(self, *, to: str = "GET") -> Reply:
        async with asyncio.timeout(PATIENCE_S):
            status, headers = await self.head()
            if to == "HEAD" or status == 204:
                return Reply(status, headers, b"")
            return Reply(status, headers, await self.reader.readexactly(int(headers["content-length"])))

    async def head(self) -> tuple[int, dict[str, str]]:
        async with asyncio.timeout(PATIENCE_S):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), headers

    async def rest(self) -> bytes:
        """All until the server closes."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()

    async def event(self) -> dict[str, str]:
        """The next event of a stream, its comments skipped; the chunks' sizes are read past."""
        found: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            while "data" not in found or found.get("end") is None:
                line = (await self.reader.readuntil(b"\n")).decode().strip("\r\n")
                if not line and "data" in found:
                    found["end"] = ""
                name, colon, value = line.partition(": ")
                if colon and name in ("id", "event", "data"):
                    found[name] = value
        del found["end"]
        return found


def request(method: str, path: str, content: bytes, headers: dict[str, str]) -> bytes:
    """A request's bytes, with the headers a polite client sends unless they are given."""
    sent = {"Host": "localhost"}
    if content:
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**sent, **headers}.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000_000)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
