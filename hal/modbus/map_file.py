"""Register maps as YAML files: those in maps/, or one of an integrator's own."""

import struct
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import yaml

from hal.errors import WrongSettings
from hal.modbus.identity import LONGEST_TEXT_WORDS, Identity, IdentityType
from hal.modbus.registers import (
    MAX_WORDS_PER_READ,
    MEASURED,
    PHASES,
    UNITS,
    Quantity,
    Register,
    RegisterMap,
    SerialDefaults,
    Sign,
)
from hal.modbus.words import FORMATS, ByteOrder, Function, WordOrder, WordType

MAPS = Path(__file__).with_name("maps")

MAP_KEYS = (
    "title",
    "models",
    "source",
    "serial",
    "identity",
    "max_block_words",
    "max_gap_words",
    "defaults",
    "registers",
)
DEFAULT_KEYS = (
    "function",
    "type",
    "word_order",
    "byte_order",
    "scale",
    "sign",
    "scale_register",
    "not_available",
)
REGISTER_KEYS = ("name", "address", "quantity", "unit", "phase", *DEFAULT_KEYS)
IDENTITY_KEYS = ("function", "address", "type", "words", "starts_with", "between")
SERIAL_KEYS = ("baudrate", "parity", "stopbits")

HIGHEST, LOWEST = "highest", "lowest"
"""The most usual patterns for "not available": the highest or the lowest number of the register's type."""

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


def _map(content: Any, *, name: str) -> RegisterMap:
    if not isinstance(content, dict):
        raise TypeError("the file must hold a mapping")
    _check_keys(content, MAP_KEYS)
    defaults = content.get("defaults") or {}
    _check_keys(defaults, DEFAULT_KEYS)
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
        models=_texts(content.get("models", []), "models"),
        identity=_identity(content["identity"]) if "identity" in content else None,
        serial=_serial(content["serial"]) if "serial" in content else None,
    )


def _register(entry: Mapping[str, Any]) -> Register:
    name = str(entry["name"])
    try:
        _check_keys(entry, REGISTER_KEYS)
        quantity = _member(Quantity, entry["quantity"], among=MEASURED)
        kind = _member(WordType, entry["type"])
        exponent_at = entry.get("scale_register")
        return Register(
            name=name,
            address=_whole(entry["address"], "address", low=0, high=0xFFFF),
            quantity=quantity,
            unit=_unit(entry["unit"], quantity),
            function=_member(Function, entry.get("function", "input")),
            type=kind,
            word_order=_member(WordOrder, entry.get("word_order", "big")),
            byte_order=_member(ByteOrder, entry.get("byte_order", "big")),
            # By way of the text: 0.1 in YAML means a tenth, not the nearest binary fraction.
            scale=Fraction(str(entry.get("scale", 1))),
            sign=_member(Sign, entry.get("sign", "keep")),
            scale_register=None if exponent_at is None else _whole(exponent_at, "scale_register", low=0, high=0xFFFF),
            phase=_phase(entry.get("phase")),
            not_available=_patterns(entry.get("not_available"), kind),
        )
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"register {name!r}: {error}") from error
    except KeyError as error:
        raise ValueError(f"register {name!r}: {error.args[0]!r} is missing") from error


def _unit(value: object, quantity: Quantity) -> str:
    unit = str(value)
    if unit not in UNITS[quantity]:
        raise ValueError(f"{quantity} has no unit {unit!r} (known: {', '.join(UNITS[quantity])})")
    return unit


def _phase(value: object) -> str | None:
    if value is not None and value not in PHASES:
        raise ValueError(f"no phase {value!r} (known: {', '.join(PHASES)}; leave it out for the total)")
    return None if value is None else str(value)


def _patterns(value: object, kind: WordType) -> tuple[int, ...]:
    """The unsigned patterns that mean "no value": a number, a list of them, `highest` or `lowest`."""
    if value is None:
        return ()
    bits = 8 * struct.calcsize(FORMATS[kind])
    signed = kind in (WordType.INT16, WordType.INT32, WordType.INT64)
    if value == HIGHEST:
        return (2 ** (bits - 1) - 1 if signed else 2**bits - 1,)
    if value == LOWEST:
        return (2 ** (bits - 1) if signed else 0,)
    listed = value if isinstance(value, list) else [value]
    return tuple(_whole(one, "not_available", low=0, high=2**bits - 1) for one in listed)


def _identity(entry: Any) -> Identity:
    try:
        _check_keys(entry, IDENTITY_KEYS)
        kind = _member(IdentityType, entry["type"])
        low, high = entry["between"] if kind is IdentityType.UINT16 else (0, 0)
        return Identity(
            function=_member(Function, entry["function"]),
            address=_whole(entry["address"], "address", low=0, high=0xFFFF),
            type=kind,
            words=_whole(entry.get("words", 1), "words", low=1, high=LONGEST_TEXT_WORDS),
            starts_with=_texts(entry["starts_with"], "starts_with") if kind is IdentityType.STRING else (),
            between=(_whole(low, "between", low=0, high=0xFFFF), _whole(high, "between", low=0, high=0xFFFF)),
        )
    except (ValueError, TypeError) as error:
        raise ValueError(f"identity: {error}") from error
    except KeyError as error:
        raise ValueError(f"identity: {error.args[0]!r} is missing") from error


def _serial(entry: Any) -> SerialDefaults:
    _check_keys(entry, SERIAL_KEYS)
    parity = str(entry.get("parity", "N"))
    if parity not in ("N", "E", "O"):
        raise ValueError(f"serial: parity is N, E or O, not {parity!r}")
    return SerialDefaults(
        baudrate=_whole(entry["baudrate"], "baudrate", low=300, high=4_000_000),
        parity=parity,
        stopbits=_whole(entry.get("stopbits", 1), "stopbits", low=1, high=2),
    )


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


def _check_keys(mapping: Any, allowed: tuple[str, ...]) -> None:
    if not isinstance(mapping, dict):
        raise TypeError(f"expected a mapping of {', '.join(sorted(allowed))}")
    for key in mapping:
        if key not in allowed:
            raise ValueError(f"unknown key {key!r} (known: {', '.join(sorted(allowed))})")


def _member(kind: type[E], value: object, *, among: tuple[E, ...] = ()) -> E:
    known = among or tuple(kind)
    for one in known:
        if one.value == str(value):
            return one
    raise ValueError(f"{value!r} is not one of {', '.join(known)}")


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"{key} must be a list of texts, not {value!r}")
    return tuple(value)


def _whole(value: object, key: str, *, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{key} must be a whole number from {low} to {high}, not {value!r}")
    return value
