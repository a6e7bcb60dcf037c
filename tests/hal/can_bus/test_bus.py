"""A CAN bus through python-can."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import can
import pytest

from hal.can_bus.bus import BUS_OFF, CanBus
from hal.can_bus.commands import Frame
from hal.can_bus.settings import BusSettings
from hal.errors import DeviceGone, DeviceSilent, HalError, WrongSettings
from hil.devices.can_board_bus import PULLABLE, PullableBus
from tests.contracts.waiting import eventually
from tests.hal.can_bus.rig import a_bus, end_of_the_board

FRAME = Frame(0x123, b"\x01\x02")


class Ends:
    """Both ends of a bus."""

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings
        self.frames: list[Frame] = []
        self.losses: list[HalError] = []
        self.ours = CanBus(settings, device="EVSE 1", accepts=[], took=self.frames.append, lost=self.losses.append)
        self.theirs = end_of_the_board(settings)

    def say(self, **message: object) -> None:
        self.theirs.send(can.Message(**{"arbitration_id": 0x200, "is_extended_id": False, **message}))  # type: ignore[arg-type]

    async def heard(self) -> can.Message:
        """What we sent; over UDP a sender hears itself too."""
        while (message := await asyncio.to_thread(self.theirs.recv, 2)) is not None:
            if message.arbitration_id == FRAME.identifier:
                return message
        raise AssertionError("nothing was heard")


@asynccontextmanager
async def both_ends(settings: BusSettings) -> AsyncIterator[Ends]:
    PullableBus.register()
    ends = Ends(settings)
    try:
        await ends.ours.open()
        yield ends
    finally:
        await ends.ours.close()
        ends.theirs.shutdown()
        PullableBus.pulled.clear()
        PullableBus.clogged.clear()


@pytest.fixture(params=["virtual", "udp_multicast", PULLABLE])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    async with both_ends(a_bus(request.param)) as made:
        yield made


async def test_frames_go_both_ways(ends: Ends) -> None:
    ends.ours.send(FRAME)
    ends.say(data=b"\x03", is_extended_id=True, arbitration_id=0x18FF1234)

    heard = await ends.heard()
    await eventually(lambda: bool(ends.frames))

    assert (heard.arbitration_id, bytes(heard.data), heard.is_extended_id) == (0x123, b"\x01\x02", False)
    assert Frame(0x18FF1234, b"\x03", is_extended=True) in ends.frames


async def test_another_thread_may_send(ends: Ends) -> None:
    thread = threading.Thread(target=ends.ours.send, args=(FRAME,))

    thread.start()
    thread.join()

    assert (await ends.heard()).arbitration_id == 0x123


async def test_remote_frames_and_errors_that_are_not_the_end_are_no_data(ends: Ends) -> None:
    ends.say(is_remote_frame=True)
    ends.say(is_error_frame=True, arbitration_id=0x04, data=bytes(8))
    ends.say(data=b"\x07")

    await eventually(lambda: bool(ends.frames))

    assert ends.frames == [Frame(0x200, b"\x07")]
    assert ends.ours.error_frames == 1
    assert not ends.losses


async def test_bus_off_is_the_end(ends: Ends) -> None:
    ends.say(is_error_frame=True, arbitration_id=BUS_OFF, data=bytes(8))

    await eventually(lambda: bool(ends.losses))

    assert isinstance(ends.losses[0], DeviceGone)
    assert "bus-off" in str(ends.losses[0])


async def test_what_was_handed_over_is_sent_before_the_bus_is_given_back(ends: Ends) -> None:
    for number in range(20):
        ends.ours.send(Frame(0x100 + number, b""))
    ends.ours.send(FRAME)

    await ends.ours.close()

    heard = []
    while (message := await asyncio.to_thread(ends.theirs.recv, 0.1)) is not None:
        heard.append(message.arbitration_id)
    assert heard == [*range(0x100, 0x114), FRAME.identifier]


async def test_after_closing_nothing_can_be_sent(ends: Ends) -> None:
    await ends.ours.close()
    await ends.ours.close()

    with pytest.raises(DeviceGone, match="not open"):
        ends.ours.send(FRAME)


async def test_a_bus_that_takes_no_frames_is_silent_and_not_gone() -> None:
    async with both_ends(a_bus(PULLABLE)) as ends:
        PullableBus.clogged.add(ends.settings.channel)

        ends.ours.send(FRAME)

        await eventually(lambda: ends.ours.busy == 1)
        assert not ends.losses


async def test_a_queue_that_is_full_is_told_to_who_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with both_ends(a_bus("virtual")) as ends:

        def is_full(_bus: object, _message: object, timeout: float | None = None) -> None:
            raise can.CanOperationError("Transmit buffer full")

        monkeypatch.setattr("can.interfaces.virtual.VirtualBus.send", is_full)

        with pytest.raises(DeviceSilent, match="takes no frames"):
            ends.ours.send(FRAME)


async def test_an_adapter_that_is_pulled_ends_the_bus_and_cannot_be_opened() -> None:
    async with both_ends(a_bus(PULLABLE)) as ends:
        PullableBus.pulled.add(ends.settings.channel)

        await eventually(lambda: bool(ends.losses))
        await ends.ours.close()

        with pytest.raises(DeviceGone, match="cannot be opened"):
            await ends.ours.open()
    assert "Network is down" in str(ends.losses[0])


async def test_a_controller_whose_state_is_error_is_bus_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async with both_ends(a_bus("virtual")) as ends:
        monkeypatch.setattr("can.interfaces.virtual.VirtualBus.state", can.BusState.ERROR)

        ends.ours.check()

        assert "bus-off" in str(ends.losses[0])


async def test_bytes_over_udp_that_are_no_frame_are_noise() -> None:
    async with both_ends(a_bus("udp_multicast")) as ends:
        multicast: object = ends.theirs
        multicast._multicast.send(b"\xc1 nonsense")  # type: ignore[attr-defined]
        ends.say(data=b"\x07")

        await eventually(lambda: bool(ends.frames))

        assert ends.ours.noise == 1
        assert not ends.losses


async def test_a_socketcan_interface_that_is_not_there_is_gone() -> None:
    bus = CanBus(BusSettings(channel="nocan9"), device="EVSE 1", accepts=[(0x220, False)], took=print, lost=print)

    with pytest.raises(DeviceGone, match="EVSE 1: CAN nocan9 cannot be opened"):
        await bus.open()


async def test_an_interface_whose_own_library_is_missing_is_a_wrong_setting() -> None:
    bus = CanBus(BusSettings(channel="0", interface="gs_usb"), device="EVSE 1", accepts=[], took=print, lost=print)

    with pytest.raises(WrongSettings) as refused:
        await bus.open()

    assert refused.value.path == ("bus", "interface")
