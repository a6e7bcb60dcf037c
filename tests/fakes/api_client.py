"""A client of the local API, as curl would be a process of its own."""

import asyncio
import http.client
import json
from typing import Any


class Api:
    """A blocking HTTP client in a thread."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and body; JSON is read."""
        return await asyncio.to_thread(self._ask, "GET", path, None)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body; JSON is read."""
        return await asyncio.to_thread(self._ask, "POST", path, body)

    async def status(self, evse: int, status: str, *, within_s: float = 20.0) -> dict[str, Any]:
        """The status page once that EVSE shows that status."""
        async with asyncio.timeout(within_s):
            while True:
                _, page = await self.get("/api/v1/status")
                if page["evses"][evse - 1]["status"] == status:
                    found: dict[str, Any] = page
                    return found
                await asyncio.sleep(0.05)

    async def charge(self, *, evse: int = 1, card: str = "CARD-0001") -> dict[str, Any]:
        """A car plugs in, a card is held, energy flows; the status page."""
        await self.status(evse, "Available")
        assert await self.post(f"/api/v1/sim/evses/{evse}/plug-in") == (204, "")
        await self.status(evse, "Preparing")
        assert await self.post("/api/v1/sim/tokens", {"id_token": card, "evse_id": evse}) == (204, "")
        return await self.status(evse, "Charging")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.getheader("Content-Type") or ""
            return answer.status, json.loads(text) if "json" in kind else text
        finally:
            connection.close()
