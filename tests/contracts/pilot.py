"""What every ControlPilot must do, whatever it is made of: subclass PilotContract and give it a bench."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import ControlPilot, Driver
from hal.readings import PilotState
from tests.contracts.waiting import eventually, following, following_item, until


class PilotBench(Protocol):
    """A started pilot with no vehicle before it, and a hand on the vehicle."""

    pilot: ControlPilot
    driver: Driver

    def offered_a(self) -> float | None:
        """What the PWM offers, seen from outside of the driver; None for a steady pilot."""
        ...

    def vehicle(self, state: PilotState) -> None:
        """A: no vehicle; B: plugged in; C: it asks for energy as soon as there is a PWM."""
        ...

    def cut(self) -> None:
        """Take the device out of reach for good."""
        ...


class PilotContract:
    """Needs a fixture `bench` that gives a PilotBench."""

    @pytest.fixture
    def bench(self) -> PilotBench:
        raise NotImplementedError

    @pytest.fixture
    async def states(self, bench: PilotBench) -> AsyncIterator[AsyncIterator[PilotState]]:
        async with following(bench.pilot.states()) as iterator:
            yield iterator

    async def test_nothing_is_offered_after_start(self, bench: PilotBench, states: AsyncIterator[PilotState]) -> None:
        assert await following_item(states) is PilotState.A
        assert bench.offered_a() is None

    async def test_a_vehicle_that_is_plugged_in_is_reported(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        await following_item(states)

        bench.vehicle(PilotState.B)

        assert await following_item(states) is PilotState.B

    async def test_a_vehicle_without_a_permission_is_offered_nothing(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.C)
        await until(states, PilotState.B)

        assert bench.offered_a() is None

    async def test_an_offer_reaches_the_vehicle(self, bench: PilotBench, states: AsyncIterator[PilotState]) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)

        bench.pilot.offer(13.0)

        await eventually(lambda: bench.offered_a() == 13.0)

    async def test_an_offer_never_exceeds_what_was_asked_for(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)

        bench.pilot.offer(10.9)
        await eventually(lambda: bench.offered_a() is not None)

        assert (bench.offered_a() or 0.0) <= 10.9

    async def test_an_offer_may_be_changed(self, bench: PilotBench, states: AsyncIterator[PilotState]) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)
        bench.pilot.offer(16.0)
        await eventually(lambda: bench.offered_a() == 16.0)

        bench.pilot.offer(8.0)

        await eventually(lambda: bench.offered_a() == 8.0)

    async def test_an_offer_may_be_taken_back(self, bench: PilotBench, states: AsyncIterator[PilotState]) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)
        bench.pilot.offer(16.0)
        await eventually(lambda: bench.offered_a() == 16.0)

        bench.pilot.offer(None)

        await eventually(lambda: bench.offered_a() is None)

    async def test_a_vehicle_that_asks_under_an_offer_is_reported(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.C)
        await until(states, PilotState.B)

        bench.pilot.offer(16.0)

        await until(states, PilotState.C)

    async def test_whoever_asks_later_gets_the_present_state_first(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)

        async with following(bench.pilot.states()) as later:
            assert await following_item(later) is PilotState.B

    async def test_a_vehicle_that_leaves_is_reported(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)

        bench.vehicle(PilotState.A)

        assert await following_item(states) is PilotState.A

    async def test_a_device_out_of_reach_ends_the_states_with_an_error(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        await following_item(states)

        bench.cut()

        with pytest.raises(HalError):
            await until(states, PilotState.E)

    async def test_stopping_takes_the_offer_back_and_ends_the_states(
        self, bench: PilotBench, states: AsyncIterator[PilotState]
    ) -> None:
        bench.vehicle(PilotState.B)
        await until(states, PilotState.B)
        bench.pilot.offer(16.0)
        await eventually(lambda: bench.offered_a() == 16.0)

        await bench.driver.stop()

        await eventually(lambda: bench.offered_a() is None)
        with pytest.raises(HalError):
            await until(states, PilotState.E)

    async def test_nothing_can_be_offered_after_stop(self, bench: PilotBench) -> None:
        await bench.driver.stop()

        with pytest.raises(HalError):
            bench.pilot.offer(16.0)
