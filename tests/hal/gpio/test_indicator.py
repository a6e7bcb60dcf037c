"""Lights on every kind of GPIO line."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.indicator import GpioIndicator, GpioIndicatorSettings
from hal.gpio.wiring import OutputKeys
from tests.contracts.indicator import IndicatorContract
from tests.contracts.waiting import eventually
from tests.hal.gpio.rig import CONTEXT, Board

PINS = {"red": 5, "green": 6, "blue": 13}


def lights_on(board: Board, names: Iterable[str] = PINS, **settings: Any) -> GpioIndicator:
    lights = {name: OutputKeys(pin=PINS[name]) for name in names}
    return GpioIndicator(GpioIndicatorSettings(chip=board.chip, lights=lights, **settings), CONTEXT)


def lit(board: Board) -> list[str]:
    return [name for name, pin in PINS.items() if board.wire(pin).level]


@dataclass
class Bench:
    indicator: GpioIndicator
    driver: GpioIndicator
    board: Board

    async def shown(self) -> list[str]:
        await asyncio.sleep(0.02)
        return lit(self.board)


class TestGpioIndicator(IndicatorContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        indicator = lights_on(board)
        await indicator.start()
        yield Bench(indicator=indicator, driver=indicator, board=board)
        await indicator.stop()


async def test_it_is_dark_before_the_first_look(board: Board) -> None:
    indicator = lights_on(board)

    await indicator.start()
    await asyncio.sleep(0.02)

    assert lit(board) == []
    await indicator.stop()


async def test_a_light_blinks(board: Board) -> None:
    indicator = lights_on(board, looks={"charging": {"blue": "quick"}}, patterns={"quick": (0.03, 0.03)})
    await indicator.start()
    indicator.show("charging")

    for expected in (["blue"], [], ["blue"], []):
        await eventually(lambda expected=expected: lit(board) == expected)  # type: ignore[misc]  # a default binds it

    await indicator.stop()


async def test_a_look_that_is_shown_again_does_not_begin_anew(board: Board) -> None:
    indicator = lights_on(board, looks={"charging": {"blue": "late"}}, patterns={"late": (0.05, 5.0)})
    await indicator.start()
    indicator.show("charging")
    await eventually(lambda: lit(board) == ["blue"])

    for _ in range(10):
        indicator.show("charging")
        await asyncio.sleep(0.01)

    assert lit(board) == []
    await indicator.stop()


async def test_stopping_makes_it_dark(board: Board) -> None:
    indicator = lights_on(board)
    await indicator.start()
    indicator.show("fault")
    await eventually(lambda: lit(board) == ["red"])

    await indicator.stop()

    assert lit(board) == []
    with pytest.raises(DeviceGone):
        indicator.show("fault")


async def test_lights_that_are_lost_are_taken_anew_with_a_later_look(
    board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    indicator = lights_on(board)
    await indicator.start()
    indicator.show("free")
    await eventually(lambda: lit(board) == ["green"])
    board.cut()

    with caplog.at_level(logging.WARNING):
        indicator.show("fault")
        await eventually(lambda: "cannot be switched" in caplog.text)
    with pytest.raises(DeviceGone):
        indicator.show("offline")

    await indicator.stop()


@pytest.mark.parametrize("board", ["gpiod"], indirect=True)
async def test_a_chip_that_is_back_shows_the_next_look(board: Any) -> None:
    indicator = lights_on(board)
    await indicator.start()
    board.cut()
    indicator.show("fault")
    await asyncio.sleep(0.02)
    board.device.plug_in()

    indicator.show("fault")

    await eventually(lambda: lit(board) == ["red"])
    await indicator.stop()


async def test_a_look_that_nobody_knows_is_refused(board: Board) -> None:
    indicator = lights_on(board)
    await indicator.start()

    with pytest.raises(WrongSettings, match="sleepy"):
        indicator.show("sleepy")

    await indicator.stop()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"lights": {}}, ("lights",)),
        ({"lights": {"red": OutputKeys()}}, ("lights", "red", "pin")),
        ({"lights": {"red": OutputKeys(pin=5), "blue": OutputKeys(pin=5)}}, ("lights", "blue")),
        ({"looks": {"sleepy": {}}}, ("looks", "sleepy")),
        ({"looks": {"free": {"pink": "steady"}}}, ("looks", "free", "pink")),
        ({"looks": {"free": {"red": "waltz"}}}, ("looks", "free", "red")),
        ({"patterns": {"strobe": (0.001, 0.001)}}, ("patterns", "strobe", 0)),
        ({"patterns": {"long": (1.0,) * 100}}, ("patterns", "long")),
    ],
)
def test_impossible_settings_name_their_key(settings: dict[str, Any], path: tuple[str | int, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioIndicatorSettings(**{"lights": {"red": OutputKeys(pin=5)}, **settings})

    assert refused.value.path == path
