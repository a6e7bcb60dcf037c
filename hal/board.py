"""From what station.yaml says of an EVSE to the parts it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

from hal.errors import WrongSettings
from hal.parts import (
    Clock,
    ConnectorLock,
    Contactor,
    ControlPilot,
    CurrentLimit,
    Driver,
    EnergyMeter,
    FaultInput,
    Indicator,
    PhaseSwitch,
    StopButton,
    TokenReader,
)
from hal.registry import DriverClass, DriverContext, SharedDevices, driver_class

ALL = "all"
"""The key of a driver that provides every part it has."""

REQUIRED = ("pilot", "contactor", "meter")
SEVERAL = ("faults", "limits", "stop_button")
"""The parts of which an EVSE may have more than one."""
OPTIONAL = ("lock", "phase_switch", "indicator", *SEVERAL)

_VERBS: dict[str, tuple[str, ...]] = {
    "pilot": ("offer", "states"),
    "contactor": ("open", "close", "positions"),
    "meter": ("read",),
    "lock": ("lock", "unlock"),
    "faults": ("faults",),
    "limits": ("limits",),
    "phase_switch": ("use_phases",),
    "stop_button": ("presses",),
    "indicator": ("show",),
    "reader": ("tokens",),
}


Key = tuple[str | int, ...]
"""Where a part stands below `hal` in station.yaml."""


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A driver by its name, with an instance of its Settings."""

    driver: str
    settings: object


@dataclass(frozen=True, slots=True)
class EvseSpec:
    """One EVSE as configured. `parts` maps "all" or a part's name; a named part wins over "all".

    `several` holds the parts of SEVERAL that are named, in the order of station.yaml.
    """

    evse_id: int
    max_current_a: float
    phases: int
    parts: Mapping[str, PartSpec]
    several: tuple[tuple[str, PartSpec], ...] = ()


@dataclass(frozen=True, slots=True)
class EvseParts:
    """The parts of one EVSE; `drivers` are the objects behind them, each once, in the order to start them."""

    pilot: ControlPilot
    contactor: Contactor
    meter: EnergyMeter
    lock: ConnectorLock | None
    faults: tuple[FaultInput, ...]
    indicator: Indicator | None
    drivers: tuple[Driver, ...]
    limits: tuple[CurrentLimit, ...] = ()
    phase_switch: PhaseSwitch | None = None
    stop_buttons: tuple[StopButton, ...] = ()


class ReaderDriver(TokenReader, Driver, Protocol):
    """A token reader with its driver's verbs."""


@dataclass(frozen=True, slots=True)
class _Built:
    spec: PartSpec
    driver: Driver
    parts: frozenset[str]


def build_evse(spec: EvseSpec, *, clock: Clock, shared: SharedDevices, data_dir: Path | None = None) -> EvseParts:
    """Make the drivers of one EVSE; opens no device. In `data_dir` drivers keep what is to outlive a restart.

    Equal specs share one driver. Whatever a driver has of SEVERAL is listened to, named for it or not.
    Raises WrongSettings whose path starts at the part's key.
    """
    _check_keys(spec)
    built: list[_Built] = []
    by_part: dict[str, _Built] = {}
    for key, part_spec in _named(spec):
        part = str(key[0])
        made = next((one for one in built if one.spec == part_spec), None)
        if made is None:
            context = _context(spec, key, clock=clock, shared=shared, data_dir=data_dir)
            made = _build(part_spec, context=context, key=key)
            built.append(made)
        if part != ALL:
            _check_provides(made, part, path=(*key, "driver"))
            by_part[part] = made
    if ALL in spec.parts:
        everything = next(one for one in built if one.spec == spec.parts[ALL])
        for part in everything.parts - by_part.keys() - {"reader"}:
            _check_provides(everything, part, path=(ALL, "driver"))
            by_part[part] = everything
    for part in REQUIRED:
        if part not in by_part:
            raise WrongSettings(f"EVSE {spec.evse_id} has no {part}: add `{part}: {{driver: ...}}`", path=(part,))
    return _assemble(by_part, built)


