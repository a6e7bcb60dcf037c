"""The `w1` driver: a DS18B20 thermometer on a 1-Wire bus of the kernel."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from hal.errors import WrongSettings
from hal.registry import DriverContext
from hal.sysfs import checks
from hal.sysfs.checks import check_range, check_temperatures
from hal.sysfs.derating import Curve
from hal.sysfs.files import W1_DEVICES, plausible, read_w1, w1_folder
from hal.sysfs.verdict import Judge, Measurement, Place, Rules
from hal.sysfs.watch import SensorWatch


@dataclass(frozen=True, slots=True)
class W1Settings:
    """A 1-Wire thermometer below /sys/bus/w1/devices."""

    derating: tuple[tuple[float, ...], ...] = field(metadata={"doc": checks.DERATING_DOC, "fewest": 1})
    sensor: str = field(
        default="", metadata={"doc": "Its id, such as 28-0316a2794bff, or its directory; empty: the only one there is."}
    )
    place: Place = field(default=Place.INSIDE, metadata={"doc": checks.PLACE_DOC})
    hysteresis_c: float = field(default=3.0, metadata={"doc": checks.HYSTERESIS_DOC})
    limit_without_a: float = field(default=6.0, metadata={"doc": checks.WITHOUT_DOC})
    lowest_c: float = field(default=-55.0, metadata={"doc": checks.LOWEST_DOC})
    highest_c: float = field(default=125.0, metadata={"doc": checks.HIGHEST_DOC})
    poll_s: float = field(default=5.0, metadata={"doc": checks.POLL_DOC})
    timeout_s: float = field(default=3.0, metadata={"doc": checks.TIMEOUT_DOC})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.derating:
            raise WrongSettings("a temperature needs `derating: [[60, 32], [75, 6]]`", path=("derating",))
        Curve.of(self.derating, key="derating")
        check_range("hysteresis_c", self.hysteresis_c, low=0, high=50)
        check_range("limit_without_a", self.limit_without_a, low=0, high=1000)
        check_temperatures(self.lowest_c, self.highest_c)
        check_range("poll_s", self.poll_s, low=0.1, high=60)
        check_range("timeout_s", self.timeout_s, low=0.05, high=30)


class W1Sensor(SensorWatch):
    """The `w1` driver."""

    Settings: ClassVar[type] = W1Settings
    PARTS: ClassVar[frozenset[str]] = frozenset({"limits", "faults"})

    def __init__(self, settings: W1Settings, context: DriverContext, *, root: Path = W1_DEVICES) -> None:
        self._settings = settings
        self._root = root
        rules = Rules(
            curve=Curve.of(settings.derating, key="derating"),
            hysteresis_c=settings.hysteresis_c,
            place=settings.place,
            limit_without_a=settings.limit_without_a,
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
        measurement = read_w1(w1_folder(settings.sensor, root=self._root))
        return plausible(measurement, lowest_c=settings.lowest_c, highest_c=settings.highest_c)
