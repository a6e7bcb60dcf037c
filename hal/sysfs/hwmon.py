"""The `hwmon` driver: a temperature, a supply voltage or both of a sensor chip that the kernel knows.

The chip is looked for anew at each look: its number may be another one after its driver was loaded again.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from hal.errors import WrongSettings
from hal.registry import DriverContext
from hal.sysfs import checks
from hal.sysfs.checks import check_range, check_temperatures
from hal.sysfs.derating import Curve
from hal.sysfs.files import HWMON, hwmon_folder, plausible, read_hwmon
from hal.sysfs.verdict import Judge, Measurement, Place, Rules
from hal.sysfs.watch import SensorWatch


@dataclass(frozen=True, slots=True)
class HwmonSettings:
    """A sensor chip below /sys/class/hwmon."""

    chip: str = field(metadata={"doc": "Name of the chip (its file `name`), or the path of its directory."})
    temperature: int | None = field(default=None, metadata={"doc": "N of tempN_input."})
    voltage: int | None = field(default=None, metadata={"doc": "N of inN_input, the supply voltage."})
    voltage_factor: float = field(default=1.0, metadata={"doc": "Factor of the divider before the voltage input."})
    place: Place = field(default=Place.INSIDE, metadata={"doc": checks.PLACE_DOC})
    derating: tuple[tuple[float, ...], ...] = field(default=(), metadata={"doc": checks.DERATING_DOC})
    hysteresis_c: float = field(default=3.0, metadata={"doc": checks.HYSTERESIS_DOC})
    under_voltage_v: float | None = field(default=None, metadata={"doc": "UnderVoltage below this."})
    over_voltage_v: float | None = field(default=None, metadata={"doc": "OverVoltage above this."})
    hysteresis_v: float = field(default=0.1, metadata={"doc": "How far the voltage must come back to be right again."})
    limit_without_a: float = field(default=6.0, metadata={"doc": checks.WITHOUT_DOC})
    lowest_c: float = field(default=-50.0, metadata={"doc": checks.LOWEST_DOC})
    highest_c: float = field(default=150.0, metadata={"doc": checks.HIGHEST_DOC})
    poll_s: float = field(default=2.0, metadata={"doc": checks.POLL_DOC})
    timeout_s: float = field(default=1.0, metadata={"doc": checks.TIMEOUT_DOC})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.chip:
            raise WrongSettings("chip must name a chip or a directory", path=("chip",))
        if self.temperature is None and self.voltage is None:
            raise WrongSettings("give `temperature: 1` (temp1_input), `voltage: 0` (in0_input), or both")
        self._check_uses()
        check_range("temperature", self.temperature or 0, low=0, high=999)
        check_range("voltage", self.voltage or 0, low=0, high=999)
        check_range("voltage_factor", self.voltage_factor, low=1e-6, high=1e6)
        check_range("hysteresis_c", self.hysteresis_c, low=0, high=50)
        check_range("hysteresis_v", self.hysteresis_v, low=0, high=1000)
        check_range("limit_without_a", self.limit_without_a, low=0, high=1000)
        check_temperatures(self.lowest_c, self.highest_c)
        check_range("poll_s", self.poll_s, low=0.1, high=60)
        check_range("timeout_s", self.timeout_s, low=0.05, high=30)

    def _check_uses(self) -> None:
        """What is measured must be good for something, and what is asked for must be measured."""
        if self.temperature is None and self.derating:
            raise WrongSettings("derating needs `temperature`", path=("derating",))
        if self.temperature is not None and not self.derating:
            raise WrongSettings("a temperature needs `derating: [[60, 32], [75, 6]]`", path=("derating",))
        Curve.of(self.derating, key="derating")
        limits = {"under_voltage_v": self.under_voltage_v, "over_voltage_v": self.over_voltage_v}
        for key, limit_v in limits.items():
            if limit_v is not None:
                check_range(key, limit_v, low=-100_000, high=100_000)
            if limit_v is not None and self.voltage is None:
                raise WrongSettings(f"{key} needs `voltage`", path=(key,))
        if self.voltage is not None and self.under_voltage_v is None and self.over_voltage_v is None:
            raise WrongSettings("a voltage needs `under_voltage_v` or `over_voltage_v`", path=("voltage",))


class HwmonSensor(SensorWatch):
    """The `hwmon` driver."""

    Settings: ClassVar[type] = HwmonSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"limits", "faults"})

    def __init__(self, settings: HwmonSettings, context: DriverContext, *, root: Path = HWMON) -> None:
        self._settings = settings
        self._root = root
        rules = Rules(
            curve=Curve.of(settings.derating, key="derating"),
            hysteresis_c=settings.hysteresis_c,
            place=settings.place,
            limit_without_a=settings.limit_without_a,
            under_voltage_v=settings.under_voltage_v,
            over_voltage_v=settings.over_voltage_v,
            hysteresis_v=settings.hysteresis_v,
        )
        super().__init__(
            self._read,
            judge=Judge(rules),
            clock=context.clock,
            name=context.name,
            poll_s=settings.poll_s,
            timeout_s=settings.timeout_s,
        )

    def _read(self) -> Measurement:
        settings = self._settings
        measurement = read_hwmon(
            hwmon_folder(settings.chip, root=self._root),
            temperature=settings.temperature,
            voltage=settings.voltage,
            factor=settings.voltage_factor,
        )
        return plausible(measurement, lowest_c=settings.lowest_c, highest_c=settings.highest_c)
