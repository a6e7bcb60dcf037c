"""What every PhaseSwitch must do, whatever it is made of: subclass PhaseSwitchContract and give it a bench."""

from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import Driver, PhaseSwitch


class PhaseSwitchBench(Protocol):
    """A started switch, and a look at what it connects."""

    switch: PhaseSwitch
    driver: Driver

    def connected(self) -> int:
        """How many phases are connected now, seen from outside of the driver."""
        ...

    def connected_at_rest(self) -> int:
        """How many are while nothing is driven."""
        ...

    def was_shorted(self) -> bool:
        """Whether both ways were ever connected at once."""
        ...

    def jam(self) -> None:
        """It does not connect three phases any more."""
        ...

    def mend(self) -> None:
        """It does again."""
        ...


class PhaseSwitchContract:
    """Needs a fixture `bench` that gives a PhaseSwitchBench."""

    @pytest.fixture
    def bench(self) -> PhaseSwitchBench:
        raise NotImplementedError

    @pytest.mark.parametrize("count", [1, 3])
    async def test_the_phases_are_connected_once_it_returns(self, bench: PhaseSwitchBench, count: int) -> None:
        await bench.switch.use_phases(count)

        assert bench.connected() == count

    async def test_it_switches_there_and_back_and_breaks_before_it_makes(self, bench: PhaseSwitchBench) -> None:
        seen = []
        for count in (1, 3, 1, 3):
            await bench.switch.use_phases(count)
            seen.append(bench.connected())

        assert seen == [1, 3, 1, 3]
        assert not bench.was_shorted()

    async def test_asking_twice_is_harmless(self, bench: PhaseSwitchBench) -> None:
        await bench.switch.use_phases(3)
        await bench.switch.use_phases(3)

        assert bench.connected() == 3

    async def test_a_count_that_nobody_has_is_refused(self, bench: PhaseSwitchBench) -> None:
        with pytest.raises(HalError):
            await bench.switch.use_phases(2)

    async def test_a_switch_that_does_not_connect_says_so(self, bench: PhaseSwitchBench) -> None:
        await bench.switch.use_phases(1)
        bench.jam()

        with pytest.raises(HalError):
            await bench.switch.use_phases(3)

        bench.mend()
        await bench.switch.use_phases(3)
        assert bench.connected() == 3

    async def test_it_is_left_at_rest_when_the_driver_stops(self, bench: PhaseSwitchBench) -> None:
        await bench.switch.use_phases(3)
        await bench.switch.use_phases(1)
        await bench.switch.use_phases(3)

        await bench.driver.stop()

        assert bench.connected() == bench.connected_at_rest()
        with pytest.raises(HalError):
            await bench.switch.use_phases(1)
