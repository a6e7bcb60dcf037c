"""Threads between a bus and the event loop."""

import asyncio
import threading

import can

from hal.can_bus.threads import ReceiveThread, SendThread
from tests.contracts.waiting import eventually
from tests.hal.can_bus.rig import a_bus


class Blocked:
    """A bus whose sending waits."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.sent: list[can.Message] = []
        self.is_sending = False

    def send(self, message: can.Message, timeout: float | None = None) -> None:  # noqa: ARG002 - python-can names it
        self.is_sending = True
        self.may_go.wait(5)
        self.sent.append(message)


async def test_frames_and_then_the_failure_arrive_in_order() -> None:
    channel = a_bus().channel
    arrived: list[object] = []
    with can.Bus(channel, "virtual") as theirs:
        ours = can.Bus(channel, "virtual")
        thread = ReceiveThread(ours, name="receiving", arrived=lambda: arrived.extend(thread.take()))

        for number in range(3):
            theirs.send(can.Message(arbitration_id=number, is_extended_id=False))
        await eventually(lambda: len(arrived) == 3)
        ours.shutdown()
        await eventually(lambda: len(arrived) == 4)

        thread.end()
    assert [one.arbitration_id for one in arrived if isinstance(one, can.Message)] == [0, 1, 2]
    assert isinstance(arrived[3], can.CanOperationError)


async def test_sending_never_waits_and_a_newer_frame_takes_the_place_of_one_that_does() -> None:
    bus = Blocked()
    thread = SendThread(bus, name="sending", failed=lambda _error: None)  # type: ignore[arg-type]
    thread.put(can.Message(arbitration_id=9))
    await eventually(lambda: bus.is_sending)

    for number in range(200):
        thread.put(can.Message(arbitration_id=number % 2, data=[number]))

    bus.may_go.set()
    await asyncio.to_thread(thread.end)
    assert [(one.arbitration_id, *one.data) for one in bus.sent] == [(9,), (0, 198), (1, 199)]


async def test_a_failure_to_send_is_told_in_the_event_loop() -> None:
    failures: list[Exception] = []
    bus = can.Bus(a_bus().channel, "virtual")
    bus.shutdown()
    thread = SendThread(bus, name="sending", failed=failures.append)

    thread.put(can.Message(arbitration_id=1))

    await eventually(lambda: bool(failures))
    thread.end()
    assert isinstance(failures[0], can.CanOperationError)
