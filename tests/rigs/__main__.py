"""Run the contract suites on a rig: `python -m tests.rigs FILE [--yes] [pytest's arguments]` (`make hil RIG=FILE`).

Exit codes: pytest's; 2 for a rig file that cannot be used, or dangers that were not accepted.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.errors import SettingsError
from tests.rigs.rig import Rig, WrongRig, load_rig

USAGE = 2
YES = "--yes"


def main(
    arguments: Sequence[str], *, ask: Callable[[str], str] = input, run: Callable[[list[str]], int] | None = None
) -> int:
    """Check the rig file, have its dangers accepted, run the suites."""
    if not arguments or arguments[0].startswith("-"):
        return _refuse("usage: python -m tests.rigs FILE [--yes] [pytest's arguments]")
    file, *rest = arguments
    try:
        rig = load_rig(Path(file))
        rig.build()
    except (WrongRig, SettingsError, OSError) as error:
        return _refuse(str(error))
    if not _accepted(rig, is_given=YES in rest, ask=ask):
        return _refuse("nothing was touched")
    os.environ["EVSE_RIG"] = str(Path(file).absolute())
    mine = str(Path(__file__).parent / "test_iron.py")
    # One test after the other, with the terminal left to whoever is asked.
    options = [mine, "-p", "no:xdist", "--capture=no", "-v", *(word for word in rest if word != YES)]
    return int((run or pytest.main)(options))


def _accepted(rig: Rig, *, is_given: bool, ask: Callable[[str], str]) -> bool:
    if not rig.dangers or is_given:
        return True
    sys.stdout.write("".join(f"DANGER: {danger}\n" for danger in rig.dangers))
    return ask("the contactor will close and open; is everybody clear of the rig? (yes) ").strip().lower() == "yes"


def _refuse(why: str) -> int:
    sys.stderr.write(f"rig: {why}\n")
    return USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
