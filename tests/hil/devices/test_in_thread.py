"""Emulated devices on a loop of their own."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hil.devices.in_thread import InThread


@asynccontextmanager
async def device(log: list[str]) -> AsyncIterator[str]:
    log.append(threading.current_thread().name)
    try:
        yield "it"
    finally:
        log.append("left")


def test_it_lives_in_another_thread_until_the_block_is_left() -> None:
    log: list[str] = []

    with InThread(lambda: device(log)) as it:
        assert it == "it"
        assert log == ["emulated devices"]

    assert log == ["emulated devices", "left"]


def test_something_can_be_done_on_its_loop() -> None:
    served = InThread(lambda: device([]))

    with served:
        assert served.do(lambda: threading.current_thread().name) == "emulated devices"
        with pytest.raises(ZeroDivisionError):
            served.do(lambda: 1 // 0)


def test_a_device_that_cannot_begin_says_why() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[str]:
        for name in ("no terminal left",):
            raise OSError(name)
        yield ""

    with pytest.raises(OSError, match="no terminal left"), InThread(broken):
        pass
