"""A 125 kHz card reader of the RDM6300 kind in software: sends the card that lies on it again and again.

Frames after the Seeed Studio wiki ("125Khz RFID module - UART"). Written apart from the driver and sharing nothing
with it, so that neither can hide the other's mistakes.
"""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from hil.devices.reader_desk import run

EVERY_S: Final = 0.065
NOISE: Final = bytes((0x00, 0xFF, 0x02, 0x13, 0x37, 0x03, 0xA5))


class Mood(Enum):
    """How the reader behaves on its line."""

    NORMAL = auto()
    SILENT = auto()
    NOISE = auto()
    """Sends bytes that mean nothing."""
    HALF = auto()
    """Stops in the middle of each frame."""
    WRONG_CHECKSUM = auto()
    LATE = auto()
    """Sends the card `late_by_s` after it was read."""


class EmulatedRdm6300:
    """hil.devices.board_pty.WiredBoard. `present` and `remove` move the card."""

    def __init__(self, *, clock: Callable[[], float], every_s: float = EVERY_S, repeats: bool = True) -> None:
        self.mood = Mood.NORMAL
        self.late_by_s = 0.0
        self._clock = clock
        self._every_s = every_s
        self._repeats = repeats
        self._card: bytes | None = None
        self._due_s = 0.0
        self._outbox: list[tuple[float, bytes]] = []

    def present(self, code: bytes) -> None:
        """Lay a card (five bytes) on it. Raises ValueError for another length."""
        if len(code) != 5:
            raise ValueError(f"a 125 kHz card has five bytes, not {len(code)}")
        self._card, self._due_s = code, self._clock()

    def remove(self) -> None:
        """Take the card away."""
        self._card = None

    def feed(self, heard: bytes) -> None:
        """It listens to nobody."""

    def tick(self) -> bytes:
        """What it sends now."""
        now_s = self._clock()
        if self._card is not None and now_s >= self._due_s:
            self._due_s = now_s + (self._every_s if self._repeats else float("inf"))
            self._say(self._card, now_s)
        said = b"".join(sent for due_s, sent in self._outbox if due_s <= now_s)
        self._outbox = [(due_s, sent) for due_s, sent in self._outbox if due_s > now_s]
        return said

    def _say(self, code: bytes, now_s: float) -> None:
        frame = frame_of(code)
        match self.mood:
            case Mood.SILENT:
                return
            case Mood.NOISE:
                frame = NOISE
            case Mood.HALF:
                frame = frame[: len(frame) // 2]
            case Mood.WRONG_CHECKSUM:
                frame = frame_of(code, spoil=0x55)
            case _:
                pass
        self._outbox.append((now_s + (self.late_by_s if self.mood is Mood.LATE else 0.0), frame))


def frame_of(code: bytes, *, spoil: int = 0) -> bytes:
    """The bytes it sends for a card; `spoil` changes the checksum."""
    checksum = spoil
    for byte in code:
        checksum ^= byte
    return b"\x02" + code.hex().upper().encode() + f"{checksum:02X}".encode() + b"\x03"


def main() -> None:
    """Serve one on a pseudo-terminal; `--help` tells the words it understands."""
    run(
        lambda: EmulatedRdm6300(clock=time.monotonic),
        Mood,
        prog="hil.devices.rdm6300_reader",
        text="A 125 kHz card reader in software.",
    )


if __name__ == "__main__":
    main()
