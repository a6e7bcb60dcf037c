"""From what station.yaml says of an EVSE to the parts it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from hal.errors import WrongSettings
from hal.parts import (
    Clock,
    ConnectorLock,
    Contactor,
    ControlPilot,
    Driver,
    EnergyMeter,
    FaultInput,
    Indicator,
    TokenReader,
)
from hal.registry import DriverClass, DriverContext, SharedDevices, driver_class

ALL = "all"
"""The key of a driver that provides every part it has."""

REQUIRED = ("pilot", "contactor", "meter")
OPTIONAL = ("lock", "faults", "indicator")

_VERBS: dict[str, tuple[str, ...]] = {
    "pilot": ("offer", "states"),
    "contactor": ("open", "close", "positions"),
    "meter": ("read",),
    "lock": ("lock", "unlock"),
    "faults": ("faults",),
    "indicator": ("show",),
    "reader": ("tokens",),
}


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A driver by its name, with an instance of its Settings."""

    driver: str
    settings: object


@dataclass(frozen=True, slots=True)
class EvseSpec:
    """One EVSE as configured. `parts` maps "all" or a part's name; a named part wins over "all"."""

    evse_id: int
    max_current_a: float
    phases: int
    parts: Mapping[str, PartSpec]


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


class ReaderDriver(TokenReader, Driver, Protocol):
    """A token reader with its driver's verbs."""


@dataclass(frozen=True, slots=True)
class _Built:
    spec: PartSpec
    driver: Driver
    parts: frozenset[str]


def build_evse(spec: EvseSpec, *, clock: Clock, shared: SharedDevices, data_dir: Path | None = None) -> EvseParts:
    """Make the drivers of one EVSE; opens no device. In `data_dir` drivers keep what is to outlive a restart.

    Equal specs share one driver. Every driver that has fault inputs is listened to, named for them or not.
    Raises WrongSettings whose path starts at the part's key.
    """
    _check_keys(spec)
    built: list[_Built] = []
    by_part: dict[str, _Built] = {}
    for part, part_spec in spec.parts.items():
        made = next((one for one in built if one.spec == part_spec), None)
        if made is None:
            context = _context(spec, part, clock=clock, shared=shared, data_dir=data_dir)
            made = _build(part_spec, context=context, key=part)
            built.append(made)
        if part != ALL:
            _check_provides(made, part, path=(part, "driver"))
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
    built = _build(spec, context=context, key=None)
    _check_provides(built, "reader", path=("driver",))
    return cast("ReaderDriver", built.driver)


def _check_keys(spec: EvseSpec) -> None:
    allowed = (ALL, *REQUIRED, *OPTIONAL)
    for part in spec.parts:
        if part not in allowed:
            raise WrongSettings(f"an EVSE has no part {part!r} (known: {', '.join(allowed)})", path=(part,))


def _context(spec: EvseSpec, part: str, *, clock: Clock, shared: SharedDevices, data_dir: Path | None) -> DriverContext:
    return DriverContext(
        name=f"EVSE {spec.evse_id}" if part == ALL else f"EVSE {spec.evse_id} {part}",
        evse_id=spec.evse_id,
        clock=clock,
        max_current_a=spec.max_current_a,
        phases=spec.phases,
        shared=shared,
        data_dir=data_dir,
    )


def _build(spec: PartSpec, *, context: DriverContext, key: str | None) -> _Built:
    prefix: tuple[str | int, ...] = () if key is None else (key,)
    try:
        found = driver_class(spec.driver)
        _check_settings(spec, found)
        return _Built(spec=spec, driver=found(spec.settings, context), parts=found.PARTS)
    except WrongSettings as error:
        raise WrongSettings(str(error), path=(*prefix, *error.path)) from error


def _check_settings(spec: PartSpec, found: DriverClass) -> None:
    if not isinstance(spec.settings, found.Settings):
        given = type(spec.settings).__name__
        raise WrongSettings(f"driver {spec.driver!r} takes {found.Settings.__name__}, not {given}")


def _check_provides(built: _Built, part: str, *, path: tuple[str | int, ...]) -> None:
    if part not in built.parts:
        has = ", ".join(sorted(built.parts))
        raise WrongSettings(f"driver {built.spec.driver!r} provides no {part} (it provides: {has})", path=path)
    missing = [verb for verb in _VERBS[part] if not callable(getattr(built.driver, verb, None))]
    if missing:
        raise WrongSettings(f"driver {built.spec.driver!r} claims {part} but lacks {', '.join(missing)}", path=path)


def _assemble(by_part: Mapping[str, _Built], built: list[_Built]) -> EvseParts:
    def part(name: str) -> Any:  # noqa: ANN401 - its verbs were checked by _check_provides
        return by_part[name].driver if name in by_part else None

    # A driver that is there and can tell of a fault is never ignored because nobody wrote `faults:`.
    faults = [one.driver for one in built if "faults" in one.parts]
    return EvseParts(
        pilot=part("pilot"),
        contactor=part("contactor"),
        meter=part("meter"),
        lock=part("lock"),
        faults=tuple(cast("list[FaultInput]", faults)),
        indicator=part("indicator"),
        drivers=tuple(one.driver for one in built),
    )
