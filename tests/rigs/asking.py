"""A person's hands: told on the terminal what to do, asked there what they see."""

import math
from collections.abc import Callable

from hal.readings import FAULT_NAMES, PilotState

TO_DO = {
    PilotState.A: "take the vehicle (or the vehicle simulator) away",
    PilotState.B: "plug the vehicle simulator in, state B",
    PilotState.C: "plug the vehicle simulator in, state C: it asks for energy as soon as there is a PWM",
}


class AskingHands:
    """The event loop stands still while the person is asked: a board with a heartbeat needs quicker hands."""

    def __init__(self, *, ask: Callable[[str], str] = input) -> None:
        self._ask = ask
        self._state = PilotState.A
        self._broken = False
        self._is_cut = False

    def open(self) -> None:
        """Hands."""

    def close(self) -> None:
        """Hands."""
        if self._is_cut:
            self._do("plug the device back in")
        if self._broken:
            self.mend_it()
        self.vehicle(PilotState.A)

    def vehicle(self, state: PilotState) -> None:
        """PilotBench."""
        if state is not self._state:
            self._state = state
            self._do(TO_DO[state])

    def offered_a(self) -> float | None:
        """PilotBench."""
        said = self._ask("which current does the PWM offer, in amperes (nothing for a steady pilot)? ").strip()
        return float(said) if said else None

    def is_energised(self) -> bool:
        """ContactorBench."""
        return self._ask("is the outlet live (look at the test lamp) [y/n]? ").strip().lower().startswith("y")

    async def draw(self, *, power_w: float, seconds: float) -> None:
        """MeterBench: the load is switched by hand, for a time that a person can wait for."""
        self._do(f"set the load to {power_w:g} W and let it flow for {math.ceil(seconds)} s")

    def break_it(self) -> str:
        """FaultBench."""
        self._broken = True
        self._do("let one fault begin (press the emergency stop, trip the RCD...)")
        while (name := self._ask(f"which fault is it ({', '.join(FAULT_NAMES)})? ").strip()) not in FAULT_NAMES:
            pass
        return name

    def mend_it(self) -> None:
        """FaultBench."""
        self._broken = False
        self._do("end that fault")

    def is_locked(self) -> bool:
        """LockBench."""
        return self._ask("is the plug held [y/n]? ").strip().lower().startswith("y")

    def connected(self) -> int:
        """PhaseSwitchBench."""
        return int(self._ask("how many phases are connected? ").strip() or "0")

    def curtail(self) -> float:
        """LimitBench."""
        self._do("let one limit begin (the grid operator's relay...)")
        return float(self._ask("how many amperes does it allow? "))

    def release(self) -> None:
        """LimitBench."""
        self._do("end that limit")

    async def press(self) -> None:
        """StopButtonBench."""
        self._do("press the stop button and let it go")

    async def shown(self) -> str:
        """IndicatorBench."""
        return self._ask("what does the light show (the same words for the same light)? ").strip()

    def cut(self) -> None:
        """PilotBench, FaultBench."""
        self._is_cut = True
        self._do("pull the device's data cable")

    def _do(self, what: str) -> None:
        self._ask(f"please {what}, then press Enter ")
