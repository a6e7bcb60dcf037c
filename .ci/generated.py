"""The files that are made from the code: writes them, or with --check tells which are stale.

python .ci/generated.py [--check]
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from agent.api import openapi
from agent.settings_schema import as_text, station_schema
from hal import devices
from hal.modbus import map_schema
from hal.port_states import COMMANDED_CLOSED, START, TRANSITIONS, PathState

ROOT: Final = Path(__file__).parents[1]


def power_path() -> str:
    """docs/power-path.md: the state diagram of hal/port_states.py, in Mermaid."""
    moves = "\n".join(
        f"    {state.name} --> {then.name}: {trigger.value}" for (state, trigger), then in TRANSITIONS.items()
    )
    closed = ", ".join(state.name for state in PathState if state in COMMANDED_CLOSED)
    return (
        "# The power path of an EVSE\n\n"
        "Made from `hal/port_states.py` by `make diagrams`; a trigger without an arrow changes nothing.\n"
        f"The contactor is told to be closed in {closed}, and to be open in every other state.\n\n"
        f"```mermaid\nstateDiagram-v2\n    [*] --> {START.name}\n{moves}\n```\n"
    )


GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "config/meter-map.schema.json": map_schema.as_text,
    "config/station.schema.json": lambda: as_text(station_schema()),
    "docs/openapi.json": openapi.as_text,
    "docs/power-path.md": power_path,
    "hal/README.md": lambda: devices.with_tables((ROOT / "hal/README.md").read_text(encoding="utf-8")),
}
"""Where each file lies, and what must stand in it."""


def stale_files(root: Path = ROOT) -> list[str]:
    """The generated files that do not say what the code says."""
    return [name for name, make in GENERATED.items() if _content(root / name) != make()]


def _content(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def main(arguments: list[str]) -> int:
    """Write or check; 1 if a file is stale."""
    stale = stale_files()
    if arguments == ["--check"]:
        for name in stale:
            print(f"{name} is stale: run `make diagrams` and commit it", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(GENERATED[name](), encoding="utf-8")
        print(f"written: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
