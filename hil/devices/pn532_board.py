"""A PN532 on its serial line (HSU) in software: asleep until it is woken, with cards to lay on it and bad moods.

After NXP's user manual UM0701-02. What else it takes from life: a card that speaks ISO 14443-4 is selected once and
does not answer again before the field was off; a card with a random UID makes up another one each time the field
comes back. Written apart from the driver and sharing nothing with it, so that neither can hide the other's mistakes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from hil.devices.reader_desk import run

ACK: Final = bytes.fromhex("0000FF00FF00")
NACK: Final = bytes.fromhex("0000FFFF0000")
SYNTAX_ERROR: Final = bytes.fromhex("0000FF01FF7F8100")
NOISE: Final = bytes((0x00, 0xFF, 0x13, 0x37, 0xA5, 0x5A, 0x80, 0x00, 0x00, 0xFF, 0x04, 0xFC, 0xD5))
FIRMWARE_1_6: Final = bytes((0x32, 0x01, 0x06, 0x07))
FOR_EVER: Final = 0xFF
DESFIRE_ATS: Final = bytes.fromhex("067577810280")
LOOK_S: Final = 0.005
"""What one look of the chip for a card takes."""


class Mood(Enum):
    """How the board behaves on its line."""

    NORMAL = auto()
    SILENT = auto()
    """Hears nothing and says nothing."""
    ACK_ONLY = auto()
    """Acknowledges and never answers."""
    NOISE = auto()
    """Answers with bytes that mean nothing."""
    WRONG_CHECKSUM = auto()
    HALF = auto()
    """Stops in the middle of the answer."""
    LATE = auto()
    """Answers `late_by_s` after it was asked."""
    REFUSING = auto()
    """Answers every command with a syntax error."""


@dataclass(slots=True)
class Card:
    """A type A card. `speaks_iso_dep`: ISO 14443-4, as DESFire cards and phones do. `random`: a UID of its own
    making, 08 and a count, whenever the field comes on."""

    uid: bytes
    speaks_iso_dep: bool = False
    random: bool = False
    is_selected: bool = False


class EmulatedPn532:
    """hil.devices.board_pty.WiredBoard. `present` and `remove` move cards; `tear` spoils so many answers."""

    def __init__(self, *, clock: Callable[[], float], firmware: bytes = FIRMWARE_1_6) -> None:
        self.mood = Mood.NORMAL
        self.late_by_s = 0.0
        self.tear = 0
        self.commands: list[int] = []
        self._clock = clock
        self._firmware = firmware
        self._cards: list[Card] = []
        self._heard = b""
        self._outbox: list[tuple[float, bytes]] = []
        self._last_answer = b""
        self._count = 0
        self.reboot()

    def reboot(self) -> None:
        """Lose power for a moment: asleep again, with the settings it has from the factory."""
        self.is_awake = False
        self.has_field = False
        self.retries = FOR_EVER
        self._is_looking = False
        self._outbox.clear()
        self._field_goes_off()

    def present(self, uid: bytes, *, speaks_iso_dep: bool = False, random: bool = False) -> None:
        """Lay a card on it; the first one laid there is the one it sees. ValueError for a UID of no known length."""
        if len(uid) not in (4, 7, 10):
            raise ValueError(f"a UID has 4, 7 or 10 bytes, not {len(uid)}")
        self._cards.append(Card(uid, speaks_iso_dep=speaks_iso_dep, random=random))

    def remove(self) -> None:
        """Take all cards away."""
        self._cards.clear()

    def feed(self, heard: bytes) -> None:
        """Bytes arrived."""
        if self.mood is Mood.SILENT:
            return
        self._heard += heard
        for frame in self._frames():
            self._take(frame)

    def tick(self) -> bytes:
        """What it sends now."""
        now_s = self._clock()
        if self._is_looking:
            self._look()
        said = b"".join(sent for due_s, sent in self._outbox if due_s <= now_s)
        self._outbox = [(due_s, sent) for due_s, sent in self._outbox if due_s > now_s]
        return said

    def _frames(self) -> Iterator[bytes]:
        """Frames as they came, from their length on; what is no frame only wakes it."""
        while True:
            at = self._heard.find(b"\x00\xff")
            self.is_awake = self.is_awake or b"\x55" in self._heard[: at if at >= 0 else None]
            if at < 0:
                self._heard = self._heard[-1:] if self._heard.endswith(b"\x00") else b""
                return
            body = self._heard[at + 2 :]
            if len(body) < 2:
                return
            length = 0 if body[:2] in (b"\x00\xff", b"\xff\x00") else body[0] + 1
            if len(body) < 2 + length:
                return
            self._heard = body[2 + length :]
            yield body[: 2 + length]

    def _take(self, frame: bytes) -> None:
        if not self.is_awake:
            return
        if frame == b"\x00\xff":
            self._is_looking = False
            self._outbox.clear()
        elif frame == b"\xff\x00":
            self._send(self._last_answer)
        elif (frame[0] + frame[1]) & 0xFF == 0 and sum(frame[2:]) & 0xFF == 0 and frame[2:3] == b"\xd4":
            self._do(frame[3], frame[4:-1])

    def _do(self, command: int, parameters: bytes) -> None:
        self.commands.append(command)
        self._is_looking = False
        self._outbox.append((self._clock(), ACK))
        if self.mood is Mood.REFUSING:
            self._outbox.append((self._clock(), SYNTAX_ERROR))
            return
        match command:
            case 0x02:
                self._answer(command, self._firmware)
            case 0x14:
                self._answer(command, b"")
            case 0x32:
                self._configure(parameters)
                self._answer(command, b"")
            case 0x4A:
                self.has_field = True
                self._is_looking = True
            case _:
                self._outbox.append((self._clock(), SYNTAX_ERROR))

    def _configure(self, parameters: bytes) -> None:
        if parameters[:1] == b"\x05":
            self.retries = parameters[3]
        elif parameters[:1] == b"\x01" and not parameters[1] & 0x01:
            self._field_goes_off()

    def _field_goes_off(self) -> None:
        self.has_field = False
        for card in self._cards:
            card.is_selected = False
            if card.random:
                self._count += 1
                card.uid = b"\x08" + self._count.to_bytes(3, "big")

    def _look(self) -> None:
        card = next(iter(self._cards), None)
        if card is not None and not (card.is_selected and card.speaks_iso_dep):
            card.is_selected = True
            self._is_looking = False
            self._answer(0x4A, b"\x01\x01" + described(card))
        elif self.retries != FOR_EVER:
            self._is_looking = False
            self._answer(0x4A, b"\x00", after_s=LOOK_S * self.retries)

    def _answer(self, command: int, data: bytes, *, after_s: float = 0.0) -> None:
        body = bytes((0xD5, command + 1)) + data
        self._last_answer = b"\x00\x00\xff" + bytes((len(body), -len(body) & 0xFF)) + body
        self._last_answer += bytes((-sum(body) & 0xFF, 0x00))
        self._send(self._last_answer, after_s=after_s)

    def _send(self, frame: bytes, *, after_s: float = 0.0) -> None:
        mood = self.mood
        if self.tear > 0:
            self.tear -= 1
            mood = Mood.WRONG_CHECKSUM
        match mood:
            case Mood.SILENT | Mood.ACK_ONLY:
                return
            case Mood.NOISE:
                frame = NOISE
            case Mood.WRONG_CHECKSUM:
                frame = frame[:-2] + bytes((frame[-2] ^ 0x55, 0x00)) if len(frame) > 1 else frame
            case Mood.HALF:
                frame = frame[: len(frame) // 2]
            case _:
                pass
        self._outbox.append((self._clock() + after_s + (self.late_by_s if mood is Mood.LATE else 0.0), frame))


def described(card: Card) -> bytes:
    """SENS_RES, SEL_RES, length and UID, answer to select: what InListPassiveTarget tells of a card."""
    select = 0x20 if card.speaks_iso_dep else 0x08 if len(card.uid) == 4 else 0x00
    sense = b"\x00\x04" if len(card.uid) == 4 else b"\x00\x44"
    ats = DESFIRE_ATS if card.speaks_iso_dep else b""
    return sense + bytes((select, len(card.uid))) + card.uid + ats


def main() -> None:
    """Serve one on a pseudo-terminal; `--help` tells the words it understands."""
    run(
        lambda: EmulatedPn532(clock=time.monotonic),
        Mood,
        prog="hil.devices.pn532_board",
        text="A PN532 card reader in software.",
    )


if __name__ == "__main__":
    main()
