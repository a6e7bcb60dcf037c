"""The serial cable between two pseudo-terminals."""

import asyncio
import os
from pathlib import Path

import pytest

from hil.devices.pty_pair import PtyPair


async def read_some(descriptor: int) -> bytes:
    async with asyncio.timeout(2):
        while True:
            try:
                return os.read(descriptor, 1000)
            except BlockingIOError:
                await asyncio.sleep(0.001)


def open_end(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


async def test_what_goes_in_at_one_end_comes_out_at_the_other_unchanged() -> None:
    every_byte = bytes(range(256))
    async with PtyPair() as cable:
        left, right = open_end(cable.left), open_end(cable.right)

        os.write(left, every_byte)
        arrived = await read_some(right)
        os.write(right, b"\x00\r\n\x03")
        back = await read_some(left)

        os.close(left)
        os.close(right)
    assert (arrived, back) == (every_byte, b"\x00\r\n\x03")


async def test_nothing_passes_a_cut_cable() -> None:
    async with PtyPair() as cable:
        left, right = open_end(cable.left), open_end(cable.right)

        cable.unplug()
        os.write(left, b"lost")
        await asyncio.sleep(0.01)

        with pytest.raises(BlockingIOError):
            os.read(right, 100)
        os.close(left)
        os.close(right)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptor_stays_open() -> None:
    before = open_descriptors()

    async with PtyPair():
        pass

    assert open_descriptors() == before
