"""Linux input events: from the bytes of /dev/input/event* to keys, and from keys to what was typed.

struct input_event and the codes are those of the kernel's uapi headers (linux/input.h, linux/input-event-codes.h).
Its two time fields are as wide as a long of the program that reads it, whatever the width of time_t.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

NATIVE = struct.Struct("@llHHi")
WORD_32 = struct.Struct("=iiHHi")
WORD_64 = struct.Struct("=qqHHi")

EV_SYN, EV_KEY = 0x00, 0x01
SYN_REPORT, SYN_DROPPED = 0, 3
RELEASED, PRESSED, REPEATED = 0, 1, 2
ENTER = frozenset({28, 96})
"""KEY_ENTER and KEY_KPENTER."""
SHIFT = frozenset({42, 54})
"""KEY_LEFTSHIFT and KEY_RIGHTSHIFT: they make a capital of a digit that is one anyway."""

_ROW = dict(zip(range(2, 12), "1234567890", strict=True))
_KEYPAD = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"}
_LETTERS = {30: "A", 48: "B", 46: "C", 32: "D", 18: "E", 33: "F"}
DIGITS = _ROW | _KEYPAD | _LETTERS
"""Key code -> hexadecimal digit."""

MOST_TYPED = 36
"""No token is longer (identifierString of OCPP 2.0.1)."""


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event; `at_s` on the clock that the device was told to use."""

    at_s: float
    kind: int
    code: int
    value: int


class EventReader:
    """Cuts the bytes that arrive into events."""

    def __init__(self, layout: struct.Struct = NATIVE) -> None:
        self._layout = layout
        self._bytes = b""

    def feed(self, heard: bytes) -> Iterator[InputEvent]:
        """The events that `heard` completes."""
        self._bytes += heard
        whole = len(self._bytes) - len(self._bytes) % self._layout.size
        events, self._bytes = self._bytes[:whole], self._bytes[whole:]
        for seconds, micros, kind, code, value in self._layout.iter_unpack(events):
            yield InputEvent(seconds + micros / 1e6, kind, code, value)


class TypedLine:
    """What is typed until Enter. A line with a pause of more than `key_gap_s` in it, with any other key, or of which
    the kernel lost a part, is no line."""

    def __init__(self, *, key_gap_s: float) -> None:
        self._key_gap_s = key_gap_s
        self._typed = ""
        self._is_spoilt = False
        self._is_skipping = False
        self._last_s: float | None = None

    def take(self, event: InputEvent) -> str | None:
        """The line that this event ends, if it does; never an empty one."""
        if event.kind == EV_SYN:
            self._take_syn(event.code)
            return None
        if self._is_skipping or event.kind != EV_KEY or event.value != PRESSED or event.code in SHIFT:
            return None
        if self._last_s is not None and not 0 <= event.at_s - self._last_s <= self._key_gap_s:
            self._begin()
        self._last_s = event.at_s
        if event.code in ENTER:
            line, is_spoilt = self._typed, self._is_spoilt
            self._begin()
            return line if line and not is_spoilt else None
        self._type(event.code)
        return None

    def _type(self, code: int) -> None:
        digit = DIGITS.get(code, "")
        if not digit or len(self._typed) >= MOST_TYPED:
            self._is_spoilt = True
        else:
            self._typed += digit

    def _take_syn(self, code: int) -> None:
        if code == SYN_DROPPED:
            # What follows up to the next report is incomplete too.
            self._is_skipping = self._is_spoilt = True
        elif code == SYN_REPORT:
            self._is_skipping = False

    def _begin(self) -> None:
        self._typed, self._is_spoilt, self._last_s = "", False, None
