"""What a connector lock on GPIO lines may be set to."""

from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import WrongSettings
from hal.gpio.wiring import (
    CHIP_DOC,
    InputKeys,
    InputWiring,
    OutputKeys,
    OutputWiring,
    check_different,
    check_seconds,
    input_wirings,
    output_wirings,
)


@dataclass(frozen=True, slots=True)
class GpioLockSettings:
    """With `unlocking` the motor is driven by pulses through an H-bridge; without, `locking` is held while locked.

    Without an end switch a move is taken as done.
    """

    LONGEST: ClassVar[dict[str, float]] = {
        "pulse_s": 5.0,
        "confirm_s": 5.0,
        "pause_s": 30.0,
        "time_limit_s": 60.0,
    }

    locking: OutputKeys = field(metadata={"doc": "Output that drives the motor towards locked."})
    unlocking: OutputKeys | None = field(
        default=None, metadata={"doc": "Output that drives it towards free; null: it springs back."}
    )
    locked_switch: InputKeys | None = field(default=None, metadata={"doc": "End switch, active while locked."})
    unlocked_switch: InputKeys | None = field(default=None, metadata={"doc": "End switch, active while free."})
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})
    pulse_s: float = field(default=0.6, metadata={"doc": "How long a pulse drives the motor."})
    confirm_s: float = field(default=0.5, metadata={"doc": "How long after that the end switch may take."})
    tries: int = field(default=2, metadata={"doc": "How often a move is tried.", "minimum": 1, "maximum": 10})
    pause_s: float = field(default=1.0, metadata={"doc": "Pause between two tries, for the motor to cool."})
    time_limit_s: float = field(
        default=4.5, metadata={"doc": "Limit of a move with all its tries; below the port's lock_timeout_s."}
    )
    unlock_on_power_loss: bool = field(
        default=False, metadata={"doc": "Free the cable whenever the driver stops; false: leave it as it is."}
    )

    def __post_init__(self) -> None:
        """Refuse what no motor can do."""
        for key, longest in self.LONGEST.items():
            check_seconds(getattr(self, key), most=longest, path=(key,))
        if not 1 <= self.tries <= 10:
            raise WrongSettings(f"tries must be from 1 to 10, not {self.tries}", path=("tries",))
        check_different([*self.outputs().values(), *self.inputs().values()])

    def outputs(self) -> dict[str, OutputWiring]:
        """By their keys. Raises WrongSettings."""
        return output_wirings({"locking": self.locking, "unlocking": self.unlocking}, chip=self.chip)

    def inputs(self) -> dict[str, InputWiring]:
        """By their keys. Raises WrongSettings."""
        switches = {"locked_switch": self.locked_switch, "unlocked_switch": self.unlocked_switch}
        return input_wirings(switches, chip=self.chip)
