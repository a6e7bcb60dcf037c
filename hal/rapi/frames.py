"""RAPI lines, to and from bytes: the serial protocol of OpenEVSE boards. No I/O.

Source: the comment at the head of firmware/open_evse/rapi_proc.h and the code of rapi_proc.cpp in the public
repository OpenEVSE/open_evse: `$cc pp pp :ss^xk\\r`, xk being the XOR and, in the older form `*ck`, ck being the sum
of all characters before it, both over eight bits; ss, an optional sequence id other than 00, comes back with the
answer, which is `$OK ...` or `$NK ...`. Announcements begin with A (AB booted, AT state, AN button), or are ST and WF.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

START: Final = ord("$")
END: Final = ord("\r")
SEQUENCE_MARK: Final = ":"
LONGEST_LINE: Final = 96
"""Longer than any line of the firmware (its buffers hold 32 to 64 characters): what comes then is noise."""
HIGHEST_SEQUENCE_ID: Final = 0xFF
ANSWERS: Final = {"OK": True, "NK": False}
ANNOUNCEMENTS: Final = frozenset({"AB", "AT", "AN", "ST", "WF"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the board says to a command; `sequence_id` is None where none was asked for."""

    ok: bool
    values: tuple[str, ...] = ()
    sequence_id: int | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the board says of its own accord."""

    kind: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are no sound line, and why."""

    reason: str


Heard = Answer | Announcement | Noise


def encode(command: str, *values: object, sequence_id: int | None = None) -> bytes:
    """One command line with its XOR checksum."""
    words = [f"${command}", *(str(value) for value in values)]
    if sequence_id is not None:
        words.append(f"{SEQUENCE_MARK}{sequence_id:02X}")
    line = " ".join(words).encode("ascii")
    return line + b"^%02X\r" % reduce(xor, line)


class LineReader:
    """Finds lines in a stream of bytes; what is before a `$` is dropped, and a new `$` gives up the line before."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, heard: bytes) -> list[Heard]:
        """What became complete with these bytes."""
        found: list[Heard] = []
        for byte in heard:
            if byte == START:
                if self._line:
                    found.append(Noise(f"a line broke off after {len(self._line)} characters"))
                self._line = bytearray((START,))
            elif not self._line:
                continue
            elif byte == END:
                found.append(decode(bytes(self._line)))
                self._line.clear()
            elif len(self._line) >= LONGEST_LINE:
                found.append(Noise("a line without an end"))
                self._line.clear()
            else:
                self._line.append(byte)
        return found


def decode(line: bytes) -> Heard:
    """One line without its carriage return."""
    body, mark, checksum = _split(line)
    if not mark:
        return Noise("a line without a checksum")
    sound = reduce(xor, body) if mark == "^" else sum(body) & 0xFF
    if _hex(checksum) != sound:
        return Noise(f"wrong checksum over {len(body)} characters")
    try:
        kind, *values = body[1:].decode("ascii").split()
    except ValueError:  # no word at all, or bytes that are no ASCII
        return Noise("a line without a word")
    if kind in ANSWERS:
        return _answer(kind, values)
    if kind in ANNOUNCEMENTS:
        return Announcement(kind, tuple(values))
    return Noise(f"a line that begins with {kind[:8]!r}")


def _answer(kind: str, values: list[str]) -> Heard:
    sequence_id = None
    if values and values[-1].startswith(SEQUENCE_MARK):
        sequence_id = _hex(values.pop().removeprefix(SEQUENCE_MARK).encode())
        if sequence_id is None:
            return Noise("an answer with a sequence id that is no number")
    return Answer(ANSWERS[kind], tuple(values), sequence_id)


def _split(line: bytes) -> tuple[bytes, str, bytes]:
    for mark in (b"^", b"*"):
        body, found, checksum = line.rpartition(mark)
        if found:
            return body, found.decode(), checksum
    return line, "", b""


def _hex(text: bytes) -> int | None:
    digits = b"0123456789ABCDEFabcdef"
    return int(text, 16) if len(text) == 2 and all(byte in digits for byte in text) else None
