"""A serial adapter made of pseudo-terminals."""

import asyncio
import os
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hil.devices.pty_line import PtyLine

SPEED_AT = (4, 5)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[PtyLine]:
    async with PtyLine(tmp_path / "adapter", baudrate=19200) as line:
        yield line


def opened(path: Path | str, *, speed: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    attributes = termios.tcgetattr(descriptor)
    for at in SPEED_AT:
        attributes[at] = speed
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    return descriptor


async def passed(source: int, target: int) -> bytes:
    os.write(source, b"hello")
    await asyncio.sleep(0.02)
    return os.read(target, 100)


async def test_bytes_pass_both_ways_at_the_right_speed(line: PtyLine) -> None:
    host, device = opened(line.path, speed=termios.B19200), opened(line.device, speed=termios.B9600)

    assert (await passed(host, device), await passed(device, host)) == (b"hello", b"hello")

    os.close(host)
    os.close(device)


async def test_at_another_speed_they_arrive_garbled(line: PtyLine) -> None:
    host, device = opened(line.path, speed=termios.B9600), opened(line.device, speed=termios.B19200)

    assert b"hello" not in (await passed(host, device), await passed(device, host))

    os.close(host)
    os.close(device)


async def test_unplugged_the_path_is_gone_and_who_has_it_open_reads_an_end(line: PtyLine) -> None:
    host = opened(line.path, speed=termios.B19200)

    line.unplug()

    assert not line.path.exists()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(host, b"x")
    os.close(host)


async def test_plugged_in_again_it_is_at_the_same_path(line: PtyLine) -> None:
    line.unplug()
    line.unplug()

    line.plug()
    line.plug()

    host, device = opened(line.path, speed=termios.B19200), opened(line.device, speed=termios.B9600)
    assert await passed(host, device) == b"hello"
    os.close(host)
    os.close(device)


async def test_leaving_takes_the_link_away(tmp_path: Path) -> None:
    async with PtyLine(tmp_path / "adapter") as line:
        assert line.path.is_symlink()

    assert not line.path.is_symlink()


async def test_a_path_that_is_taken_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "adapter").write_text("mine", encoding="utf-8")

    with pytest.raises(FileExistsError):
        async with PtyLine(tmp_path / "adapter"):
            pass

    assert (tmp_path / "adapter").exists()
