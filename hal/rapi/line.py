"""Commands and answers on a RAPI line: one question at a time, and a hard stop that waits for nothing."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError
from hal.rapi.frames import HIGHEST_SEQUENCE_ID, Announcement, Answer, LineReader, Noise, encode
from hal.serial_port import SerialPort

log = logging.getLogger(__name__)

STOP_SEQUENCE_ID = HIGHEST_SEQUENCE_ID
"""Kept for the hard stop, whose answer nobody waits for."""


@dataclass(slots=True, eq=False)
class _Question:
    sequence_id: int | None
    answer: "asyncio.Future[Answer] | None" = None


class RapiLine:
    """`announced` hears of what the board says by itself. Without sequence ids a late answer is waited out."""

    def __init__(
        self,
        port: SerialPort,
        *,
        device: str,
        timeout_s: float,
        attempts: int = 2,
        sequence_ids: bool,
        announced: Callable[[Announcement], None],
    ) -> None:
        self._port = port
        self._device = device
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._has_ids = sequence_ids
        self._announced = announced
        self._reader = LineReader()
        self._turn = asyncio.Lock()
        self._writing = threading.Lock()
        self._open_questions: deque[_Question] = deque()
        self._last_id = 0
        self._last_noise: str | None = None
        self._failure: HalError | None = None

    def open(self) -> None:
        """Open the port. Raises DeviceGone."""
        self._reader, self._failure, self._last_noise = LineReader(), None, None
        self._open_questions.clear()
        self._port.open(heard=self._take, lost=self._lose)

    def close(self) -> None:
        """Give the port back."""
        self._port.close()
        self._lose(DeviceGone("is not open", device=self._device))

    def stop_now(self) -> None:
        """The hard stop `$FD`: from any thread, never waits. Raises DeviceGone."""
        question = _Question(STOP_SEQUENCE_ID if self._has_ids else None)
        with self._writing:
            self._port.write(encode("FD", sequence_id=question.sequence_id))
            self._open_questions.append(question)

    async def ask(
        self, command: str, *values: object, stands: Callable[[], bool] | None = None, attempts: int | None = None
    ) -> Answer:
        """The board's answer, `$NK` included; asked again where none comes in time.

        Where `stands` says no just before a line would go out, nothing is sent and the answer is an empty NK.
        Raises DeviceGone, DeviceSilent, or BadReading where nothing but garbled lines came.
        """
        async with self._turn:
            tried = attempts or self._attempts
            for _ in range(tried):
                question = self._send(command, values, stands)
                if question is None:
                    return Answer(ok=False)
                answer = await self._answer(question)
                if answer is not None:
                    return answer
            if self._last_noise is not None:
                raise BadReading(f"garbled answer to ${command}: {self._last_noise}", device=self._device)
            limit = f"{tried} x {self._timeout_s:g} s"
            raise DeviceSilent(f"no answer to ${command} in {limit}", device=self._device)

    async def demand(self, command: str, *values: object) -> tuple[str, ...]:
        """What the board answers with `$OK`; DeviceRefused for `$NK`, otherwise as `ask`."""
        answer = await self.ask(command, *values)
        if not answer.ok:
            raise DeviceRefused(f"refused ${command} {' '.join(map(str, values))}".rstrip(), device=self._device)
        return answer.values

    def _send(self, command: str, values: tuple[object, ...], stands: Callable[[], bool] | None) -> _Question | None:
        with self._writing:
            if self._failure is not None:
                raise self._failure
            # Under the same lock as `stop_now`: a stop is either seen here, or goes out after this line.
            if stands is not None and not stands():
                return None
            self._last_noise = None
            question = _Question(self._next_id(), asyncio.get_running_loop().create_future())
            self._port.write(encode(command, *values, sequence_id=question.sequence_id))
            self._open_questions.append(question)
            return question

    def _next_id(self) -> int | None:
        if not self._has_ids:
            return None
        self._last_id = self._last_id % (STOP_SEQUENCE_ID - 1) + 1
        return self._last_id

    async def _answer(self, question: _Question) -> Answer | None:
        if question.answer is None:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await question.answer
        except TimeoutError:
            if not self._has_ids:
                # It may still come, and nothing tells it from the answer to the next question.
                await asyncio.sleep(self._timeout_s)
                with self._writing:
                    self._open_questions.clear()
            return None
        finally:
            with self._writing:
                if question in self._open_questions:
                    self._open_questions.remove(question)

    def _take(self, heard: bytes) -> None:
        for line in self._reader.feed(heard):
            match line:
                case Answer():
                    self._take_answer(line)
                case Announcement():
                    self._announced(line)
                case Noise(reason):
                    self._last_noise = reason
                    log.debug("%s: %s", self._device, reason)

    def _take_answer(self, answer: Answer) -> None:
        with self._writing:
            question = self._question_of(answer)
        if question is None:
            # Late, or a `$NK` without an id: the board could not read our line, which is asked again in time.
            log.debug("%s: an answer that nobody waits for", self._device)
        elif question.answer is not None and not question.answer.done():
            question.answer.set_result(answer)

    def _question_of(self, answer: Answer) -> _Question | None:
        """Take the question off the list, and with it those before: answers come in order."""
        for question in self._open_questions:
            if question.sequence_id == answer.sequence_id:
                break
        else:
            return None
        while self._open_questions.popleft() is not question:
            pass
        return question

    def _lose(self, failure: HalError) -> None:
        self._failure = failure
        with self._writing:
            lost = tuple(self._open_questions)
            self._open_questions.clear()
        for question in lost:
            if question.answer is not None and not question.answer.done():
                question.answer.set_exception(failure)
