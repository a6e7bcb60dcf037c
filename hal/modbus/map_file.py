"""Register maps as YAML files: those in maps/, or one of an integrator's own."""

from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import yaml

from hal.errors import WrongSettings
from hal.modbus.registers import (
    MAX_WORDS_PER_READ,
    PHASES,
    UNITS,
    Function,
    Quantity,
    Register,
    RegisterMap,
    WordOrder,
    WordType,
)

MAPS = Path(__file__).with_name("maps")

_MAP_KEYS = frozenset({"title", "source", "max_block_words", "max_gap_words", "defaults", "registers"})
_DEFAULT_KEYS = frozenset({"function", "type", "word_order", "scale", "not_available"})
_REGISTER_KEYS = _DEFAULT_KEYS | {"name", "address", "quantity", "unit", "phase"}

E = TypeVar("E", bound=StrEnum)


def known_maps() -> list[str]:
    """The names of the maps that come with the agent."""
    return sorted(path.stem for path in MAPS.glob("*.yaml"))


def load_map(name: str) -> RegisterMap:
    """The map `name` of maps/, or the file it names if it ends in .yaml. Raises WrongSettings."""
    path = Path(name) if name.endswith(".yaml") else MAPS / f"{name}.yaml"
    # A name is looked for among the known ones, so that it cannot lead out of maps/.
    if not name.endswith(".yaml") and name not in known_maps():
        close = get_close_matches(name, known_maps(), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(known_maps())
        raise WrongSettings(f"unknown map {name!r}{hint} (known: {known}, or a path ending in .yaml)", path=("map",))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings(f"map {path} cannot be read: {error}", path=("map",)) from error
    return parse_map(text, name=path.stem)


def parse_map(text: str, *, name: str) -> RegisterMap:
    """The map that a YAML text describes. Raises WrongSettings naming the register at fault."""
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        return _map(content, name=name)
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise WrongSettings(f"map {name}: {reason}", path=("map",)) from error


def _map(content: Any, *, name: str) -> RegisterMap:  # noqa: ANN401 - whatever the YAML holds
    if not isinstance(content, dict):
        raise TypeError("the file must hold a mapping")
    _check_keys(content, _MAP_KEYS)
    defaults = content.get("defaults") or {}
    _check_keys(defaults, _DEFAULT_KEYS)
    entries = content["registers"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TypeError("registers must be a list of mappings")
    registers = tuple(_register({**defaults, **entry}) for entry in entries)
    _check_registers(registers)
    return RegisterMap(
        name=name,
        title=str(content["title"]),
        source=str(content["source"]),
        registers=registers,
        max_block_words=_whole(content.get("max_block_words", MAX_WORDS_PER_READ), "max_block_words", low=4, high=125),
        max_gap_words=_whole(content.get("max_gap_words", 16), "max_gap_words", low=0, high=125),
    )


def _register(entry: Mapping[str, Any]) -> Register:
    name = str(entry["name"])
    try:
        _check_keys(entry, _REGISTER_KEYS)
        quantity = _member(Quantity, entry["quantity"])
        unit = str(entry["unit"])
        if unit not in UNITS[quantity]:
            raise ValueError(f"{quantity} has no unit {unit!r} (known: {', '.join(UNITS[quantity])})")  # noqa: TRY301 - named below
        phase = entry.get("phase")
        if phase is not None and phase not in PHASES:
            raise ValueError(f"no phase {phase!r} (known: {', '.join(PHASES)}; leave it out for the total)")  # noqa: TRY301 - named below
        pattern = entry.get("not_available")
        return Register(
            name=name,
            address=_whole(entry["address"], "address", low=0, high=0xFFFF),
            quantity=quantity,
            unit=unit,
            function=_member(Function, entry.get("function", "input")),
            type=_member(WordType, entry["type"]),
            word_order=_member(WordOrder, entry.get("word_order", "big")),
            # By way of the text: 0.1 in YAML means a tenth, not the nearest binary fraction.
            scale=Fraction(str(entry.get("scale", 1))),
            phase=phase,
            not_available=None if pattern is None else _whole(pattern, "not_available", low=0, high=2**64 - 1),
        )
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"register {name!r}: {error}") from error
    except KeyError as error:
        raise ValueError(f"register {name!r}: {error.args[0]!r} is missing") from error


def _check_registers(registers: tuple[Register, ...]) -> None:
    if not any(one.quantity is Quantity.ENERGY_IMPORT and one.phase is None for one in registers):
        raise ValueError(
            "no register has the quantity energy_import of all phases, without which nothing can be billed"
        )
    seen: dict[tuple[Quantity, str | None], str] = {}
    taken: dict[tuple[Function, int], str] = {}
    for one in registers:
        if one.scale == 0:
            raise ValueError(f"register {one.name!r}: scale must not be 0")
        if (twin := seen.get((one.quantity, one.phase))) is not None:
            raise ValueError(f"registers {twin!r} and {one.name!r} measure the same")
        seen[one.quantity, one.phase] = one.name
        for address in range(one.address, one.address + one.word_count):
            if (neighbour := taken.get((one.function, address))) is not None:
                raise ValueError(f"registers {neighbour!r} and {one.name!r} overlap at {address:#06x}")
            taken[one.function, address] = one.name


def _check_keys(mapping: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for key in mapping:
        if key not in allowed:
            raise ValueError(f"unknown key {key!r} (known: {', '.join(sorted(allowed))})")


def _member(kind: type[E], value: object) -> E:
    try:
        return kind(str(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is not one of {', '.join(kind)}") from error


def _whole(value: object, key: str, *, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{key} must be a whole number from {low} to {high}, not {value!r}")
    return value
