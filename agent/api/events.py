"""Events for those who watch: published once, queued for each client, never waiting for a slow one."""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

from agent.api.json_text import to_json
from agent.api.limits import Limits
from agent.log import get_logger

log = get_logger(__name__)


class EventName(StrEnum):
    """What an event tells of. `snapshot` is the whole status, as /api/v1/status shows it, and begins every stream."""

    SNAPSHOT = "snapshot"
    STATUS = "status"
    TRANSACTION = "transaction"
    FACT = "fact"
    FAULT = "fault"
    TOKEN = "token"  # noqa: S105 - an event's name, no password
    LINK = "link"
    METER = "meter"


class TooManyClients(Exception):
    """No room for one more client."""


class Subscription:
    """One client's share of the events; a context manager that ends it."""

    def __init__(self, stream: "EventStream", *, capacity: int, dropped: Callable[[], None]) -> None:
        self._stream = stream
        self._capacity = capacity
        self._dropped = dropped
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.leave(self)
        self.close()

    def put(self, event: bytes) -> bool:
        """Queue an event; false where the client is too far behind, which ends it."""
        if len(self._waiting) >= self._capacity:
            self.close()
            self._dropped()
            return False
        self._waiting.append(event)
        self._news.set()
        return True

    def close(self) -> None:
        """Nothing more will come."""
        self._open = False
        self._waiting.clear()
        self._news.set()

    async def next(self) -> bytes | None:
        """All that waits, joined; None once it is over."""
        await self._news.wait()
        if not self._open:
            return None
        self._news.clear()
        joined = b"".join(self._waiting)
        self._waiting.clear()
        return joined


class EventStream:
    """Where the app publishes. Ids count up by one a process: a gap tells a client that it missed something."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._subscriptions: list[Subscription] = []
        self.last_id = 0
        self.clients_dropped = 0

    @property
    def clients(self) -> int:
        """How many watch now."""
        return len(self._subscriptions)

    def publish(self, name: EventName, data: object) -> None:
        """Tell everybody; dataclasses, mappings and tokens (masked) as `agent.api.json_text` knows them.

        Returns at once, never raises for a client's sake. Call it on the event loop.
        """
        self.last_id += 1
        if not self._subscriptions:
            return
        event = encode(name, data, event_id=self.last_id)
        for subscription in tuple(self._subscriptions):
            if not subscription.put(event):
                self.leave(subscription)
                self.clients_dropped += 1
                log.warning("slow event client dropped", waiting=self._limits.events_per_client)

    def subscribe(self, *, dropped: Callable[[], None]) -> Subscription:
        """A client's share from now on; `dropped` is called should it fall behind. Raises TooManyClients."""
        if len(self._subscriptions) >= self._limits.event_clients:
            raise TooManyClients(f"{self._limits.event_clients} clients watch already")
        subscription = Subscription(self, capacity=self._limits.events_per_client, dropped=dropped)
        self._subscriptions.append(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a client; harmless where it is gone."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)


def encode(name: EventName, data: object, *, event_id: int) -> bytes:
    """One event in the text/event-stream format; JSON never holds a bare line feed, so one data line is enough."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event_id, name.value.encode(), to_json(data))
