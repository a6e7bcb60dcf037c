"""Signals as settings name them, found in a DBC file, with their values and units."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hal.can_bus.settings import hint
from hal.errors import BadReading, WrongSettings

if TYPE_CHECKING:
    from cantools.database.can import Database, Message, Signal

Key = tuple[str | int, ...]
Raw = int | float

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "energy": {"Wh": 1, "kWh": 1e3, "MWh": 1e6, "Ws": 1 / 3600, "J": 1 / 3600, "kJ": 1 / 3.6},
    "power": {"W": 1, "kW": 1e3},
    "current": {"A": 1, "mA": 1e-3},
    "voltage": {"V": 1, "mV": 1e-3, "kV": 1e3},
    "frequency": {"Hz": 1, "mHz": 1e-3},
    "temperature": {"degC": 1, "°C": 1, "C": 1},
}
"""What a signal's unit is in ours: Wh, W, A, V, Hz, degrees Celsius."""


@dataclass(frozen=True, slots=True)
class Found:
    """A signal of a message. `unit` is what the settings say, else what the DBC file does."""

    message: "Message"
    signal: "Signal"
    unit: str

    @property
    def name(self) -> str:
        """As settings write it."""
        return f"{self.message.name}.{self.signal.name}"


@dataclass(frozen=True, slots=True)
class Value:
    """One raw value of a signal, and what it means."""

    found: Found
    raw: Raw

    def is_in(self, raws: Mapping[str, Raw]) -> bool:
        """Whether a message's raw values hold it."""
        return raws.get(self.found.signal.name) == self.raw


@dataclass(frozen=True, slots=True)
class Quantity:
    """A signal that carries a physical value; `factor` brings it to our unit."""

    found: Found
    factor: float

    def read(self, raws: Mapping[str, Raw]) -> float | None:
        """The value in our unit; None for one that the value table names. BadReading outside of the DBC's range."""
        raw = raws[self.found.signal.name]
        if self.found.signal.choices and raw in self.found.signal.choices:
            return None
        value = scaled(self.found.signal, raw)
        low, high = limits(self.found.signal)
        if not math.isfinite(value) or not low <= value <= high:
            raise BadReading(f"{self.found.name} is {value:g}, its range is {low:g} to {high:g}")
        return value * self.factor

    def raw_at_most(self, value: float) -> Raw:
        """The greatest raw value that stands for no more than `value` in our unit, within the signal's range."""
        low, high = limits(self.found.signal)
        conversion = self.found.signal.conversion
        exact = (min(max(value / self.factor, low), high) - conversion.offset) / conversion.scale
        if conversion.is_float:
            return exact
        # A tenth of an ampere is no binary fraction: what is as good as whole is whole.
        return math.floor(exact + 1e-6) if conversion.scale > 0 else math.ceil(exact - 1e-6)

    def range(self) -> tuple[float, float]:
        """The least and the greatest value in our unit."""
        low, high = limits(self.found.signal)
        return low * self.factor, high * self.factor


