"""A place in a station's log from which calls are expected in order."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from hil.csms.frame import Call, Payload, Unreadable
from hil.csms.record import Direction, Message, MessageLog, one_line

LISTED: Final = 30  # of what came instead


class Cursor:
    """Moves past a call that was found, and past all before it; a search in vain leaves it where it was."""

    def __init__(self, messages: MessageLog, *, start: int = 0) -> None:
        self._messages = messages
        self._position = start

    async def find(
        self, action: str, *, where: Callable[[Payload], bool] | None, timeout_s: float
    ) -> tuple[Message | None, list[str]]:
        """The next call of an action that fits, or None when the time is up; and, in lines, what came before it."""
        position = self._position
        passed: deque[str] = deque(maxlen=LISTED)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for at, message in self._messages.since(position):
                        position = at + 1
                        if is_call(message, action, where=where):
                            self._position = position
                            return message, list(passed)
                        if message.direction is Direction.IN and isinstance(message.frame, Call | Unreadable):
                            passed.append(f"  {message.at:%H:%M:%S.%f} {one_line(message)}")
                    await self._messages.grown()
        except TimeoutError:
            return None, list(passed)


def is_call(message: Message, action: str, *, where: Callable[[Payload], bool] | None) -> bool:
    """Whether the station made this call, with a payload that fits."""
    frame = message.frame
    if message.direction is not Direction.IN or not isinstance(frame, Call) or frame.action != action:
        return False
    return where is None or where(frame.payload)
