"""How station.yaml names a line, and what the drivers make of it.

Without `chip` a line is a pin of a Raspberry Pi by its BCM number. With `chip: gpiochip0` it is a line of that chip of
the kernel: `pin` is its offset, or `line` its name, as `gpioinfo` shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hal.errors import WrongSettings

Path = tuple[str | int, ...]
"""Where a key stands below the driver's own settings."""

PULLS = ("up", "down", "none")
LONGEST_DEBOUNCE_S = 60.0

CHIP_DOC = "GPIO chip of the kernel, as gpiochip0 or /dev/gpiochip0; null: pins are BCM numbers of a Raspberry Pi."
PIN_DOC = "BCM number of the pin, or with a chip the offset of the line."
LINE_DOC = "With a chip, instead of a pin: the name of the line."


@dataclass(frozen=True, slots=True)
class LineAddress:
    """One line: `chip` None and a BCM number, or a chip with the offset or the name of its line."""

    chip: str | None
    line: int | str

    def __str__(self) -> str:
        if self.chip is None:
            return f"GPIO{self.line}"
        return f"line {self.line} of {self.chip}"


@dataclass(frozen=True, slots=True)
class OutputWiring:
    """An output: `active_high` says which level is on. `path` leads to the key that names it."""

    address: LineAddress
    active_high: bool = True
    path: Path = ()


@dataclass(frozen=True, slots=True)
class InputWiring:
    """An input: a high level means active where `active_high`. `pull` is one of PULLS."""

    address: LineAddress
    active_high: bool
    pull: str
    debounce_s: float
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputKeys:
    """An output in station.yaml."""

    pin: int | None = field(default=None, metadata={"doc": PIN_DOC})
    line: str | None = field(default=None, metadata={"doc": LINE_DOC})
    chip: str | None = field(default=None, metadata={"doc": "The line's chip, where it is not the driver's."})
    active_high: bool = field(default=True, metadata={"doc": "A high level switches it on."})

    def wiring(self, *, chip: str | None, path: Path = ()) -> OutputWiring:
        """The output; `chip` is the driver's. Raises WrongSettings."""
        found = address(chip=self.chip or chip, pin=self.pin, line=self.line, path=path)
        return OutputWiring(found, active_high=self.active_high, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputKeys:
    """An input in station.yaml: a contact that closes to ground with `pull: up`, to the supply otherwise."""

    pin: int | None = field(default=None, metadata={"doc": PIN_DOC})
    line: str | None = field(default=None, metadata={"doc": LINE_DOC})
    chip: str | None = field(default=None, metadata={"doc": "The line's chip, where it is not the driver's."})
    normally_closed: bool = field(
        default=False, metadata={"doc": "The contact opens when it acts, so that a cut wire looks like acting."}
    )
    active_high: bool | None = field(
        default=None,
        metadata={"doc": "The level that means active, for what is no contact; null: from pull and normally_closed."},
    )
    pull: str = field(default="up", metadata={"doc": "Pull resistor: up, down or none."})
    debounce_s: float = field(default=0.02, metadata={"doc": "A level must last so long to count."})

    def wiring(self, *, chip: str | None, path: Path = ()) -> InputWiring:
        """The input; `chip` is the driver's. Raises WrongSettings."""
        check_pull(self.pull, path=(*path, "pull"))
        check_seconds(self.debounce_s, most=LONGEST_DEBOUNCE_S, path=(*path, "debounce_s"))
        if self.active_high is not None and self.normally_closed:
            raise WrongSettings("give active_high or normally_closed, not both", path=(*path, "active_high"))
        active_high = self.active_high
        if active_high is None:
            active_high = (self.pull != "up") != self.normally_closed
        return InputWiring(
            address(chip=self.chip or chip, pin=self.pin, line=self.line, path=path),
            active_high=active_high,
            pull=self.pull,
            debounce_s=self.debounce_s,
            path=path,
        )


def address(
    *, chip: str | None, pin: int | None, line: str | None, path: Path = (), names: tuple[str, str] = ("pin", "line")
) -> LineAddress:
    """The line that these keys name; `names` are how the keys are called. Raises WrongSettings."""
    pin_key, line_key = names
    if (pin is None) == (line is None):
        raise WrongSettings(f"give {pin_key} or {line_key}, one of them", path=(*path, pin_key))
    if line is not None:
        if chip is None:
            raise WrongSettings(f"{line_key} needs a chip; without one give {pin_key}", path=(*path, line_key))
        return LineAddress(chip, line)
    if pin is None or pin < 0:
        raise WrongSettings(f"{pin_key} must be 0 or more, not {pin}", path=(*path, pin_key))
    return LineAddress(chip, pin)


def check_pull(pull: str, *, path: Path) -> None:
    """Raise WrongSettings for what is no pull resistor."""
    if pull not in PULLS:
        raise WrongSettings(f"{path[-1]} is up, down or none, not {pull!r}", path=path)


def check_seconds(seconds: float, *, most: float, least: float = 0.0, path: Path) -> None:
    """Raise WrongSettings for a time out of range."""
    if not least <= seconds <= most:
        raise WrongSettings(f"{path[-1]} must be from {least:g} to {most:g}, not {seconds:g}", path=path)


def check_different(wirings: Iterable[OutputWiring | InputWiring]) -> None:
    """Raise WrongSettings where two keys name the same line."""
    named: dict[LineAddress, Path] = {}
    for wiring in wirings:
        if wiring.address in named:
            first = ".".join(str(step) for step in named[wiring.address]) or "another key"
            raise WrongSettings(f"{wiring.address} is named by {first} too; the lines must differ", path=wiring.path)
        named[wiring.address] = wiring.path


def output_wirings(outputs: Mapping[str, OutputKeys | None], *, chip: str | None) -> dict[str, OutputWiring]:
    """Those that are there, by their keys. Raises WrongSettings."""
    return {name: keys.wiring(chip=chip, path=(name,)) for name, keys in outputs.items() if keys is not None}


def input_wirings(inputs: Mapping[str, InputKeys | None], *, chip: str | None) -> dict[str, InputWiring]:
    """Those that are there, by their keys. Raises WrongSettings."""
    return {name: keys.wiring(chip=chip, path=(name,)) for name, keys in inputs.items() if keys is not None}
