"""What 125 kHz readers of the RDM6300 kind send: STX, ten hexadecimal digits, two of a checksum, ETX.

The checksum is the five bytes combined by XOR (Seeed Studio wiki, "125Khz RFID module - UART": card 62E3086CED,
checksum 08). Readers of the ID-12 kind put CR and LF before ETX, which is accepted too.
"""

import re
from functools import reduce
from operator import xor

STX, ETX = 0x02, 0x03
MOST_BYTES = 16
"""The longest frame, with CR and LF."""

_DIGITS = re.compile(rb"[0-9A-Fa-f]{12}(\r\n)?")
_EMPTY_CODES = (bytes(5), b"\xff" * 5)
"""A dead line reads like this, and the checksum agrees with it."""


class FrameReader:
    """Cuts the bytes that arrive into codes; whatever is no whole frame is dropped and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._frame: bytearray | None = None

    def feed(self, heard: bytes) -> list[bytes]:
        """The codes (five bytes each) of the frames that `heard` completes."""
        codes = [self._take(byte) for byte in heard]
        return [code for code in codes if code is not None]

    def _take(self, byte: int) -> bytes | None:
        if byte == STX:
            self._drop()
            self._frame = bytearray()
        elif self._frame is None:
            return None
        elif byte == ETX:
            code = parse(bytes(self._frame))
            self._frame = None
            self.dropped += code is None
            return code
        elif len(self._frame) > MOST_BYTES:
            self._drop()
        else:
            self._frame.append(byte)
        return None

    def _drop(self) -> None:
        if self._frame is not None:
            self._frame = None
            self.dropped += 1


def parse(body: bytes) -> bytes | None:
    """The code between STX and ETX, or None where it is garbled."""
    if not _DIGITS.fullmatch(body):
        return None
    told = bytes.fromhex(body[:12].decode("ascii"))
    code, checksum = told[:5], told[5]
    if reduce(xor, code) != checksum or code in _EMPTY_CODES:
        return None
    return code
