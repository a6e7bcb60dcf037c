"""The `pn532` driver: readers with NXP's PN532 on a serial line (HSU), for ISO 14443 type A cards.

The field is switched off after each look, as ESPHome's driver does (esphome/components/pn532): a card that was
selected once, and speaks ISO 14443-4, would not answer to the next look otherwise. Such a look makes a card with a
random UID show another one, so all random UIDs together count as one card while it is held.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import BadReading, DeviceGone, HalError
from hal.readers import pn532_frames as frames
from hal.readers.checks import GONE_DOC, TOKEN_TYPE_DOC, TokenType, check_path, check_range
from hal.readers.pn532_link import Pn532Link
from hal.readers.presence import Presence
from hal.readers.uid import ByteOrder, UidFormat, is_random, uid_text
from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.serial_port import SerialPort
from hal.streams import Reports

log = logging.getLogger(__name__)

MOST_GARBLED = 3
"""So many looks in a row that bring nothing but garbled answers are a broken line."""
ACTIVATION_RETRIES = 2
_RANDOM = "random UID"


@dataclass(frozen=True, slots=True)
class Pn532Settings:
    """A PN532 on a serial port."""

    port: str = field(metadata={"doc": "Serial device; a link in /dev/serial/by-id stays the same for ever."})
    baudrate: int = field(default=115_200, metadata={"doc": "Bits per second."})
    poll_s: float = field(default=0.25, metadata={"doc": "Time between two looks for a card."})
    timeout_s: float = field(default=0.5, metadata={"doc": "How long one answer may take; a command is sent twice."})
    format: UidFormat = field(default=UidFormat.HEX, metadata={"doc": "How the UID is written as a token."})
    byte_order: ByteOrder = field(default=ByteOrder.AS_READ, metadata={"doc": "Order of the UID's bytes."})
    decimal_width: int = field(default=0, metadata={"doc": "Digits of a decimal UID, filled up with zeros."})
    token_type: TokenType = field(default="ISO14443", metadata={"doc": TOKEN_TYPE_DOC})
    random_uids: bool = field(
        default=True,
        metadata={"doc": "Accept UIDs that a card makes up anew each time (08 and three bytes); they name nobody."},
    )
    gone_after_s: float = field(default=1.0, metadata={"doc": GONE_DOC})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_path("port", self.port)
        check_range("baudrate", self.baudrate, low=9600, high=1_288_000)
        check_range("poll_s", self.poll_s, low=0.05, high=5)
        check_range("timeout_s", self.timeout_s, low=0.05, high=5)
        check_range("decimal_width", self.decimal_width, low=0, high=36)
        check_range("gone_after_s", self.gone_after_s, low=0.2, high=60)


class Pn532Reader:
    """The `pn532` driver."""

    Settings: ClassVar[type] = Pn532Settings
    PARTS: ClassVar[frozenset[str]] = frozenset({"reader"})

    def __init__(self, settings: Pn532Settings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._clock = context.clock
        port = SerialPort(settings.port, baudrate=settings.baudrate, device=context.name)
        self._link = Pn532Link(port, device=context.name, timeout_s=settings.timeout_s)
        self._presence = Presence(gone_after_s=settings.gone_after_s)
        self._tokens: Reports[TokenReading] = Reports(tuple, device=context.name)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wake the chip and set it up. DeviceGone, DeviceSilent, or BadReading where it is another chip."""
        if self._task is not None and not self._task.done():
            return
        self._link.close()
        self._link.open()
        try:
            await self._set_up()
        except BaseException:
            self._link.close()
            raise
        self._presence.resumed()
        self._tokens.begin()
        self._task = asyncio.create_task(self._run(), name=f"looking for cards at {self._name}")

    async def stop(self) -> None:
        """Stop looking and give the port back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._tokens.end(DeviceGone("was stopped", device=self._name))
        self._link.close()

    def tokens(self) -> AsyncIterator[TokenReading]:
        """TokenReader."""
        return self._tokens.follow()

    async def _set_up(self) -> None:
        self._link.wake()
        # UM0701-02, C106: only this command brings the chip out of its low voltage mode.
        await self._link.ask(frames.SAM_CONFIGURATION, frames.SAM_NORMAL)
        version = await self._link.ask(frames.GET_FIRMWARE_VERSION)
        if len(version) != 4 or version[0] != frames.IC_PN532:
            raise BadReading(f"is no PN532 (it says {version.hex()})", device=self._name)
        log.info("%s: PN532 with firmware %d.%d", self._name, version[1], version[2])
        retries = frames.max_retries(passive_activation=ACTIVATION_RETRIES)
        await self._link.ask(frames.RF_CONFIGURATION, retries)

    async def _run(self) -> None:
        garbled = 0
        while True:
            try:
                self._report(await self._look())
                garbled = 0
            except BadReading as error:
                garbled += 1
                log.debug("%s", error)
                if garbled >= MOST_GARBLED:
                    self._tokens.end(error)
                    return
            except HalError as error:
                self._tokens.end(error)
                return
            except Exception as error:
                log.exception("%s: the reader's driver failed", self._name)
                self._tokens.end(DeviceGone(f"its driver failed: {error}", device=self._name))
                return
            await self._clock.sleep(self._settings.poll_s)

    async def _look(self) -> bytes | None:
        try:
            said = await self._link.ask(frames.IN_LIST_PASSIVE_TARGET, frames.ONE_TARGET_106_A)
            uid = frames.card_of(said)
        except BadReading as error:
            if error.device:
                raise
            raise BadReading(str(error), device=self._name) from error
        await self._link.ask(frames.RF_CONFIGURATION, frames.FIELD_OFF)
        return uid

    def _report(self, uid: bytes | None) -> None:
        card = _RANDOM if uid is not None and is_random(uid) else uid
        is_new = self._presence.looked(card, now_s=self._clock.monotonic())
        if uid is None or not is_new:
            return
        settings = self._settings
        if card is _RANDOM and not settings.random_uids:
            log.info("%s: a card with a random UID was refused", self._name)
            return
        value = uid_text(uid, form=settings.format, order=settings.byte_order, width=settings.decimal_width)
        self._tokens.emit(TokenReading(value, settings.token_type))
