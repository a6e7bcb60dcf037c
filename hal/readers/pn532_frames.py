"""Frames of NXP's PN532 as they go over a serial line, and what its answers say.

After the PN532 user manual UM0701-02 (NXP 141520): 6.2.1 frames, 7.2.2 GetFirmwareVersion, 7.2.10 SAMConfiguration,
7.3.1 RFConfiguration, 7.3.5 InListPassiveTarget. The wake-up preamble is that of nfc-tools/libnfc (pn532_uart.c).
"""

from dataclasses import dataclass

from hal.errors import BadReading
from hal.readers.uid import UID_LENGTHS

GET_FIRMWARE_VERSION = 0x02
SAM_CONFIGURATION = 0x14
RF_CONFIGURATION = 0x32
IN_LIST_PASSIVE_TARGET = 0x4A

SAM_NORMAL = bytes((0x01, 0x14, 0x01))
"""No SAM is used; time-out 20 x 50 ms; the interrupt line is driven."""
ONE_TARGET_106_A = bytes((0x01, 0x00))
FIELD_OFF = bytes((0x01, 0x00))
IC_PN532 = 0x32

WAKE_UP = bytes((0x55, 0x55)) + bytes(14)
"""Anything wakes the chip; the zeros give it the time to start its clock."""
ACK = bytes((0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00))
"""From the chip: heard. From us: stop what you are doing."""
NACK = bytes((0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00))
"""From us: say that again."""

_START = bytes((0x00, 0xFF))
_TO_CHIP, _TO_HOST, _ERROR = 0xD4, 0xD5, 0x7F
_HAS_ATS = 0x20
"""Bit of SEL_RES: the card speaks ISO 14443-4, and the chip asked for its answer to select."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The chip heard the command."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the chip says; `code` is the command's plus one."""

    code: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The chip does not know the command, or not like this (application level error)."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are no frame."""

    reason: str


Heard = Ack | Answer | Refused | Noise


def encode(command: int, parameters: bytes = b"") -> bytes:
    """A normal information frame to the chip. Raises ValueError where it is too long for one."""
    data = bytes((_TO_CHIP, command)) + parameters
    if len(data) > 0xFF:
        raise ValueError(f"{len(data)} bytes do not fit a normal frame")
    length = len(data)
    return bytes((0x00, *_START, length, -length & 0xFF)) + data + bytes((-sum(data) & 0xFF, 0x00))


def max_retries(*, passive_activation: int) -> bytes:
    """RFConfiguration item 5: how often InListPassiveTarget looks again before it says that there is nobody."""
    return bytes((0x05, 0xFF, 0x01, passive_activation))


def card_of(data: bytes) -> bytes | None:
    """The UID in the answer to InListPassiveTarget for one type A card; None for no card. Raises BadReading."""
    if data[:1] == b"\x00":
        return None
    if len(data) < 6 or data[0] != 1 or data[1] != 1:
        raise BadReading(f"an answer about one card makes no sense ({len(data)} bytes)")
    select, length = data[4], data[5]
    uid, rest = data[6 : 6 + length], data[6 + length :]
    if length not in UID_LENGTHS or len(uid) != length:
        raise BadReading(f"a UID of {length} bytes in {len(data)}")
    has_whole_ats = bool(select & _HAS_ATS) and len(rest) == (rest[0] if rest else 0)
    if rest and not has_whole_ats:
        raise BadReading(f"{len(rest)} bytes after the UID that say nothing")
    return uid


class FrameReader:
    """Cuts the bytes that arrive into frames."""

    def __init__(self) -> None:
        self._bytes = b""

    def forget(self) -> None:
        """Drop what is half there."""
        self._bytes = b""

    def feed(self, heard: bytes) -> list[Heard]:
        """The frames that `heard` completes."""
        self._bytes += heard
        found: list[Heard] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> Heard | None:
        at = self._bytes.find(_START)
        if at < 0:
            # A start code may be half here.
            self._bytes = self._bytes[-1:]
            return None
        self._bytes = self._bytes[at:]
        if len(self._bytes) < 4:
            return None
        length, check = self._bytes[2], self._bytes[3]
        if (length, check) == (0x00, 0xFF):
            return self._cut(4, Ack())
        if (length + check) & 0xFF or not length:
            return self._cut(2, Noise("wrong length checksum"))
        return self._information(length)

    def _information(self, length: int) -> Heard | None:
        if len(self._bytes) < 4 + length + 1:
            return None
        data, total = self._bytes[4 : 4 + length], sum(self._bytes[4 : 4 + length + 1])
        if total & 0xFF:
            return self._cut(2, Noise("wrong checksum"))
        return self._cut(4 + length + 1, _meaning(data))

    def _cut(self, count: int, heard: Heard) -> Heard:
        self._bytes = self._bytes[count:]
        return heard


def _meaning(data: bytes) -> Heard:
    if data == bytes((_ERROR,)):
        return Refused()
    if data[0] != _TO_HOST or len(data) < 2:
        return Noise(f"a frame of {len(data)} bytes that is not for us")
    return Answer(data[1], data[2:])
