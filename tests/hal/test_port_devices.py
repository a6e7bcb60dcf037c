import asyncio
from collections.abc import AsyncIterator

import pytest

from hal.errors import DeviceGone, HalError
from hal.port_devices import LAST_RETRY_S, Device, Devices, follow_forever, keep_open
from hal.sim.clock import ManualClock


class Gadget:
    """A driver with one stream: fails to open `failures` times; `items` end the stream with a loss."""

    def __init__(self, *, failures: int = 0, items: tuple[str, ...] = ("one",)) -> None:
        self.failures = failures
        self.items = items
        self.log: list[str] = []

    async def start(self) -> None:
        self.log.append("start")
        if self.failures:
            self.failures -= 1
            raise DeviceGone("not there")

    async def stop(self) -> None:
        self.log.append("stop")

    async def stream(self) -> AsyncIterator[str]:
        try:
            for item in self.items:
                yield item
        finally:
            self.log.append("closed")


class Ear:
    """Notes what follow_forever says."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def opened(self) -> None:
        self.heard.append("opened")

    def took(self, item: str) -> None:
        self.heard.append(item)

    def lost(self, error: HalError) -> None:
        self.heard.append(f"lost: {error}")


async def follow(gadget: Gadget, ear: Ear, clock: ManualClock, *, seconds: float) -> None:
    task = asyncio.create_task(
        follow_forever(
            gadget,
            gadget.stream,
            devices=Devices([gadget]),
            clock=clock,
            opened=ear.opened,
            took=ear.took,
            lost=ear.lost,
        ),
        name="follower",
    )
    await clock.advance(seconds)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_device_that_cannot_be_opened_is_tried_again() -> None:
    gadget, ear = Gadget(failures=1), Ear()

    await follow(gadget, ear, ManualClock(), seconds=0.6)

    assert ear.heard[:3] == ["lost: not there", "opened", "one"]


async def test_a_stream_that_ends_is_a_loss_and_the_device_is_opened_anew() -> None:
    gadget, ear = Gadget(), Ear()

    await follow(gadget, ear, ManualClock(), seconds=0.6)

    assert ear.heard[:5] == ["opened", "one", "lost: stopped reporting", "opened", "one"]
    assert gadget.log[:4] == ["start", "closed", "stop", "start"]


async def test_the_pause_between_two_tries_grows_to_its_limit() -> None:
    gadget, ear = Gadget(failures=1000), Ear()

    await follow(gadget, ear, ManualClock(), seconds=100.0)

    assert 100 / LAST_RETRY_S < len(gadget.log) < 16


async def test_a_device_of_two_parts_is_opened_again_once_only() -> None:
    gadget = Gadget()
    device = Device(gadget)
    opening = await device.open()

    await device.lost(opening)
    again = await device.open()
    await device.lost(opening)  # the second part notices late

    assert again == opening + 1
    assert gadget.log == ["start", "stop", "start"]


async def test_devices_are_found_by_identity_and_closed_the_last_first() -> None:
    order: list[str] = []

    class Named(Gadget):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        async def stop(self) -> None:
            order.append(self.name)

    first, second = Named("first"), Named("second")
    devices = Devices([first, second])

    await devices.close()
    found = devices.of(first)

    assert order == ["second", "first"]
    assert found is not None
    assert found.driver is first
    assert devices.of(Gadget()) is None


async def test_a_device_that_does_not_stop_cleanly_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Gadget):
        async def stop(self) -> None:
            raise DeviceGone("bus is dead")

    await Device(Stubborn()).close()

    assert "bus is dead" in caplog.text


async def test_who_comes_late_cannot_open_what_was_closed() -> None:
    gadget = Gadget()
    device = Device(gadget)
    await device.open()
    await device.close()

    with pytest.raises(DeviceGone, match="closed"):
        await device.open()
    log = list(gadget.log)
    device.admit()
    await device.open()

    assert log == ["start", "stop"]
    assert gadget.log == ["start", "stop", "start"]


async def test_a_device_nobody_follows_is_opened_once_it_can_be() -> None:
    gadget, ear, clock = Gadget(failures=2), Ear(), ManualClock()
    task = asyncio.create_task(keep_open(Device(gadget), clock=clock, lost=ear.lost), name="opener")

    await clock.advance(2.0)

    assert task.done()
    assert ear.heard == ["lost: not there", "lost: not there"]
