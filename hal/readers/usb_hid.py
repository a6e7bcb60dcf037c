"""The `usb-hid` driver: card readers and keypads that call themselves a USB keyboard and type digits and Enter.

The device is taken from everybody else, so that no card is typed into a console. Whether a reader types a card once
or again and again while it is held, it is one presentation.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from hal.errors import DeviceGone, HalError
from hal.readers.checks import GONE_DOC, TOKEN_TYPE_DOC, TokenType, check_path, check_range
from hal.readers.held import HeldCards
from hal.readers.input_device import open_exclusive
from hal.readers.input_events import MOST_TYPED, EventReader, TypedLine
from hal.readers.uid import ByteOrder, UidFormat, uid_text
from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.streams import Reports

log = logging.getLogger(__name__)

READ_BYTES = 64 * 24
FEWEST_DIGITS = 4
Opener = Callable[[str, str], int]
"""From a path, and a name for errors, to a descriptor that does not block; raises DeviceGone."""


@dataclass(frozen=True, slots=True)
class UsbHidSettings:
    """A card reader or keypad that types."""

    device: str = field(metadata={"doc": "Input device; a link in /dev/input/by-id stays the same for ever."})
    typed: Literal["text", "hex", "decimal"] = field(
        default="text",
        metadata={"doc": "What it types: text is the token as it is; hex and decimal are a UID, to be written anew."},
    )
    uid_bytes: int = field(default=4, metadata={"doc": "Length of the UID behind a decimal number."})
    format: UidFormat = field(default=UidFormat.HEX, metadata={"doc": "How a UID is written as a token."})
    byte_order: ByteOrder = field(default=ByteOrder.AS_READ, metadata={"doc": "Order of the UID's bytes."})
    decimal_width: int = field(default=0, metadata={"doc": "Digits of a decimal UID, filled up with zeros."})
    digits: int = field(
        default=0,
        metadata={"doc": "How many digits a token has; 0: any from 4 up, and half a card may then pass for one."},
    )
    key_gap_s: float = field(
        default=0.5, metadata={"doc": "Longest time between two keys; what was typed before is dropped then."}
    )
    token_type: TokenType = field(default="Local", metadata={"doc": TOKEN_TYPE_DOC})
    gone_after_s: float = field(default=1.0, metadata={"doc": GONE_DOC})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_path("device", self.device)
        check_range("uid_bytes", self.uid_bytes, low=1, high=10)
        check_range("decimal_width", self.decimal_width, low=0, high=MOST_TYPED)
        check_range("digits", self.digits, low=0, high=MOST_TYPED)
        check_range("key_gap_s", self.key_gap_s, low=0.02, high=60)
        check_range("gone_after_s", self.gone_after_s, low=0.2, high=60)


class UsbHidReader:
    """The `usb-hid` driver. `opener` is handed in by tests that have no input devices."""

    Settings: ClassVar[type] = UsbHidSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"reader"})

    def __init__(self, settings: UsbHidSettings, context: DriverContext, *, opener: Opener = open_exclusive) -> None:
        self._settings = settings
        self._name = context.name
        self._opener = opener
        self._descriptor: int | None = None
        self._events = EventReader()
        self._line = TypedLine(key_gap_s=settings.key_gap_s)
        self._held = HeldCards(clock=context.clock, gone_after_s=settings.gone_after_s, name=context.name)
        self._tokens: Reports[TokenReading] = Reports(tuple, device=context.name)

    async def start(self) -> None:
        """Open and grab the device. DeviceGone where it is not there or somebody else has it."""
        if self._descriptor is not None:
            return
        self._events = EventReader()
        self._line = TypedLine(key_gap_s=self._settings.key_gap_s)
        self._descriptor = self._opener(self._settings.device, self._name)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        self._tokens.begin()
        self._held.resume()

    async def stop(self) -> None:
        """Give the device back."""
        self._end(DeviceGone("was stopped", device=self._name))
        await self._held.close()

    def tokens(self) -> AsyncIterator[TokenReading]:
        """TokenReader."""
        return self._tokens.follow()

    def _read(self) -> None:
        if self._descriptor is None:
            return
        try:
            heard = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(DeviceGone(f"{self._settings.device} cannot be read: {error}", device=self._name))
            return
        if not heard:
            self._end(DeviceGone(f"{self._settings.device} was taken away", device=self._name))
            return
        for event in self._events.feed(heard):
            line = self._line.take(event)
            if line is not None:
                self._take(line)

    def _take(self, line: str) -> None:
        value = token_of(line, self._settings)
        if value is None:
            log.info("%s: %d digits that are no token", self._name, len(line))
        elif self._held.heard(value):
            self._tokens.emit(TokenReading(value, self._settings.token_type))

    def _end(self, failure: HalError) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            asyncio.get_running_loop().remove_reader(descriptor)
            with suppress(OSError):  # a device that is gone cannot even be closed
                os.close(descriptor)
        self._tokens.end(failure)


def token_of(line: str, settings: UsbHidSettings) -> str | None:
    """The token behind what was typed (hexadecimal digits); None where it is not what the settings promise."""
    if len(line) != settings.digits if settings.digits else len(line) < FEWEST_DIGITS:
        return None
    if settings.typed == "text":
        return line
    try:
        is_hex = settings.typed == "hex"
        uid = bytes.fromhex(line) if is_hex else int(line).to_bytes(settings.uid_bytes, "big")
    except (ValueError, OverflowError):
        return None
    return uid_text(uid, form=settings.format, order=settings.byte_order, width=settings.decimal_width)
