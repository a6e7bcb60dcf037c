"""A charge on a board that is pilot and contactor in one."""

from collections.abc import AsyncIterator
from typing import Protocol

from hal.readings import PilotState
from tests.contracts.waiting import following, until


class BoardDriver(Protocol):
    """The verbs of such a board that a charge needs."""

    def states(self) -> AsyncIterator[PilotState]: ...

    def positions(self) -> AsyncIterator[bool]: ...

    def offer(self, current_a: float | None) -> None: ...

    def close(self) -> None: ...


class BoardRig(Protocol):
    """A started driver, and a vehicle before its board."""

    @property
    def driver(self) -> BoardDriver: ...

    def vehicle(self, state: PilotState) -> None: ...


async def charging(rig: BoardRig, *, current_a: float = 16.0) -> None:
    """A vehicle charges, by the ways of the port."""
    rig.vehicle(PilotState.C)
    async with following(rig.driver.states()) as states:
        await until(states, PilotState.B)
        rig.driver.offer(current_a)
        await until(states, PilotState.C)
        rig.driver.close()
    async with following(rig.driver.positions()) as positions:
        await until(positions, True)
