"""A rig: real iron (or its emulation) as a station file describes it, and whoever's hands can touch it."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import yaml

from agent.assembly import build_hardware, make_plan
from agent.settings import parse_text
from hal.board import EvseParts, ReaderDriver
from hal.parts import Clock
from hal.readings import PilotState
from hal.registry import SharedDevices
from tests.contracts.waiting import Wall
from tests.rigs.asking import AskingHands

KEYS = ("station", "evse", "hands", "dangers")


class WrongRig(Exception):
    """A rig file that cannot be used; the message says what to mend."""


class Hands(Protocol):
    """What can be done to a rig from outside of the drivers, besides the verbs of the benches in tests/contracts.

    A verb that this pair of hands cannot do is left out of the class; the tests that need it are not collected.
    """

    def open(self) -> None:
        """The drivers are about to be started."""
        ...

    def close(self) -> None:
        """The test is over: leave the rig as it was found, no vehicle, nothing broken, everything plugged in."""
        ...


@dataclass(frozen=True, slots=True)
class Rig:
    """A rig file, read. `replaced` are texts of the station file that stand otherwise on this rig."""

    station: Path
    evse_id: int = 1
    hands: str = "none"
    dangers: tuple[str, ...] = ()
    replaced: dict[str, str] = field(default_factory=dict)

    def build(self, *, clock: Clock | None = None) -> tuple[EvseParts, ReaderDriver | None]:
        """The drivers of its EVSE and its reader, not started. Raises SettingsError with file and line."""
        text = self.station.read_text(encoding="utf-8")
        for before, after in self.replaced.items():
            text = text.replace(before, after)
        plan = make_plan(parse_text(text, file=str(self.station)))
        hardware = build_hardware(plan, clock=clock or Wall(), shared=SharedDevices())
        if self.evse_id not in hardware.evses:
            raise WrongRig(f"evse: {self.station} has no EVSE {self.evse_id}")
        return hardware.evses[self.evse_id], next(iter(hardware.readers), None)

    def make_hands(self) -> Hands | None:
        """Whose hands they are; None where nobody's."""
        if self.hands == "none":
            return None
        if self.hands == "ask":
            return AskingHands()
        module, _, name = self.hands.partition(":")
        made: Hands = getattr(import_module(module), name)()
        return made


def load_rig(path: Path) -> Rig:
    """Read a rig file. Raises WrongRig."""
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("station"), str):
        raise WrongRig(f"{path}: give `station:`, the station file that describes what is wired")
    unknown = set(content) - {*KEYS, "replaced"}
    if unknown:
        raise WrongRig(f"{path}: unknown keys {', '.join(sorted(unknown))}; known: {', '.join(KEYS)}, replaced")
    hands = str(content.get("hands", "none"))
    if hands not in ("none", "ask") and ":" not in hands:
        raise WrongRig(f"{path}: hands is none, ask or module:Class, not {hands!r}")
    return Rig(
        station=path.parent / content["station"],
        evse_id=int(content.get("evse", 1)),
        hands=hands,
        dangers=tuple(str(danger) for danger in content.get("dangers", ())),
        replaced={str(before): str(after) for before, after in (content.get("replaced") or {}).items()},
    )


def verbs_needed(test: Callable[..., object]) -> frozenset[str]:
    """What a contract's test does with its bench besides using the parts themselves."""
    return frozenset(re.findall(r"\bbench\.(\w+)\(", inspect.getsource(test)))


class RigBench:
    """Every bench of tests/contracts at once, as far as the hands go."""

    def __init__(self, parts: EvseParts, hands: Hands | None) -> None:
        self.parts = parts
        self.clock: Clock = Wall()
        self.pilot = parts.pilot
        self.contactor = Permitted(parts, hands)
        self.meter = parts.meter
        self.faults = parts.faults[0] if parts.faults else None
        self.lock = parts.lock
        self.switch = parts.phase_switch
        self.limits = parts.limits[0] if parts.limits else None
        self.button = parts.stop_buttons[0] if parts.stop_buttons else None
        self.indicator = parts.indicator
        self.driver: Any = AllDrivers(parts)
        self._hands = hands

    def __getattr__(self, verb: str) -> Any:
        """The rest is done by hand."""
        return getattr(self._hands, verb)


class AllDrivers:
    """The drivers of an EVSE as one: hal.parts.Driver."""

    def __init__(self, parts: EvseParts) -> None:
        self._drivers = parts.drivers

    async def start(self) -> None:
        """Open every device."""
        for driver in self._drivers:
            await driver.start()

    async def stop(self) -> None:
        """Leave every device safe, the last first."""
        for driver in reversed(self._drivers):
            await driver.stop()


class Permitted:
    """The contactor as the port uses it: closed only under an offer, with a vehicle that asks."""

    def __init__(self, parts: EvseParts, hands: Hands | None) -> None:
        self._parts = parts
        self._hands = hands
        self.positions = parts.contactor.positions
        self.open = parts.contactor.open

    def close(self) -> None:
        """hal.parts.Contactor.close."""
        vehicle = getattr(self._hands, "vehicle", None)
        if vehicle is not None:
            vehicle(PilotState.C)
        self._parts.pilot.offer(16.0)
        self._parts.contactor.close()
