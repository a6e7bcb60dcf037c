"""Commands and answers on the serial line of a PN532: one at a time, each acknowledged, then answered."""

import asyncio
import logging
from dataclasses import dataclass

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError
from hal.readers.pn532_frames import ACK, NACK, WAKE_UP, Ack, Answer, FrameReader, Heard, Noise, Refused, encode
from hal.serial_port import SerialPort

log = logging.getLogger(__name__)

ATTEMPTS = 2


@dataclass(slots=True, eq=False)
class _Question:
    code: int
    answer: "asyncio.Future[bytes]"
    is_heard: bool = False
    may_ask_again: bool = True


class Pn532Link:
    """`timeout_s` is for one answer, in real time. Only one task may ask."""

    def __init__(self, port: SerialPort, *, device: str, timeout_s: float) -> None:
        self._port = port
        self._device = device
        self._timeout_s = timeout_s
        self._reader = FrameReader()
        self._question: _Question | None = None
        self._noise: str | None = None
        self._failure: HalError | None = None

    def open(self) -> None:
        """Open the port. Raises DeviceGone."""
        self._failure = self._question = self._noise = None
        self._reader.forget()
        self._port.open(heard=self._take, lost=self._lose)

    def close(self) -> None:
        """Give the port back; whoever asks is told DeviceGone."""
        self._port.close()
        self._lose(DeviceGone("is not open", device=self._device))

    def wake(self) -> None:
        """Wake the chip: from its low power mode, and from whatever it was doing for who asked before us."""
        self._port.write(WAKE_UP + ACK)

    async def ask(self, command: int, parameters: bytes = b"") -> bytes:
        """What the chip answers, without its code; asked again where nothing comes.

        Raises DeviceGone, DeviceSilent, DeviceRefused, or BadReading where nothing but garbled frames came.
        """
        self._noise = None
        for _ in range(ATTEMPTS):
            if self._failure is not None:
                raise self._failure
            self._reader.forget()
            question = _Question(command + 1, asyncio.get_running_loop().create_future())
            self._question = question
            try:
                self._port.write(encode(command, parameters))
                async with asyncio.timeout(self._timeout_s):
                    return await question.answer
            except TimeoutError:
                self._question = None
                await self._quieten()
            finally:
                self._question = None
        if self._noise is not None:
            raise BadReading(f"garbled answer to command {command:#04x}: {self._noise}", device=self._device)
        limit = f"{ATTEMPTS} x {self._timeout_s:g} s"
        raise DeviceSilent(f"no answer to command {command:#04x} in {limit}", device=self._device)

    async def _quieten(self) -> None:
        """A late answer must not be taken for that to the next question, which may be the same: wait it out."""
        if self._failure is None:
            self._port.write(ACK)
            await asyncio.sleep(self._timeout_s)

    def _take(self, heard: bytes) -> None:
        for one in self._reader.feed(heard):
            self._take_one(one)

    def _take_one(self, heard: Heard) -> None:
        question = self._question
        if question is None or question.answer.done():
            return
        match heard:
            case Ack():
                question.is_heard = True
            case Answer(code, data):
                # What was not acknowledged belongs to an earlier question.
                if question.is_heard and code == question.code:
                    question.answer.set_result(data)
            case Refused():
                question.answer.set_exception(DeviceRefused("refused a command", device=self._device))
            case Noise(reason):
                self._take_noise(reason, question)

    def _take_noise(self, reason: str, question: _Question) -> None:
        self._noise = reason
        log.debug("%s: %s", self._device, reason)
        if question.is_heard and question.may_ask_again and self._port.is_open:
            question.may_ask_again = False
            try:
                self._port.write(NACK)
            except DeviceGone as error:
                self._lose(error)

    def _lose(self, failure: HalError) -> None:
        self._failure = failure
        question = self._question
        if question is not None and not question.answer.done():
            question.answer.set_exception(failure)
