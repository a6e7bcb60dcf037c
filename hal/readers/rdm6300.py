"""The `rdm6300` driver: 125 kHz card readers that send each card by themselves, again and again while it is held.

Such a reader cannot be asked anything: that it fell silent is not to be told from nobody being there. A vanished
adapter is noticed.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import DeviceGone
from hal.readers.checks import GONE_DOC, TOKEN_TYPE_DOC, TokenType, check_path, check_range
from hal.readers.held import HeldCards
from hal.readers.rdm6300_frames import FrameReader
from hal.readers.uid import ByteOrder, EmFormat, em_text
from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.serial_port import SerialPort
from hal.streams import Reports

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rdm6300Settings:
    """A 125 kHz reader on a serial port."""

    port: str = field(metadata={"doc": "Serial device; a link in /dev/serial/by-id stays the same for ever."})
    baudrate: int = field(default=9600, metadata={"doc": "Bits per second."})
    format: EmFormat = field(default=EmFormat.HEX, metadata={"doc": "How the card's code is written as a token."})
    byte_order: ByteOrder = field(default=ByteOrder.AS_READ, metadata={"doc": "Order of the code's bytes."})
    token_type: TokenType = field(default="Local", metadata={"doc": TOKEN_TYPE_DOC})
    gone_after_s: float = field(default=1.0, metadata={"doc": GONE_DOC})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_path("port", self.port)
        check_range("baudrate", self.baudrate, low=1200, high=115_200)
        check_range("gone_after_s", self.gone_after_s, low=0.2, high=60)


class Rdm6300Reader:
    """The `rdm6300` driver."""

    Settings: ClassVar[type] = Rdm6300Settings
    PARTS: ClassVar[frozenset[str]] = frozenset({"reader"})

    def __init__(self, settings: Rdm6300Settings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._port = SerialPort(settings.port, baudrate=settings.baudrate, device=context.name)
        self._frames = FrameReader()
        self._held = HeldCards(clock=context.clock, gone_after_s=settings.gone_after_s, name=context.name)
        self._tokens: Reports[TokenReading] = Reports(tuple, device=context.name)

    async def start(self) -> None:
        """Open the port. DeviceGone where it is not there. Harmless when repeated."""
        if self._port.is_open:
            return
        self._frames = FrameReader()
        self._port.open(heard=self._take, lost=self._tokens.end)
        self._tokens.begin()
        self._held.resume()

    async def stop(self) -> None:
        """Give the port back."""
        self._port.close()
        self._tokens.end(DeviceGone("was stopped", device=self._name))
        await self._held.close()

    def tokens(self) -> AsyncIterator[TokenReading]:
        """TokenReader."""
        return self._tokens.follow()

    def _take(self, heard: bytes) -> None:
        dropped = self._frames.dropped
        for code in self._frames.feed(heard):
            if self._held.heard(code):
                value = em_text(code, form=self._settings.format, order=self._settings.byte_order)
                self._tokens.emit(TokenReading(value, self._settings.token_type))
        if self._frames.dropped > dropped:
            log.debug("%s: garbled frames so far: %d", self._name, self._frames.dropped)
