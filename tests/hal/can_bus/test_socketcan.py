"""What only Linux's own CAN stack can show: an interface that goes down, or away. On the bus the environment names.

EVSE_CAN_INTERFACE=socketcan EVSE_CAN_CHANNEL=vcan0, as root. Without them a bus in memory stands in, whose adapter can
be pulled.
"""

import asyncio
import dataclasses
import os
import subprocess
from collections.abc import AsyncIterator

import pytest

from hal.errors import DeviceGone, HalError
from hil.devices.can_board_bus import PULLABLE, PullableBus
from tests.contracts.board_charge import charging
from tests.contracts.waiting import eventually, following
from tests.hal.can_bus.rig import HEARTBEAT, CanRig, a_bus, can_rig, named_bus, started_again

CHANNEL = os.environ.get("EVSE_CAN_CHANNEL", "")
IS_SOCKETCAN = os.environ.get("EVSE_CAN_INTERFACE") == "socketcan"


async def ip_link(*words: str) -> None:
    done = await asyncio.to_thread(subprocess.run, ["ip", "link", *words], check=False, timeout=10)
    assert done.returncode == 0


class Adapter:
    """A virtual CAN interface of this machine, or its stand-in."""

    def __init__(self, rig: CanRig) -> None:
        self._end = rig.driver._link._bus._settings.channel

    async def down(self) -> None:
        if IS_SOCKETCAN:
            await ip_link("set", CHANNEL, "down")
        else:
            PullableBus.pulled.add(self._end)

    async def up(self) -> None:
        if IS_SOCKETCAN:
            await ip_link("set", CHANNEL, "up")
        else:
            PullableBus.pulled.discard(self._end)

    async def remove(self) -> None:
        if IS_SOCKETCAN:
            await ip_link("del", CHANNEL)
        else:
            PullableBus.pulled.add(self._end)

    async def put_back(self) -> None:
        if IS_SOCKETCAN:
            await ip_link("add", "dev", CHANNEL, "type", "vcan")
        await self.up()


@pytest.fixture
async def rig() -> AsyncIterator[CanRig]:
    bus = named_bus() if IS_SOCKETCAN else a_bus(PULLABLE)
    async with can_rig(bus, heartbeat=dataclasses.replace(HEARTBEAT, timeout_s=0.4)) as made:
        yield made


async def failure_of(rig: CanRig) -> HalError:
    """What ends the positions."""
    try:
        async with asyncio.timeout(3), following(rig.driver.positions()) as positions:
            async for _ in positions:
                continue
    except HalError as failure:
        return failure
    raise AssertionError("the positions ended without an error")


async def test_an_interface_that_goes_down_is_gone_and_taken_up_again(rig: CanRig) -> None:
    await charging(rig)
    adapter = Adapter(rig)

    await adapter.down()

    assert isinstance(await failure_of(rig), DeviceGone)
    await rig.driver.stop()
    await eventually(lambda: not rig.closed())
    await adapter.up()
    await started_again(rig)
    await charging(rig)


async def test_an_interface_that_is_removed_is_gone_until_it_is_put_back(rig: CanRig) -> None:
    await charging(rig)
    adapter = Adapter(rig)

    await adapter.remove()

    assert isinstance(await failure_of(rig), DeviceGone)
    await rig.driver.stop()
    with pytest.raises(DeviceGone):
        await rig.driver.start()
    await adapter.put_back()
    await started_again(rig)
    await charging(rig)
