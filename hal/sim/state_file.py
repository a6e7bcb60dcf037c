"""What a simulated board keeps through a power cut: the meter's register, and the car that still stands there."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hal.errors import WrongSettings


@dataclass(frozen=True, slots=True)
class BoardState:
    """The register is kept in millijoules, so that nothing is lost below a watt-hour."""

    register_mj: int
    plugged: bool
    soc_percent: float


def load(path: Path) -> BoardState | None:
    """The state kept in `path`, None where there is none yet; WrongSettings where the file is no such thing."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        kept = json.loads(text)
        return BoardState(
            register_mj=int(kept["register_mj"]),
            plugged=bool(kept["plugged"]),
            soc_percent=float(kept["soc_percent"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WrongSettings(f"{path} holds no state of a simulated board", path=("state_file",)) from error


def save(path: Path, state: BoardState) -> None:
    """Replace the file in one step: a kill leaves the old state or the new one.

    Not flushed to the disk: what is simulated is the loss of the process, not of the machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(asdict(state)), encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - Path.replace says the same, but `os.replace` is the known atomic call
