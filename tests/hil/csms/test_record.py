"""The log of a station."""

from datetime import UTC, datetime

from hil.csms.frame import Call, Frame, Refusal, Result, Unreadable
from hil.csms.record import TEXT_SHOWN, Direction, Message, MessageLog, one_line

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def message(frame: Frame, *, way: Direction = Direction.IN, text: str = "...") -> Message:
    return Message(way, NOW, 0.0, text, frame, 1, "Reset")


async def test_the_log_lets_the_oldest_go_and_positions_stay() -> None:
    log = MessageLog(keep=4)

    for number in range(6):
        log.append(message(Call(str(number), "Reset", {})))

    assert len(log) <= 4
    assert log.end == 6
    assert [position for position, _ in log.since(5)] == [5]
    assert [position for position, _ in log.since(0)] == [2, 3, 4, 5]


async def test_calls_gives_the_stations_payloads_of_an_action() -> None:
    log = MessageLog()

    log.append(message(Call("1", "Reset", {"n": 1})))
    log.append(message(Call("2", "Reset", {"n": 2}), way=Direction.OUT))
    log.append(message(Call("3", "Other", {"n": 3})))

    assert log.calls("Reset") == [{"n": 1}]


def test_one_line_says_direction_and_kind_and_shortens_long_texts() -> None:
    lines = [
        one_line(message(Call("1", "Heartbeat", {}))),
        one_line(message(Result("1", {}), way=Direction.OUT)),
        one_line(message(Refusal("1", "GenericError", ""))),
        one_line(message(Unreadable(None, "no JSON"), text="x" * 1000)),
    ]

    assert lines[0] == "-> Heartbeat ..."
    assert lines[1] == "<- Reset answered ..."
    assert lines[2] == "-> Reset refused with GenericError ..."
    assert len(lines[3]) < TEXT_SHOWN + 40
