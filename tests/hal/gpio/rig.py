"""Boards to run one test on each back end: gpiozero's mock pins, the fake of gpiod, and a gpio-sim chip where named.

EVSE_GPIO_CHIP=/dev/gpiochipN adds a chip of the kernel's gpio-sim to the boards; its lines are driven by the files
that Documentation/admin-guide/gpio/gpio-sim.rst describes.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from hal.registry import DriverContext
from hil.devices.gpio_bench import Wire
from hil.devices.gpio_pins import mock_board
from tests.contracts.waiting import Wall
from tests.fakes.fake_gpiod import FakeGpioChip, fake_gpiod

CHIP_VARIABLE = "EVSE_GPIO_CHIP"
BOARDS = ("gpiozero", "gpiod", *(["gpio-sim"] if os.environ.get(CHIP_VARIABLE) else []))
CONTEXT = DriverContext(name="EVSE 1 part", evse_id=1, clock=Wall())
LOOK_S = 0.001


class Board(Protocol):
    """Lines to wire things to."""

    @property
    def chip(self) -> str | None: ...

    def wire(self, number: int) -> Wire: ...

    def cut(self) -> None:
        """No line can be reached any more."""
        ...


def driven(number: int, **keys: Any) -> dict[str, Any]:
    """An input that the bench drives both ways: high is active."""
    return {"pin": number, "pull": "none", "debounce_s": 0.002, **keys}


class ZeroBoard:
    chip: str | None = None

    def __init__(self, board: Any) -> None:
        self.wire = board.wire
        self.cut = board.cut


class ChipBoard:
    def __init__(self, device: FakeGpioChip) -> None:
        self.chip = "gpiochip0"
        self.device = device
        self.wire = device.wire
        self.cut = device.unplug


class SimWire:
    """A line of gpio-sim; its output is looked at by the board's thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.followers: list[Callable[[], None]] = []
        self._seen = self.level

    @property
    def level(self) -> bool:
        return (self._folder / "value").read_text().strip() == "1"

    def drive(self, high: bool | None) -> None:
        if high is not None:
            (self._folder / "pull").write_text("pull-up" if high else "pull-down")

    def follow(self, moved: Callable[[], None]) -> None:
        self.followers.append(moved)

    def look(self) -> None:
        level = self.level
        if level != self._seen:
            self._seen = level
            for moved in self.followers:
                moved()


def _switch(path: str) -> tuple[Path, str]:
    """What takes the chip away, and its present name: it may come back under another one."""
    folders = list(Path("/sys/kernel/config/gpio-sim").iterdir())
    names = {folder: name.read_text().strip() for folder in folders for name in folder.glob("*/chip_name")}
    for folder, name in names.items():
        if len(names) == 1 or name == Path(path).name:
            return folder / "live", name
    raise LookupError(f"no chip of gpio-sim: {path}")


class SimBoard:
    def __init__(self, path: str) -> None:
        self._live, name = _switch(path)
        self.chip = f"/dev/{name}"
        self._device = Path("/sys/bus/gpio/devices", name).resolve()
        self._wires: dict[int, SimWire] = {}
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look, name="gpio-sim wires")

    def wire(self, number: int) -> SimWire:
        if number not in self._wires:
            self._wires[number] = SimWire(self._device / f"sim_gpio{number}")
        return self._wires[number]

    def cut(self) -> None:
        self._stop_looking()
        self._live.write_text("0")

    def __enter__(self) -> "SimBoard":
        for pull in self._device.glob("sim_gpio*/pull"):
            pull.write_text("pull-down")  # as it came up: what another test left would last
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_looking()
        if self._live.read_text().strip() == "0":
            self._live.write_text("1")

    def _stop_looking(self) -> None:
        self._ended.set()
        if self._looking.is_alive():
            self._looking.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            for wire in tuple(self._wires.values()):
                wire.look()


@contextmanager
def board_of(kind: str) -> Iterator[Board]:
    """One of BOARDS."""
    if kind == "gpiozero":
        with mock_board() as pins:
            yield ZeroBoard(pins)
    elif kind == "gpiod":
        device = FakeGpioChip()
        with fake_gpiod(device):
            yield ChipBoard(device)
    else:
        with SimBoard(os.environ[CHIP_VARIABLE]) as board:
            yield board
