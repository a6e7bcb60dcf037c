import asyncio
from collections.abc import AsyncIterator

import pytest

from hal.errors import DeviceGone
from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.sim.clock import ManualClock
from hal.sim.reader import SimReader, SimReaderSettings


def make() -> tuple[SimReader, ManualClock]:
    clock = ManualClock()
    return SimReader(SimReaderSettings(), DriverContext("reader 1", None, clock)), clock


async def next_token(tokens: AsyncIterator[TokenReading]) -> TokenReading:
    return await anext(tokens)


async def test_each_presentation_is_read_once() -> None:
    reader, clock = make()
    await reader.start()
    tokens = reader.tokens()
    waiting = asyncio.create_task(next_token(tokens), name="read")
    await clock.settle()

    reader.present("04A1B2C3")
    reader.present("1234", type="KeyCode")

    assert await waiting == TokenReading("04A1B2C3", "ISO14443")
    assert await next_token(tokens) == TokenReading("1234", "KeyCode")
    await reader.stop()


async def test_a_card_before_a_reader_nobody_listens_to_is_lost() -> None:
    reader, clock = make()
    reader.present("04A1B2C3")
    waiting = asyncio.create_task(next_token(reader.tokens()), name="read")
    await clock.settle()

    reader.present("04D4E5F6")

    assert (await waiting).value == "04D4E5F6"


async def test_a_reader_that_is_gone_raises_until_it_is_back() -> None:
    reader, clock = make()
    reader.set_failed(failed=True)
    with pytest.raises(DeviceGone, match="reader 1"):
        await next_token(reader.tokens())
    reader.set_failed(failed=False)
    waiting = asyncio.create_task(next_token(reader.tokens()), name="read")
    await clock.settle()

    reader.present("04A1B2C3")

    assert (await waiting).value == "04A1B2C3"