def build_reader(spec: PartSpec, *, name: str, clock: Clock, shared: SharedDevices) -> ReaderDriver:
    """Make a token reader; opens nothing. Raises WrongSettings."""
    context = DriverContext(name=name, evse_id=None, clock=clock, shared=shared)
    built = _build(spec, context=context, key=())
    _check_provides(built, "reader", path=("driver",))
    return cast("ReaderDriver", built.driver)


def _check_keys(spec: EvseSpec) -> None:
    allowed = (ALL, *REQUIRED, *OPTIONAL)
    for part in spec.parts:
        if part not in allowed:
            raise WrongSettings(f"an EVSE has no part {part!r} (known: {', '.join(allowed)})", path=(part,))
    for part, _ in spec.several:
        if part not in SEVERAL:
            raise WrongSettings(f"an EVSE has one {part} only", path=(part,))


def _named(spec: EvseSpec) -> list[tuple[Key, PartSpec]]:
    """Every part that is named, by its key; those of SEVERAL are counted from 0, each kind by itself."""
    named: list[tuple[Key, PartSpec]] = [((part,), one) for part, one in spec.parts.items()]
    numbers = {part: count(0) for part in SEVERAL}
    return named + [((part, next(numbers[part])), one) for part, one in spec.several]


def _context(spec: EvseSpec, key: Key, *, clock: Clock, shared: SharedDevices, data_dir: Path | None) -> DriverContext:
    part, *number = key
    words = ["EVSE", spec.evse_id, *([] if part == ALL else [part]), *(int(at) + 1 for at in number)]
    return DriverContext(
        name=" ".join(str(word) for word in words),
        evse_id=spec.evse_id,
        clock=clock,
        max_current_a=spec.max_current_a,
        phases=spec.phases,
        shared=shared,
        data_dir=data_dir,
    )


def _build(spec: PartSpec, *, context: DriverContext, key: Key) -> _Built:
    try:
        found = driver_class(spec.driver)
        _check_settings(spec, found)
        driver = found(spec.settings, context)
        return _Built(spec=spec, driver=driver, parts=getattr(driver, "parts", found.PARTS))
    except WrongSettings as error:
        raise WrongSettings(str(error), path=(*key, *error.path)) from error


def _check_settings(spec: PartSpec, found: DriverClass) -> None:
    if not isinstance(spec.settings, found.Settings):
        given = type(spec.settings).__name__
        raise WrongSettings(f"driver {spec.driver!r} takes {found.Settings.__name__}, not {given}")


def _check_provides(built: _Built, part: str, *, path: Key) -> None:
    if part not in built.parts:
        has = ", ".join(sorted(built.parts))
        raise WrongSettings(f"driver {built.spec.driver!r} provides no {part} (it provides: {has})", path=path)
    missing = [verb for verb in _VERBS[part] if not callable(getattr(built.driver, verb, None))]
    if missing:
        raise WrongSettings(f"driver {built.spec.driver!r} claims {part} but lacks {', '.join(missing)}", path=path)


def _assemble(by_part: Mapping[str, _Built], built: list[_Built]) -> EvseParts:
    def part(name: str) -> Any:  # noqa: ANN401 - its verbs were checked by _check_provides
        return by_part[name].driver if name in by_part else None

    def each(name: str) -> Any:  # noqa: ANN401 - as above
        return tuple(one.driver for one in built if name in one.parts)

    return EvseParts(
        pilot=part("pilot"),
        contactor=part("contactor"),
        meter=part("meter"),
        lock=part("lock"),
        # A driver that is there and can tell of a fault is never ignored because nobody wrote `faults:`.
        faults=each("faults"),
        indicator=part("indicator"),
        drivers=tuple(one.driver for one in built),
        limits=each("limits"),
        phase_switch=part("phase_switch"),
        stop_buttons=each("stop_button"),
    )
