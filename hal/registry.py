"""How drivers are found: one literal table, and the entry points of installed packages.

A driver's module is imported only when station.yaml names it, so a charger pays for no library it does not use.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from hal.errors import WrongSettings
from hal.parts import Clock, Driver

DRIVERS: dict[str, str] = {
    "sim": "hal.sim.evse:SimEvse",
    "sim-reader": "hal.sim.reader:SimReader",
    "modbus-meter": "hal.modbus.meter:ModbusMeter",
    "gpio": "hal.gpio.contactor:GpioContactor",
    "gpio-phase-switch": "hal.gpio.phase_switch:GpioPhaseSwitch",
    "gpio-lock": "hal.gpio.lock:GpioLock",
    "gpio-faults": "hal.gpio.faults:GpioFaults",
    "gpio-limit": "hal.gpio.limit:GpioLimit",
    "gpio-stop-button": "hal.gpio.stop_button:GpioStopButton",
    "gpio-indicator": "hal.gpio.indicator:GpioIndicator",
    "pn532": "hal.readers.pn532:Pn532Reader",
    "rdm6300": "hal.readers.rdm6300:Rdm6300Reader",
    "usb-hid": "hal.readers.usb_hid:UsbHidReader",
    "hwmon": "hal.sysfs.hwmon:HwmonSensor",
    "w1": "hal.sysfs.w1:W1Sensor",
    "evse-din": "hal.modbus.boards.evse_din:EvseDin",
    "phoenix": "hal.modbus.boards.phoenix:PhoenixBoard",
    "rapi": "hal.rapi.board:RapiBoard",
    "can-board": "hal.can_bus.board:CanBoard",
}
"""The drivers that come with the agent: the name in station.yaml, and where the class lives."""

ENTRY_POINT_GROUP = "evse_agent.drivers"
"""Where other packages announce theirs: `name = "package.module:Class"`."""

EXTRAS = {
    "hal.modbus": "modbus",
    "hal.gpio": "gpio",
    "hal.rapi": "serial",
    "hal.can_bus": "can",
    "hal.readers.pn532": "serial",
    "hal.readers.rdm6300": "serial",
}
"""The optional dependencies of pyproject.toml that a driver family needs."""

PARTS = frozenset(
    {"pilot", "contactor", "meter", "lock", "faults", "limits", "phase_switch", "stop_button", "indicator", "reader"}
)
"""What a driver may list in its own PARTS."""

_OWN_PACKAGES = frozenset({"agent", "hal", "hil"})

T = TypeVar("T")


class SharedDevices:
    """One object for every device that several drivers live on: a Modbus line, a serial port, a simulated board."""

    def __init__(self) -> None:
        self._devices: dict[Hashable, object] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` made the first time `key` was asked for; a key belongs to one type."""
        if key not in self._devices:
            self._devices[key] = make()
        return cast("T", self._devices[key])


@dataclass(frozen=True, slots=True)
class DriverContext:
    """What a driver is told beside its settings.

    `name` ("EVSE 1 meter") is for errors and logs. `evse_id` is None for what belongs to the whole station.
    `max_current_a` is per phase. In `data_dir` a driver may keep what is to outlive a restart; None: nowhere.
    """

    name: str
    evse_id: int | None
    clock: Clock
    max_current_a: float = 32.0
    phases: int = 3
    shared: SharedDevices = field(default_factory=SharedDevices)
    data_dir: Path | None = None


class DriverClass(Protocol):
    """A driver's class, as the registry hands it out."""

    @property
    def Settings(self) -> type:  # noqa: N802 - the attribute holds a class
        """Frozen dataclass of the keys that station.yaml may hold for this driver."""
        ...

    @property
    def PARTS(self) -> frozenset[str]:  # noqa: N802 - a constant of the class
        """The parts it can provide; a driver whose settings decide has a property `parts` with those it does."""
        ...

    def __call__(self, settings: Any, context: DriverContext) -> Driver:  # noqa: ANN401 - an instance of Settings
        """Make one; opens nothing, raises WrongSettings for settings that can never work."""
        ...


def driver_class(name: str) -> DriverClass:
    """The class behind a driver's name. Raises WrongSettings for an unknown name or a package that is not installed."""
    target = DRIVERS.get(name) or _announced().get(name)
    if target is None:
        raise WrongSettings(_unknown(name), path=("driver",))
    module_name, _, class_name = target.partition(":")
    try:
        found = getattr(import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _OWN_PACKAGES:
            raise
        raise WrongSettings(_not_installed(name, module_name, missing), path=("driver",)) from error
    except AttributeError as error:
        raise WrongSettings(f"driver {name!r}: {module_name} has no {class_name}", path=("driver",)) from error
    _check_shape(name, found)
    return cast("DriverClass", found)


def settings_class(name: str) -> type:
    """The dataclass of a driver's settings; raises as `driver_class` does."""
    return driver_class(name).Settings


def known_drivers() -> list[str]:
    """The names that station.yaml may use, own and announced, sorted."""
    return sorted({*DRIVERS, *_announced()})


def _announced() -> dict[str, str]:
    from importlib import metadata  # a quarter of what `failsafe` would import, which needs it for foreign drivers only

    return {entry.name: entry.value for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)}


def _check_shape(name: str, found: object) -> None:
    """A foreign package is only trusted after it looks like a driver."""
    parts = getattr(found, "PARTS", None)
    if not isinstance(parts, frozenset) or not parts <= PARTS:
        raise WrongSettings(f"driver {name!r} must list its PARTS among {', '.join(sorted(PARTS))}", path=("driver",))
    if not isinstance(getattr(found, "Settings", None), type):
        raise WrongSettings(f"driver {name!r} has no Settings class", path=("driver",))


def _unknown(name: str) -> str:
    known = known_drivers()
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown driver {name!r}{hint} (known: {', '.join(known)})"


def _not_installed(name: str, module_name: str, missing: str) -> str:
    extra = next((EXTRAS[family] for family in EXTRAS if f"{module_name}.".startswith(f"{family}.")), None)
    mend = f"pip install 'evse-agent[{extra}]'" if extra else f"install the Python package {missing!r}"
    return f"driver {name!r} needs {missing!r}, which is not installed: {mend}"
