"""A serial port that never waits."""

import asyncio
import os
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.serial_port import SerialPort
from tests.contracts.waiting import eventually


class Cable:
    """A pseudo-terminal: `far` is the other end."""

    def __init__(self) -> None:
        self.far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self.far, False)
        self.path = os.ttyname(self._near)
        self._is_cut = False

    def cut(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            os.close(self.far)
            os.close(self._near)


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    made.cut()


class Ears:
    def __init__(self) -> None:
        self.heard = b""
        self.lost: list[HalError] = []

    def hear(self, heard: bytes) -> None:
        self.heard += heard


def opened(path: str, ears: Ears) -> SerialPort:
    port = SerialPort(path, baudrate=115200, device="EVSE 1")
    port.open(heard=ears.hear, lost=ears.lost.append)
    return port


async def test_what_arrives_is_handed_on(cable: Cable) -> None:
    ears = Ears()
    port = opened(cable.path, ears)

    os.write(cable.far, b"$OK^20\r")

    await eventually(lambda: ears.heard == b"$OK^20\r")
    port.close()


async def test_what_is_written_arrives_from_any_thread(cable: Cable) -> None:
    port = opened(cable.path, Ears())

    writer = threading.Thread(target=port.write, args=(b"$FD^26\r",))
    writer.start()
    writer.join(timeout=2)
    await asyncio.sleep(0.02)

    assert os.read(cable.far, 99) == b"$FD^26\r"
    port.close()


async def test_a_cut_cable_is_told_once_and_the_port_is_closed(cable: Cable) -> None:
    ears = Ears()
    port = opened(cable.path, ears)

    cable.cut()

    await eventually(lambda: bool(ears.lost))
    await asyncio.sleep(0.02)
    assert [type(one) for one in ears.lost] == [DeviceGone]
    assert not port.is_open


async def test_nothing_can_be_written_to_a_closed_port(cable: Cable) -> None:
    port = opened(cable.path, Ears())
    port.close()
    port.close()

    with pytest.raises(DeviceGone, match="EVSE 1"):
        port.write(b"$GS^30\r")


async def test_a_line_that_takes_no_more_is_an_error_and_no_waiting(cable: Cable) -> None:
    port = opened(cable.path, Ears())

    def fill() -> None:
        for _ in range(1000):
            port.write(b"x" * 4000)

    with pytest.raises(DeviceGone):
        fill()

    port.close()


async def test_a_port_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="EVSE 1"):
        opened(str(tmp_path / "ttyUSB9"), Ears())


async def test_a_speed_that_the_port_does_not_know_is_a_wrong_setting(cable: Cable) -> None:
    port = SerialPort(cable.path, baudrate=-1, device="EVSE 1")

    with pytest.raises(WrongSettings) as refused:
        port.open(heard=Ears().hear, lost=Ears().lost.append)

    assert refused.value.path == ("baudrate",)
