"""What every Indicator must do, whatever it is made of: subclass IndicatorContract and give it a bench."""

from typing import Protocol

import pytest

from hal.parts import Driver, Indicator

LOOKS = (
    "free",
    "authorized",
    "charging",
    "suspended",
    "finishing",
    "reserved",
    "unavailable",
    "fault",
    "offline",
)


class IndicatorBench(Protocol):
    """A started indicator."""

    indicator: Indicator
    driver: Driver

    async def shown(self) -> object:
        """What is to be seen, for a while where it moves; equal for equal looks."""
        ...


class IndicatorContract:
    """Needs a fixture `bench` that gives an IndicatorBench."""

    @pytest.fixture
    def bench(self) -> IndicatorBench:
        raise NotImplementedError

    @pytest.mark.parametrize("look", LOOKS)
    async def test_every_look_can_be_shown(self, bench: IndicatorBench, look: str) -> None:
        bench.indicator.show(look)
        bench.indicator.show(look)

        assert await bench.shown() is not None

    async def test_a_fault_does_not_look_like_a_free_charger(self, bench: IndicatorBench) -> None:
        bench.indicator.show("free")
        free = await bench.shown()

        bench.indicator.show("fault")

        assert await bench.shown() != free

    async def test_the_last_look_counts(self, bench: IndicatorBench) -> None:
        bench.indicator.show("free")
        free = await bench.shown()

        for look in ("charging", "fault", "free"):
            bench.indicator.show(look)

        assert await bench.shown() == free

    async def test_it_can_be_stopped_and_started_again(self, bench: IndicatorBench) -> None:
        bench.indicator.show("charging")
        await bench.driver.stop()

        await bench.driver.start()
        bench.indicator.show("free")

        assert await bench.shown() is not None
