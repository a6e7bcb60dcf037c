"""One Modbus line (RTU on a serial port, TCP, or RTU inside TCP), shared by every device on it.

The only place that knows pymodbus: its shapes of failure leave here as DeviceGone, DeviceSilent, DeviceRefused and
BadReading. A device that stays silent is left alone for a while, so that it does not hold up the others.
"""

import asyncio
import logging
import os
import termios
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import serial  # noqa: F401 - pymodbus hides that it is missing until a port is opened
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import ModbusPDU

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, WrongSettings
from hal.modbus.backoff import Absence, Patience
from hal.modbus.frames import Framing, answers_in, fault_of, request_frame
from hal.modbus.raw_line import RawLine
from hal.modbus.requests import Client, Overtaken, Request, always, read_coil, read_words, write_coil, write_words
from hal.modbus.turns import Turns
from hal.modbus.words import Function

log = logging.getLogger(__name__)

REOPEN_DELAY_S = 0.1
REOPEN_DELAY_MAX_S = 5.0
SILENCES_BEFORE_REOPENING = 4
"""Requests in a row without a byte, after which a TCP connection may be one that the other end has forgotten."""


@dataclass(frozen=True, slots=True)
class TcpLine:
    """A Modbus TCP server or gateway; RTU framing is for converters that only pass the bytes of a serial line on."""

    host: str
    port: int
    framing: Framing = Framing.TCP

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial port with a Modbus RTU line on it, eight data bits. `parity` is N, E or O."""

    port: str
    baudrate: int
    parity: str
    stopbits: int

    @property
    def framing(self) -> Framing:
        """Serial lines speak RTU."""
        return Framing.RTU

    def __str__(self) -> str:
        return self.port


Line = TcpLine | SerialLine


@dataclass(slots=True)
class _Exchange:
    """The request on the line and every byte heard since: pymodbus keeps neither."""

    device_id: int
    function_code: int
    heard: bytes = b""


class ModbusBus:
    """The one client of one line: one request at a time, open as long as somebody uses it.

    `timeout_s` is how long an answer may take; a request without one is repeated `retries` times. A line that was
    lost is opened again when the next request comes, at most every REOPEN_DELAY_MAX_S.
    """

    def __init__(self, line: Line, *, timeout_s: float, retries: int, patience: Patience | None = None) -> None:
        self.line = line
        self.timeout_s = timeout_s
        self.retries = retries
        self._patience = patience or Patience()
        self._client: Client | None = None
        self._users = 0
        self._turns = Turns()
        self._raw = RawLine()
        self._quiet_until_s = 0.0
        self._reopen_at_s = 0.0
        self._reopen_delay_s = REOPEN_DELAY_S
        self._place: tuple[int, ...] = ()
        self._silences = 0
        self._exchange = _Exchange(device_id=0, function_code=0)
        self._absences: dict[int, Absence] = {}

    async def start(self, *, device: str) -> None:
        """Open the line for one more user. Raises DeviceGone, or WrongSettings where the port refuses its settings."""
        async with self._turns.take():
            if self._client is None:
                self._client = await self._open(device)
            self._users += 1

    async def stop(self) -> None:
        """One user less; the last one closes the line."""
        async with self._turns.take():
            self._users = max(0, self._users - 1)
            if self._users == 0 and self._client is not None:
                client, self._client = self._client, None
                await self._close(client)

    async def read(self, function: Function, address: int, *, count: int, device_id: int, device: str) -> list[int]:
        """`count` words from `address` on.

        Raises DeviceGone (no line), DeviceSilent, DeviceRefused, or BadReading for an answer that is garbled or of
        another length. `device` names the asking device in errors. Other devices may take turns between attempts.
        """
        request = read_words(function, address, count=count, device_id=device_id, device=device)
        return self._words(await self._exchange_with(request), count=count, device=device)

    async def read_coil(self, address: int, *, device_id: int, device: str) -> bool:
        """One coil; raises as `read` does."""
        answer = await self._exchange_with(read_coil(address, device_id=device_id, device=device))
        _check_taken(answer, device)
        if not answer.bits:
            raise BadReading("answered no coil", device=device)
        return bool(answer.bits[0])

    async def write(
        self,
        address: int,
        words: list[int],
        *,
        device_id: int,
        device: str,
        urgent: bool = False,
        stands: Callable[[], bool] = always,
    ) -> bool:
        """Write holding registers: True once the device confirmed it; raises as `read` does.

        `urgent`: before every request that waits, and to a device that is being left alone too. False where `stands`,
        asked when the line was free for it, said that nobody wants it any more: nothing was sent then.
        """
        return await self._write(
            write_words(address, words, device_id=device_id, device=device, urgent=urgent, stands=stands)
        )

    async def write_coil(
        self,
        address: int,
        *,
        on: bool,
        device_id: int,
        device: str,
        urgent: bool = False,
        stands: Callable[[], bool] = always,
    ) -> bool:
        """Write one coil, as `write` does."""
        return await self._write(
            write_coil(address, on=on, device_id=device_id, device=device, urgent=urgent, stands=stands)
        )

    def send_now(self, pdu: bytes, *, device_id: int, device: str) -> None:
        """Put a request on the line at once, from whichever thread, and wait for nothing; DeviceGone without a line.

        It may meet another's frame on the way: whoever sends it makes sure afterwards that it arrived.
        """
        frame = request_frame(pdu, device_id=device_id, framing=self.line.framing)
        self._raw.write(frame, line=str(self.line), device=device)

    async def _write(self, request: Request) -> bool:
        try:
            answer = await self._exchange_with(request)
        except Overtaken:
            return False
        _check_taken(answer, request.device)
        return True

    async def _exchange_with(self, request: Request) -> ModbusPDU:
        """The answer to a request, which may be a refusal."""
        device_id, device = request.device_id, request.device
        absence = self._absences.setdefault(device_id, Absence(self._patience))
        if not request.urgent:
            self._check_rest(absence, device)
        begun_s = _now_s()
        attempts = 1 if absence.is_long else self.retries + 1
        for attempt in range(attempts):
            async with self._turns.take(urgent=request.urgent):
                try:
                    answer = await self._ask(request)
                except ModbusIOException as error:
                    log.debug("no answer from device %d on %s: %s", device_id, self.line, error)
                    continue
                except ModbusException as error:
                    raise BadReading(f"unusable answer on {self.line}: {error}", device=device) from error
                self._note_answer(absence, device_id)
                if attempt:
                    # It may be the answer to an earlier attempt: that to the last one is then as late again.
                    self._stay_quiet(min(_now_s() - begun_s, 2 * attempts * self.timeout_s))
                return answer
        raise self._no_answer(absence, device_id, device, attempts=attempts)

    def _check_rest(self, absence: Absence, device: str) -> None:
        rest_s = absence.rest_s(_now_s())
        if rest_s > 0 and self._client is not None:
            raise DeviceSilent(
                f"gave no answer {absence.failures} times in a row on {self.line}; not asked for {rest_s:.1f} s",
                device=device,
            )

    def _note_answer(self, absence: Absence, device_id: int) -> None:
        if absence.is_long:
            log.info("device %d on %s answers again", device_id, self.line)
        absence.answered()

    def _no_answer(self, absence: Absence, device_id: int, device: str, *, attempts: int) -> BadReading | DeviceSilent:
        if self._exchange.heard:
            fault = fault_of(self._exchange.heard, device_id=device_id, framing=self.line.framing)
            return BadReading(f"garbled answer on {self.line}: {fault}", device=device)
        was_long = absence.is_long
        absence.failed(_now_s())
        if absence.is_long and not was_long:
            # Once, and not for every request it misses from now on.
            log.warning("device %d on %s is left alone: no answer %d times", device_id, self.line, absence.failures)
        return DeviceSilent(
            f"device {device_id} on {self.line} gave no answer to {attempts} request(s) in {self.timeout_s:g} s each",
            device=device,
        )

    async def _ask(self, request: Request) -> ModbusPDU:
        client = await self._connected(request.device)
        await asyncio.sleep(self._quiet_until_s - _now_s())
        if not request.stands():
            raise Overtaken
        self._exchange = _Exchange(device_id=request.device_id, function_code=request.function_code)
        # Of the library's own count of silences: it would drop the connection that other devices use.
        client.ctx.count_until_disconnect = client.ctx.max_until_disconnect
        answered = False
        try:
            answer = await request.send(client)
            _heed_cancellation()
            answered = True
            return answer
        except ConnectionException as error:
            raise DeviceGone(f"no connection to {self.line}", device=request.device) from error
        except ModbusIOException as error:
            if not client.connected or self._was_replugged():
                raise DeviceGone(f"no connection to {self.line} any more", device=request.device) from error
            raise
        finally:
            self._silences = 0 if self._exchange.heard else self._silences + 1
            if not answered:
                self._stay_quiet(self.timeout_s)

    async def _connected(self, device: str) -> Client:
        """The open client, opened again where the line was lost. Raises DeviceGone."""
        client = self._client
        if client is None:
            raise DeviceGone(f"{self.line} is not open", device=device)
        if client.connected and not self._was_replugged() and not self._may_be_forgotten():
            return client
        await self._close(client)
        if (wait_s := self._reopen_at_s - _now_s()) > 0:
            raise DeviceGone(f"no connection to {self.line}; tried again in {wait_s:.1f} s", device=device)
        try:
            self._client = await self._open(device)
        except (DeviceGone, WrongSettings) as error:
            self._reopen_at_s = _now_s() + self._reopen_delay_s
            self._reopen_delay_s = min(2 * self._reopen_delay_s, REOPEN_DELAY_MAX_S)
            raise DeviceGone(f"no connection to {self.line}: {error}", device=device) from error
        return self._client

    def _stay_quiet(self, seconds: float) -> None:
        """RTU answers carry no number: one that comes late would be taken for the answer to the next request.

        So nothing is asked while one may still come; an answer more than twice `timeout_s` late is beyond this.
        """
        if self.line.framing is Framing.RTU:
            self._quiet_until_s = _now_s() + seconds

    def _words(self, answer: ModbusPDU, *, count: int, device: str) -> list[int]:
        _check_taken(answer, device)
        words = list(answer.registers)
        if len(words) != count:
            self._stay_quiet(self.timeout_s)
            raise BadReading(f"answered {len(words)} words instead of {count}", device=device)
        return words

    async def _open(self, device: str) -> Client:
        client = self._make_client()
        self._place = self._port_place()
        try:
            connected = await client.connect()
        except (termios.error, ValueError) as error:
            # A port that takes the speed and refuses the parity is left open, and locked, by pymodbus: its last
            # reference is in the frames of this traceback.
            traceback.clear_frames(error.__traceback__)
            raise WrongSettings(
                f"{device}: {self.line} refuses these serial settings ({error}); without parity bits: `parity: N`",
                path=("parity",),
            ) from error
        if not connected:
            await _close(client)
            raise DeviceGone(f"{self.line} cannot be opened", device=device)
        self._reopen_delay_s, self._reopen_at_s, self._silences = REOPEN_DELAY_S, 0.0, 0
        self._raw.opened(client.ctx.transport)
        return client

    async def _close(self, client: Client) -> None:
        self._raw.closing()
        await _close(client)

    def _make_client(self) -> Client:
        # Repeating and opening again are done here, so that a serial line can be left quiet and no task is left over.
        match self.line:
            case TcpLine():
                return AsyncModbusTcpClient(
                    self.line.host,
                    framer=FramerType.SOCKET if self.line.framing is Framing.TCP else FramerType.RTU,
                    port=self.line.port,
                    timeout=self.timeout_s,
                    retries=0,
                    reconnect_delay=0,
                    trace_packet=self._filter,
                )
            case SerialLine():
                return AsyncModbusSerialClient(
                    self.line.port,
                    baudrate=self.line.baudrate,
                    parity=self.line.parity,
                    stopbits=self.line.stopbits,
                    timeout=self.timeout_s,
                    retries=0,
                    reconnect_delay=0,
                    trace_packet=self._filter,
                )

    def _filter(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - pymodbus calls it so
        """Hand pymodbus sound answers only: it gives up on some kinds of noise with an exception in the event loop."""
        if sending:
            return data
        exchange = self._exchange
        exchange.heard = data
        return answers_in(
            data, device_id=exchange.device_id, function_code=exchange.function_code, framing=self.line.framing
        )

    def _was_replugged(self) -> bool:
        """Whether another port lies at the path by now: an adapter that was pulled and put back."""
        return isinstance(self.line, SerialLine) and self._port_place() != self._place

    def _may_be_forgotten(self) -> bool:
        return isinstance(self.line, TcpLine) and self._silences >= SILENCES_BEFORE_REOPENING

    def _port_place(self) -> tuple[int, ...]:
        if not isinstance(self.line, SerialLine):
            return ()
        try:
            found = os.stat(self.line.port)  # noqa: PTH116 - the port may be a URL, which is no path
        except OSError:
            return ()
        return found.st_dev, found.st_ino, found.st_rdev


def _check_taken(answer: ModbusPDU, device: str) -> None:
    if answer.isError():
        raise DeviceRefused(f"answered {_exception_name(answer.exception_code)}", device=device)


def _heed_cancellation() -> None:
    """pymodbus waits by asyncio.wait_for, which in Python 3.11 forgets a cancellation that meets the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(client: Client) -> None:
    client.close()
    # The transport tells its protocol in the next turn of the loop.
    await asyncio.sleep(0)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _exception_name(code: int) -> str:
    try:
        return f"{ExcCodes(code).name} ({code})"
    except ValueError:
        return f"exception {code}"
