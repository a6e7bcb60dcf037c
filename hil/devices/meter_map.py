"""Reads a register map for the emulated meter: a small reader of its own, so that it shares no mistake with the agent.

It understands the maps that the agent accepts and checks nothing beyond what it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

MAPS: Final = Path(__file__).parents[2] / "hal" / "modbus" / "maps"

BITS: Final[Mapping[str, int]] = {
    "int16": 16,
    "uint16": 16,
    "int32": 32,
    "uint32": 32,
    "int64": 64,
    "uint64": 64,
    "float32": 32,
    "float64": 64,
}

TIMES: Final[Mapping[str, Fraction]] = {
    "kWh": Fraction(1000),
    "MWh": Fraction(1_000_000),
    "kW": Fraction(1000),
    "mA": Fraction(1, 1000),
    "mV": Fraction(1, 1000),
    "mHz": Fraction(1, 1000),
}
"""What one of a unit is in Wh, W, A, V or Hz; units that are not here are those themselves."""


@dataclass(frozen=True, slots=True)
class MapRegister:
    """One entry of a map, with the defaults filled in."""

    name: str
    table: str
    address: int
    quantity: str
    phase: str | None
    type: str
    low_word_first: bool
    low_byte_first: bool
    one_is: Fraction
    """What the number 1 in the register means, in Wh, W, A, V or Hz."""
    sign: str
    exponent_at: int | None
    missing: int | None
    """The bits by which the meter says that it has no value."""

    @property
    def words(self) -> int:
        """How many words it takes."""
        return BITS[self.type] // 16


@dataclass(frozen=True, slots=True)
class MeterMap:
    """What an emulated meter needs of a map; `identity` is at (table, address)."""

    title: str
    registers: tuple[MapRegister, ...]
    longest_read: int
    identity_at: tuple[str, int] | None
    identity: str | int | None
    identity_words: int

    @property
    def phases(self) -> int:
        """How many phases it measures; three where it only tells sums."""
        return len({one.phase for one in self.registers if one.phase and one.quantity == "voltage"}) or 3


def read_map(name: str) -> MeterMap:
    """The map of this name, or at this path if it ends in .yaml. Raises OSError, KeyError or ValueError."""
    path = Path(name) if name.endswith(".yaml") else MAPS / f"{name}.yaml"
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    identity: dict[str, Any] = content.get("identity") or {}
    table_and_address = (identity["function"], identity["address"]) if identity else None
    shown: str | int | None = None
    if identity:
        shown = identity["starts_with"][0] if identity["type"] == "string" else identity["between"][0]
    return MeterMap(
        title=content["title"],
        registers=tuple(_register({**(content.get("defaults") or {}), **entry}) for entry in content["registers"]),
        longest_read=content.get("max_block_words", 125),
        identity_at=table_and_address,
        identity=shown,
        identity_words=identity.get("words", 1),
    )


def names() -> list[str]:
    """The maps that can be given by name."""
    return sorted(path.stem for path in MAPS.glob("*.yaml"))


def _register(entry: Mapping[str, Any]) -> MapRegister:
    kind = entry["type"]
    return MapRegister(
        name=entry["name"],
        table=entry.get("function", "input"),
        address=entry["address"],
        quantity=entry["quantity"],
        phase=entry.get("phase"),
        type=kind,
        low_word_first=entry.get("word_order", "big") == "little",
        low_byte_first=entry.get("byte_order", "big") == "little",
        one_is=Fraction(str(entry.get("scale", 1))) * TIMES.get(entry["unit"], Fraction(1)),
        sign=entry.get("sign", "keep"),
        exponent_at=entry.get("scale_register"),
        missing=_missing(entry.get("not_available"), kind),
    )


def _missing(told: object, kind: str) -> int | None:
    bits = BITS[kind]
    if isinstance(told, list):
        told = told[0]
    if told is None:
        return {"float32": 0x7FC00000, "float64": 0x7FF8000000000000}.get(kind)
    if told == "highest":
        return (1 << bits - 1) - 1 if kind.startswith("int") else (1 << bits) - 1
    if told == "lowest":
        return 1 << bits - 1 if kind.startswith("int") else 0
    if isinstance(told, int):
        return told
    raise ValueError(f"not_available: {told!r}")
