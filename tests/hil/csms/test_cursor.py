"""Expecting calls in order."""

from datetime import UTC, datetime

from hil.csms.cursor import Cursor
from hil.csms.frame import Call, Result
from hil.csms.record import Direction, Message, MessageLog

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def heard(action: str, **payload: int) -> Message:
    return Message(Direction.IN, NOW, 0.0, "text", Call("1", action, payload), 1, action)


async def test_a_call_found_moves_the_cursor_past_it_and_what_was_before() -> None:
    log = MessageLog()
    for action in ("A", "B", "A"):
        log.append(heard(action))
    cursor = Cursor(log)

    found = [(await cursor.find(action, where=None, timeout_s=0.01))[0] for action in ("B", "A", "B")]

    assert found == [log[1], log[2], None]


async def test_a_search_in_vain_lists_calls_only_and_leaves_the_cursor() -> None:
    log = MessageLog()
    log.append(heard("A", x=1))
    log.append(Message(Direction.OUT, NOW, 0.0, "text", Result("1", {}), 1, "A"))
    cursor = Cursor(log)

    missed, passed = await cursor.find("A", where=lambda payload: payload["x"] == 2, timeout_s=0.01)
    found, _ = await cursor.find("A", where=None, timeout_s=0.01)

    assert missed is None
    assert len(passed) == 1
    assert found is log[0]
