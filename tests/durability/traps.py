"""Where a charger dies: the kill points, and how a process kills itself at those that nobody else could hit."""

import os
import random
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent.app import Agent
from agent.station.effects import Effect
from agent.station.events import Event


class Spot(StrEnum):
    """What the process is doing when it is killed."""

    STARTING = "some time after it was started"
    WORKING = "some time after it woke"
    CHARGING = "some time after the contactor closed"
    TOLD = "the CSMS has received a fact and not answered"
    ANSWERED = "the CSMS's answer to a fact is on its way"
    BEFORE_COMMIT = "a fact is about to be stored"
    IN_COMMIT = "a fact is being stored"
    AFTER_COMMIT = "a fact is stored and not yet sent"
    IN_ACKNOWLEDGE = "an answer is being noted"
    AFTER_ACKNOWLEDGE = "an answer is noted"
    ENDING = "a transaction waits for its last reading"
    RECOVERING = "the first commit after a restart is stored"


INSIDE = frozenset(
    {
        Spot.BEFORE_COMMIT,
        Spot.IN_COMMIT,
        Spot.AFTER_COMMIT,
        Spot.IN_ACKNOWLEDGE,
        Spot.AFTER_ACKNOWLEDGE,
        Spot.ENDING,
        Spot.RECOVERING,
    }
)
"""The process kills itself there."""

DEADLINE_S = 2.5
"""A spot that is not reached within this time after waking is given up: the charger is killed all the same."""


@dataclass(frozen=True, slots=True)
class Trap:
    """Kill at the `count`th time at `spot`, `delay_s` (real time) later."""

    spot: Spot
    count: int
    delay_s: float


def draw(dice: random.Random, number: int) -> list[Trap]:
    """So many kill points: half of them at any time, the others aimed."""
    return [_draw_one(dice, Spot.WORKING if dice.random() < 0.4 else dice.choice(list(Spot))) for _ in range(number)]


def _draw_one(dice: random.Random, spot: Spot) -> Trap:
    longest_s = {
        Spot.STARTING: 0.6,
        Spot.WORKING: 2.0,
        Spot.CHARGING: 0.6,
        Spot.TOLD: 0.02,
        Spot.ANSWERED: 0.003,
        Spot.IN_COMMIT: 0.004,
        Spot.IN_ACKNOWLEDGE: 0.004,
        Spot.ENDING: 0.03,
        Spot.RECOVERING: 0.01,
    }
    return Trap(spot, dice.randint(1, 3), dice.uniform(0.0, longest_s.get(spot, 0.0)))


class SelfKill:
    """Lies in wait inside a charger's process. `arm` before the agent runs."""

    def __init__(self, trap: Trap) -> None:
        self._trap = trap
        self._left = trap.count

    def arm(self, agent: Agent) -> None:
        """Watch what the agent does."""
        spot, store = self._trap.spot, agent.store
        if spot in (Spot.BEFORE_COMMIT, Spot.IN_COMMIT, Spot.AFTER_COMMIT):
            _wrap(store, "commit", lambda original: self._around(original, matters=_has_facts))
        elif spot is Spot.RECOVERING:
            self._left = 1
            _wrap(store, "commit", lambda original: self._around(original, matters=lambda _: True))
        elif spot in (Spot.IN_ACKNOWLEDGE, Spot.AFTER_ACKNOWLEDGE):
            _wrap(store, "acknowledge", lambda original: self._around(original, matters=lambda _: True))
        elif spot is Spot.ENDING:
            agent.runner.observe(lambda event, effects: self._look(agent, event, effects))

    def _around(self, original: Callable[..., Awaitable[Any]], *, matters: Callable[[Any], bool]) -> Callable[..., Any]:
        async def trapped(subject: Any, **options: Any) -> Any:
            if not matters(subject):
                return await original(subject, **options)
            self._left -= 1
            if self._left == 0 and self._trap.spot is Spot.BEFORE_COMMIT:
                die()
            if self._left == 0 and self._trap.spot in (Spot.IN_COMMIT, Spot.IN_ACKNOWLEDGE):
                die_later(self._trap.delay_s)
            result = await original(subject, **options)
            if self._left == 0 and self._trap.spot in (Spot.AFTER_COMMIT, Spot.AFTER_ACKNOWLEDGE):
                die()
            if self._left == 0:
                die_later(self._trap.delay_s)
            return result

        return trapped

    def _look(self, agent: Agent, event: Event, effects: Sequence[Effect]) -> None:
        del event, effects
        transactions = [evse.record.transaction for evse in agent.runner.state.evses]
        if self._left > 0 and any(tx is not None and tx.ending is not None for tx in transactions):
            self._left = 0
            die_later(self._trap.delay_s)


def die() -> None:
    """SIGKILL to this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_later(seconds: float) -> None:
    """SIGKILL from a thread, whatever the event loop and the store are doing then."""

    def wait_and_die() -> None:
        time.sleep(seconds)
        die()

    threading.Thread(target=wait_and_die, name="trap", daemon=True).start()


def _has_facts(changes: Any) -> bool:
    return bool(changes.facts)


def _wrap(part: object, name: str, wrapper: Callable[[Callable[..., Awaitable[Any]]], Callable[..., Any]]) -> None:
    setattr(part, name, wrapper(getattr(part, name)))
