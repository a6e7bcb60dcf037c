"""`evse-agent failsafe`: tells every configured contactor to open, with nothing but its own driver.

For ExecStopPost= of the service: whatever ended the agent, no energy flows half a second later. So it imports no more
than a contactor needs, reads of station.yaml only which that is (mistakes elsewhere in the file do not matter), and
takes no lock. Exit codes: 0 every command was handed over; 1 one was not, with a line each; 2 usage.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from agent.errors import SettingsError
from agent.frozen import dataclass
from agent.settings_drivers import ALL, HalNode, HalParts
from agent.settings_nodes import ListNode, MapNode, Node, Problems, Scalar
from agent.settings_parse import Parser
from agent.settings_yaml import read_nodes, read_text
from hal.errors import HalError
from hal.parts import Contactor, Driver
from hal.registry import DriverContext, SharedDevices, driver_class

FINE, FAILED, USAGE = 0, 1, 2
START_LIMIT_S = 1.5
"""A contactor that cannot be reached sooner is told to open all the same, as far as its driver can."""
STOP_LIMIT_S = 1.0
PART = "contactor"
USAGE_TEXT = "usage: evse-agent failsafe --config FILE"


class ContactorDriver(Contactor, Driver, Protocol):
    """A contactor with its driver's verbs."""


@dataclass(frozen=True, slots=True)
class Configured:
    """The contactor of one EVSE, as station.yaml names it."""

    evse_id: int
    node: HalNode


class PlainClock:
    """The machine's time."""

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def main(arguments: Sequence[str]) -> int:
    """Open them all; returns the exit code."""
    match arguments:
        case ["--config", file]:
            pass
        case [option] if option.startswith("--config="):
            file = option.removeprefix("--config=")
        case _:
            print(USAGE_TEXT, file=sys.stderr)  # noqa: T201 - a command line speaks on stderr
            return USAGE
    opened, failures = open_all(Path(file))
    for failure in failures:
        print(f"evse-agent: failsafe: {failure}", file=sys.stderr)  # noqa: T201
    print(f"{opened} contactors told to open, {len(failures)} failures")  # noqa: T201
    return FAILED if failures else FINE


def open_all(file: Path) -> tuple[int, list[str]]:
    """How many were told to open, and what went wrong, a line each."""
    failures: list[str] = []
    try:
        configured = tuple(_configured(file, failures))
    except SettingsError as error:
        return 0, str(error).splitlines()
    if not configured and not failures:
        failures.append(f"{file}: no contactor is configured")
    return asyncio.run(_open_each(configured, failures)), failures


def _configured(file: Path, failures: list[str]) -> Iterator[Configured]:
    """The contactor of each EVSE. Raises SettingsError where the file cannot be read at all."""
    problems = Problems()
    root = read_nodes(read_text(file), file=str(file), problems=problems)
    problems.raise_if_any()
    evses = root.get("evses") if isinstance(root, MapNode) else None
    if not isinstance(evses, ListNode):
        failures.append(f"{file}: no evses in it")
        return
    for index, evse in enumerate(evses.items):
        evse_id = _evse_id(evse, default=index + 1)
        node = _contactor_node(evse, index)
        if node is None:
            failures.append(f"EVSE {evse_id}: no contactor can be found at evses[{index}].hal of {file}")
        else:
            yield Configured(evse_id, node)


def _evse_id(evse: Node, *, default: int) -> int:
    named = evse.get("id") if isinstance(evse, MapNode) else None
    return int(named.text) if isinstance(named, Scalar) and named.text.isdecimal() else default


def _contactor_node(evse: Node, index: int) -> HalNode | None:
    """The contactor's own driver, or the one of all parts; what is wrong with other parts does not matter."""
    hal = evse.get("hal") if isinstance(evse, MapNode) else None
    if not isinstance(hal, MapNode):
        return None
    path = ("evses", index, "hal")
    own = hal.get(PART)
    kept = MapNode(tuple(entry for entry in hal.entries if entry[0].text == PART), hal.where) if own else hal
    parts = HalParts.parse_node(kept, path, Parser(Problems()))
    if not isinstance(parts, HalParts):
        return None
    return next((node for node in parts.nodes if node.part in (PART, ALL)), None)


async def _open_each(configured: Sequence[Configured], failures: list[str]) -> int:
    shared, clock = SharedDevices(), PlainClock()
    tasks = [asyncio.create_task(_open(one, shared, clock), name=f"contactor {one.evse_id}") for one in configured]
    opened = 0
    for one, task in zip(configured, tasks, strict=True):
        failure = await task
        opened += failure is None
        failures += [] if failure is None else [f"EVSE {one.evse_id}: {failure}"]
    return opened


async def _open(configured: Configured, shared: SharedDevices, clock: PlainClock) -> str | None:
    """Tell one to open; returns what went wrong."""
    try:
        driver = _build(configured, shared, clock)
    except (HalError, SettingsError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - one broken driver must not keep the others closed
        return _told(error)
    failures: list[str] = []
    for limit_s, step in (
        (START_LIMIT_S, driver.start),
        (START_LIMIT_S, _opening(driver)),
        (STOP_LIMIT_S, driver.stop),
    ):
        try:
            async with asyncio.timeout(limit_s):
                await step()
        except TimeoutError:
            failures.append(f"no answer within {limit_s} s")
        except Exception as error:  # noqa: BLE001 - likewise
            failures.append(str(error) if isinstance(error, HalError) else _told(error))
    return "; ".join(dict.fromkeys(failures)) or None


def _build(configured: Configured, shared: SharedDevices, clock: PlainClock) -> ContactorDriver:
    node = configured.node
    found = driver_class(node.driver)
    if PART not in found.PARTS:
        raise HalError(f"driver {node.driver!r} provides no contactor")
    context = DriverContext(
        name=f"EVSE {configured.evse_id} {PART}", evse_id=configured.evse_id, clock=clock, shared=shared
    )
    return cast("ContactorDriver", found(node.parse(found.Settings), context))


def _opening(driver: ContactorDriver) -> "_Step":
    async def opening() -> None:
        driver.open()

    return opening


class _Step(Protocol):
    async def __call__(self) -> None: ...


def _told(error: Exception) -> str:
    return f"its driver failed: {type(error).__name__}: {error}"