class Dictionary:
    """What a DBC file knows; every mistake is a WrongSettings at the key of the settings that made it."""

    def __init__(self, database: "Database") -> None:
        self._messages = {message.name: message for message in database.messages}

    def message(self, name: str, key: Key) -> "Message":
        """A message by its name."""
        message = self._messages.get(name)
        if message is None:
            raise WrongSettings(f"the DBC file has no message {name!r}{hint(name, self._messages)}", path=key)
        return message

    def find(self, text: str, key: Key) -> Found:
        """The signal that `Message.Signal`, with or without a unit behind it, names."""
        name, _, unit = text.strip().partition(" ")
        message_name, dot, signal_name = name.partition(".")
        if not dot:
            raise WrongSettings(f"{name!r} is no Message.Signal{self._elsewhere(name)}", path=key)
        message = self.message(message_name, key)
        for signal in message.signals:
            if signal.name == signal_name:
                return Found(message, signal, unit.strip() or signal.unit or "")
        close = hint(signal_name, [signal.name for signal in message.signals])
        raise WrongSettings(
            f"message {message_name} has no signal {signal_name!r}{self._elsewhere(signal_name) or close}", path=key
        )

    def quantity(self, text: str, kind: str, key: Key) -> Quantity:
        """A signal with a unit of that kind."""
        found = self.find(text, key)
        known = UNITS[kind]
        if not found.unit:
            raise WrongSettings(
                f"the DBC file gives {found.name} no unit: write it behind the name ({', '.join(known)})", path=key
            )
        if found.unit not in known:
            raise WrongSettings(
                f"{found.name} is in {found.unit!r}, which is no unit of {kind} (known: {', '.join(known)})", path=key
            )
        return Quantity(found, known[found.unit])

    def _elsewhere(self, signal_name: str) -> str:
        for message in self._messages.values():
            if any(signal.name == signal_name for signal in message.signals):
                return f"; did you mean {message.name}.{signal_name}?"
        return ""


def value_of(found: Found, text: str, key: Key) -> Value:
    """The value that a name of the signal's value table, or a number, stands for."""
    choices = {str(name): raw for raw, name in (found.signal.choices or {}).items()}
    if text in choices:
        return Value(found, choices[text])
    try:
        number = float(text)
    except ValueError:
        known = f" (known: {', '.join(choices)})" if choices else ": it has numbers only"
        raise WrongSettings(f"{found.name} has no value {text!r}{hint(text, choices)}{known}", path=key) from None
    low, high = limits(found.signal)
    raw = raw_of(found.signal, number)
    if not low <= number <= high or not _fits(found.signal, raw):
        raise WrongSettings(f"{text} does not fit into {found.name}: its range is {low:g} to {high:g}", path=key)
    if not math.isclose(scaled(found.signal, raw), number, abs_tol=1e-9):
        raise WrongSettings(f"{found.name} cannot carry {text} exactly", path=key)
    return Value(found, raw)


def raw_values(message: "Message", data: bytes) -> dict[str, Raw]:
    """The raw values in a frame. BadReading where the DBC file cannot explain it."""
    from cantools.database.errors import Error

    try:
        # Raw: scaling and names are a matter of each signal.
        decoded = message.decode(data, decode_choices=False, scaling=False)
    except (Error, ValueError) as error:
        raise BadReading(str(error)) from error
    if not isinstance(decoded, dict):
        raise BadReading(f"{message.name} is a container of other messages")
    return {name: raw for name, raw in decoded.items() if isinstance(raw, (int, float))}


def scaled(signal: "Signal", raw: Raw) -> float:
    """A raw value as the DBC file scales it."""
    value = signal.conversion.raw_to_scaled(raw, decode_choices=False)
    return float(value)  # type: ignore[arg-type]  # a number, for choices are not decoded


def raw_of(signal: "Signal", value: float) -> Raw:
    """The raw value nearest to a scaled one."""
    return signal.conversion.numeric_scaled_to_raw(value)


def limits(signal: "Signal") -> tuple[float, float]:
    """The least and the greatest scaled value: what the DBC file says, as far as the bits can hold it."""
    low, high = signal.minimum, signal.maximum
    told = (float(low), float(high)) if low is not None and high is not None and low < high else (-math.inf, math.inf)
    if signal.conversion.is_float:
        return told
    ends = [scaled(signal, raw) for raw in _raw_ends(signal)]
    return max(told[0], min(ends)), min(told[1], max(ends))


def _fits(signal: "Signal", raw: Raw) -> bool:
    if signal.conversion.is_float:
        return True
    low, high = _raw_ends(signal)
    return low <= raw <= high


def _raw_ends(signal: "Signal") -> tuple[int, int]:
    if signal.is_signed:
        return -(1 << (signal.length - 1)), (1 << (signal.length - 1)) - 1
    return 0, (1 << signal.length) - 1
