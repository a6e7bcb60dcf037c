"""Scripts of what the cars do: a YAML list of steps, run against a simulated station.

    repeat: 2
    steps:
      - plug-in: {evse: 1}
      - wait: {seconds: 5}
      - swipe: {token: CARD-0001, evse: 1}
      - wait-until: {evse: 1, status: Charging, within: 60}
      - ev: {evse: 1, wants_energy: false}
      - fault: {evse: 1, name: GroundFailure, active: true}
      - network: {online: false}
      - unplug: {evse: 1}

Seconds are the station's own, which may run faster than the wall's.
"""

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, assert_never

from agent.app_sim import Simulation
from agent.clock import Clock
from agent.errors import AgentError, SettingsError
from agent.frozen import dataclass
from agent.log import get_logger
from agent.settings_nodes import KeyPath, MapNode, Node, Problems, is_null
from agent.settings_parse import INVALID, Invalid, Parser, parse_into
from agent.settings_yaml import read_nodes, read_text
from agent.station.connector import ConnectorStatus

log = get_logger(__name__)

MAX_REPEATS = 1_000_000
LOOK_EVERY_S = 1.0
_EVSE = {"doc": "the EVSE's number", "minimum": 1}


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A car is connected."""

    evse: int = field(default=1, metadata=_EVSE)


@dataclass(frozen=True, slots=True)
class Unplug:
    """The car leaves."""

    evse: int = field(default=1, metadata=_EVSE)


@dataclass(frozen=True, slots=True)
class Swipe:
    """A card is held before the reader (of that EVSE, or of the station)."""

    token: str
    type: str = "ISO14443"
    evse: int | None = field(default=None, metadata=_EVSE)


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: float = field(metadata={"doc": "station time", "minimum": 0})


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Wait for a connector status; it is an error if it does not come."""

    status: ConnectorStatus
    evse: int = field(default=1, metadata=_EVSE)
    within: float = field(default=3600.0, metadata={"doc": "station time in seconds", "minimum": 0})


@dataclass(frozen=True, slots=True)
class Ev:
    """The car changes its mind."""

    evse: int = field(default=1, metadata=_EVSE)
    wants_energy: bool | None = None
    max_current_a: float | None = None
    phases: int | None = None
    battery_kwh: float | None = None
    soc_percent: float | None = None


@dataclass(frozen=True, slots=True)
class SetFault:
    """A fault begins or ends."""

    name: str
    active: bool
    evse: int = field(default=1, metadata=_EVSE)


@dataclass(frozen=True, slots=True)
class Network:
    """The network cable."""

    online: bool


Step = PlugIn | Unplug | Swipe | Wait | WaitUntil | Ev | SetFault | Network

STEPS: dict[str, type[Step]] = {
    "plug-in": PlugIn,
    "unplug": Unplug,
    "swipe": Swipe,
    "wait": Wait,
    "wait-until": WaitUntil,
    "ev": Ev,
    "fault": SetFault,
    "network": Network,
}


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One line of a script: `- name: {arguments}`."""

    step: Step

    @classmethod
    def parse_node(cls, node: Node, path: KeyPath, parser: Parser) -> "ScriptStep | Invalid":
        """Read a mapping with one key, the step's name."""
        known = ", ".join(STEPS)
        if not isinstance(node, MapNode) or len(node.entries) != 1:
            return parser.refuse(node, path, f"a step is one key with its arguments; known are {known}")
        name, arguments = node.entries[0]
        kind = STEPS.get(name.text)
        if kind is None:
            return parser.refuse(name, path, f'unknown step "{name.text[:40]}"{parser.hint_at(name.text, STEPS)}')
        if is_null(arguments):
            arguments = MapNode((), arguments.where)
        step = parser.parse(kind, arguments, (*path, name.text))
        return INVALID if isinstance(step, Invalid) else cls(step)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors are told."""
        return {"type": "object", "minProperties": 1, "maxProperties": 1}


@dataclass(frozen=True, slots=True)
class Script:
    """Steps, and how often all of them are done."""

    steps: tuple[ScriptStep, ...] = field(metadata={"doc": "what happens, in this order", "fewest": 1})
    repeat: int = field(default=1, metadata={"doc": "how often all of it", "minimum": 1, "maximum": MAX_REPEATS})


class ScriptFailed(AgentError):
    """A step of the script did not come true."""


def load_script(file: Path) -> Script:
    """Read a script. Raises SettingsError with every mistake, each with file and line."""
    return parse_script(read_text(file), file=str(file))


def parse_script(text: str, *, file: str = "script.yaml") -> Script:
    """A script from its text. Raises SettingsError."""
    problems = Problems()
    root = read_nodes(text, file=file, problems=problems)
    problems.raise_if_any()
    if root is None or is_null(root):
        raise SettingsError(f"{file}: is empty; give `steps:`, a list such as `- plug-in: {{evse: 1}}`")
    return parse_into(Script, root)


async def run_script(
    script: Script, simulation: Simulation, *, clock: Clock, status: Callable[[int], ConnectorStatus | None]
) -> None:
    """Do all steps, `repeat` times. Raises ScriptFailed where a wait-until does not come true."""
    await ScriptRun(script).play(simulation, clock=clock, status=status)


class ScriptRun:
    """How far a script has come: a station that was restarted goes on with the step it was at."""

    def __init__(self, script: Script) -> None:
        self._to_come = (
            (turn, number, line.step)
            for turn in range(1, script.repeat + 1)
            for number, line in enumerate(script.steps, start=1)
        )
        self._at = next(self._to_come, None)

    async def play(
        self, simulation: Simulation, *, clock: Clock, status: Callable[[int], ConnectorStatus | None]
    ) -> None:
        """Do what is left of it. Raises ScriptFailed."""
        while self._at is not None:
            turn, number, step = self._at
            log.debug("script", turn=turn, step=number, does=type(step).__name__)
            try:
                await _do(step, simulation, clock=clock, status=status)
            except (ValueError, LookupError) as error:
                raise ScriptFailed(f"step {number} ({type(step).__name__}): {error}") from error
            self._at = next(self._to_come, None)


async def _do(  # noqa: C901 - the one dispatch table
    step: Step, simulation: Simulation, *, clock: Clock, status: Callable[[int], ConnectorStatus | None]
) -> None:
    match step:
        case PlugIn(evse):
            simulation.plug_in(evse)
        case Unplug(evse):
            simulation.unplug(evse)
        case Swipe():
            simulation.present_token(step.token, type=step.type, evse_id=step.evse)
        case Wait(seconds):
            await clock.sleep(seconds)
        case WaitUntil():
            await _wait_until(step, clock=clock, status=status)
        case Ev():
            simulation.set_ev(
                step.evse,
                wants_energy=step.wants_energy,
                max_current_a=step.max_current_a,
                phases=step.phases,
                battery_kwh=step.battery_kwh,
                soc_percent=step.soc_percent,
            )
        case SetFault():
            simulation.set_fault(step.evse, step.name, active=step.active)
        case Network(online):
            simulation.set_network(online=online)
        case _:
            assert_never(step)


async def _wait_until(step: WaitUntil, *, clock: Clock, status: Callable[[int], ConnectorStatus | None]) -> None:
    until_s = clock.monotonic() + step.within
    while status(step.evse) is not step.status:
        if clock.monotonic() >= until_s:
            raise ValueError(f"EVSE {step.evse} is {status(step.evse)} and not {step.status} after {step.within:g} s")
        await clock.sleep(LOOK_EVERY_S)
