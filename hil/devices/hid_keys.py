"""A card reader that types like a USB keyboard, in software: writes the kernel's input events into a named pipe.

The pipe stands for /dev/input/event*, except that nobody can grab it. struct input_event and the codes are those of
the kernel's uapi headers; written apart from the driver and sharing nothing with it.
"""

import argparse
import contextlib
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Final

from hil.devices.reader_desk import HELP, obey

ENTER: Final = 28
KEYPAD_ENTER: Final = 96
SHIFT: Final = 42
TAB: Final = 15
CODES: Final = dict(zip("1234567890", range(2, 12), strict=True)) | dict(
    zip("ABCDEF", (30, 48, 46, 32, 18, 33), strict=True)
)
KEYPAD: Final = {"7": 71, "8": 72, "9": 73, "4": 75, "5": 76, "6": 77, "1": 79, "2": 80, "3": 81, "0": 82}
KEY_S: Final = 0.004
SLOW_KEY_S: Final = 5.0


class Mood(Enum):
    """How the reader types."""

    NORMAL = auto()
    SILENT = auto()
    NOISE = auto()
    """Other keys are among the digits."""
    HALF = auto()
    """Stops in the middle and never types Enter."""
    SLOW = auto()
    """Waits five seconds in the middle."""
    DROPPED = auto()
    """The kernel's buffer overflows in the middle."""


class KeyWriter:
    """What is typed, as input events on a clock of its own that goes on with each key."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, layout: str = "@llHHi") -> None:
        self.mood = Mood.NORMAL
        self._clock = clock
        self._layout = struct.Struct(layout)
        self._at_s = 0.0

    def line(self, text: str, *, keypad: bool = False) -> bytes:
        """`text` (hexadecimal digits) and Enter. Raises ValueError for other characters."""
        codes = [self._code(character, keypad=keypad) for character in text.upper()]
        enter = KEYPAD_ENTER if keypad else ENTER
        self._at_s = max(self._clock(), self._at_s)
        middle = len(codes) // 2
        match self.mood:
            case Mood.SILENT:
                return b""
            case Mood.HALF:
                return self._keys(codes[:middle])
            case Mood.NOISE:
                return self._keys([*codes[:middle], TAB, *codes[middle:], enter])
            case Mood.DROPPED:
                return self._keys(codes[:middle]) + self._event(0, 3, 0) + self._keys([*codes[middle:], enter])
            case Mood.SLOW:
                first = self._keys(codes[:middle])
                self._at_s += SLOW_KEY_S
                return first + self._keys([*codes[middle:], enter])
            case Mood.NORMAL:
                return self._keys([*codes, enter])

    def _code(self, character: str, *, keypad: bool) -> int:
        code = KEYPAD.get(character) if keypad else CODES.get(character)
        if code is None:
            raise ValueError(f"it has no key {character!r}")
        return code

    def _keys(self, codes: list[int]) -> bytes:
        return b"".join(self._stroke(code) for code in codes)

    def _stroke(self, code: int) -> bytes:
        self._at_s += KEY_S
        is_letter = code in (30, 48, 46, 32, 18, 33)
        keys = [(SHIFT, 1), (code, 1), (code, 0), (SHIFT, 0)] if is_letter else [(code, 1), (code, 0)]
        return b"".join(self._event(1, key, value) + self._event(0, 0, 0) for key, value in keys)

    def _event(self, kind: int, code: int, value: int) -> bytes:
        seconds = int(self._at_s)
        return self._layout.pack(seconds, int((self._at_s - seconds) * 1e6), kind, code, value)


class HidKeys:
    """A context. `path` is the named pipe that a program under test opens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = KeyWriter()
        self._pipe: int | None = None

    @property
    def mood(self) -> Mood:
        """How it types."""
        return self.keys.mood

    @mood.setter
    def mood(self, mood: Mood) -> None:
        self.keys.mood = mood

    def __enter__(self) -> "HidKeys":
        """Plug it in. Raises OSError where the path is taken."""
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away."""
        self.unplug()

    @contextmanager
    def hands_on(self) -> Iterator["HidKeys"]:
        """Itself: there is no thread to wait for."""
        yield self

    def plug(self) -> None:
        """Make the pipe. Harmless where it is there."""
        if self._pipe is None:
            os.mkfifo(self.path)
            self._pipe = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def unplug(self) -> None:
        """Take it away: who has it open reads its end. Harmless where it is gone."""
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            self.path.unlink(missing_ok=True)
            os.close(pipe)

    def present(self, uid: bytes) -> None:
        """Type a card in hexadecimal digits."""
        self.type(uid.hex())

    def remove(self) -> None:
        """Nothing is typed when a card goes."""

    def type(self, text: str, *, keypad: bool = False) -> None:
        """Type digits and Enter. OSError where it is unplugged, ValueError where it has no such key."""
        if self._pipe is None:
            raise OSError("it is unplugged")
        os.write(self._pipe, self.keys.line(text, keypad=keypad))


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one on a named pipe; `--help` tells the words it understands."""
    prog = "hil.devices.hid_keys"
    as_written = argparse.RawDescriptionHelpFormatter
    text = "A card reader that types like a USB keyboard."
    parser = argparse.ArgumentParser(prog=prog, description=text, epilog=HELP, formatter_class=as_written)
    parser.add_argument("--fifo", metavar="PATH", type=Path, required=True, help="the named pipe to type into")
    options = parser.parse_args(arguments)
    try:
        with HidKeys(options.fifo) as keys, contextlib.suppress(KeyboardInterrupt):
            obey(sys.stdin, keys, Mood, out=sys.stdout)
    except OSError as error:
        sys.exit(f"{prog}: {error}")


if __name__ == "__main__":
    main()
