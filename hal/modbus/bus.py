"""One Modbus line (RTU on a serial port, or TCP), shared by every device on it.

The only place that knows pymodbus: its three shapes of failure leave here as DeviceGone, DeviceSilent, DeviceRefused.
"""

import asyncio
import logging
import termios
from dataclasses import dataclass

import serial  # noqa: F401 - pymodbus hides that it is missing until a port is opened
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import ModbusPDU

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, WrongSettings
from hal.modbus.registers import Function

log = logging.getLogger(__name__)

RECONNECT_DELAY_S = 0.1
RECONNECT_DELAY_MAX_S = 5.0
CLOSE_LIMIT_S = 2.0

Client = AsyncModbusTcpClient | AsyncModbusSerialClient


@dataclass(frozen=True, slots=True)
class TcpLine:
    """A Modbus TCP server or gateway."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial port with a Modbus RTU line on it, eight data bits. `parity` is N, E or O."""

    port: str
    baudrate: int
    parity: str
    stopbits: int

    def __str__(self) -> str:
        return self.port


Line = TcpLine | SerialLine


class ModbusBus:
    """The one client of one line: one request at a time, open as long as somebody uses it.

    `timeout_s` is how long an answer may take; a request without one is repeated `retries` times.
    """

    def __init__(self, line: Line, *, timeout_s: float, retries: int) -> None:
        self.line = line
        self.timeout_s = timeout_s
        self.retries = retries
        self._client: Client | None = None
        self._users = 0
        self._turn = asyncio.Lock()
        self._quiet_until_s = 0.0

    async def start(self, *, device: str) -> None:
        """Open the line for one more user. Raises DeviceGone, or WrongSettings where the port refuses its settings."""
        async with self._turn:
            if self._client is None:
                self._client = await self._open(device)
            self._users += 1

    async def stop(self) -> None:
        """One user less; the last one closes the line."""
        async with self._turn:
            self._users = max(0, self._users - 1)
            if self._users == 0 and self._client is not None:
                client, self._client = self._client, None
                await _close(client)

    async def read(self, function: Function, address: int, *, count: int, device_id: int, device: str) -> list[int]:
        """`count` words from `address` on.

        Raises DeviceGone (no line), DeviceSilent, DeviceRefused, or BadReading for an answer of another length.
        `device` names the asking device in errors.
        """
        async with self._turn:
            begun_s = asyncio.get_running_loop().time()
            for attempt in range(self.retries + 1):
                try:
                    answer = await self._ask(function, address, count=count, device_id=device_id)
                except ConnectionException as error:
                    raise DeviceGone(f"no connection to {self.line}", device=device) from error
                except ModbusIOException as error:
                    log.debug("no answer from device %d on %s: %s", device_id, self.line, error)
                    continue
                except ModbusException as error:
                    raise BadReading(f"unusable answer on {self.line}: {error}", device=device) from error
                if attempt:
                    # It may be the answer to an earlier attempt: that to the last one is then as late again.
                    self._stay_quiet(asyncio.get_running_loop().time() - begun_s)
                return self._words(answer, count=count, device=device)
        attempts = self.retries + 1
        raise DeviceSilent(
            f"device {device_id} on {self.line} gave no answer to {attempts} request(s) in {self.timeout_s:g} s each",
            device=device,
        )

    async def _ask(self, function: Function, address: int, *, count: int, device_id: int) -> ModbusPDU:
        client = self._client
        if client is None or not client.connected:
            raise ConnectionException(f"{self.line} is not open")
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._quiet_until_s - loop.time())
        answered = False
        try:
            read = client.read_input_registers if function is Function.INPUT else client.read_holding_registers
            answer = await read(address, count=count, device_id=device_id)
            _heed_cancellation()
            answered = True
            return answer
        finally:
            if not answered:
                self._stay_quiet(self.timeout_s)

    def _stay_quiet(self, seconds: float) -> None:
        """RTU answers carry no number: one that comes late would be taken for the answer to the next request.

        So nothing is asked while one may still come; an answer more than twice `timeout_s` late is beyond this.
        """
        if isinstance(self.line, SerialLine):
            self._quiet_until_s = asyncio.get_running_loop().time() + seconds

    def _words(self, answer: ModbusPDU, *, count: int, device: str) -> list[int]:
        if answer.isError():
            raise DeviceRefused(f"answered {_exception_name(answer.exception_code)}", device=device)
        words = list(answer.registers)
        if len(words) != count:
            self._stay_quiet(self.timeout_s)
            raise BadReading(f"answered {len(words)} words instead of {count}", device=device)
        return words

    async def _open(self, device: str) -> Client:
        client = self._make_client()
        try:
            connected = await client.connect()
        except (termios.error, ValueError) as error:
            raise WrongSettings(
                f"{device}: {self.line} refuses these serial settings ({error}); without parity bits: `parity: N`",
                path=("parity",),
            ) from error
        if not connected:
            await _close(client)
            raise DeviceGone(f"{self.line} cannot be opened", device=device)
        return client

    def _make_client(self) -> Client:
        # Repeating is done here, so that a serial line can be left quiet first.
        match self.line:
            case TcpLine():
                return AsyncModbusTcpClient(
                    self.line.host,
                    port=self.line.port,
                    timeout=self.timeout_s,
                    retries=0,
                    reconnect_delay=RECONNECT_DELAY_S,
                    reconnect_delay_max=RECONNECT_DELAY_MAX_S,
                )
            case SerialLine():
                return AsyncModbusSerialClient(
                    self.line.port,
                    baudrate=self.line.baudrate,
                    parity=self.line.parity,
                    stopbits=self.line.stopbits,
                    timeout=self.timeout_s,
                    retries=0,
                    reconnect_delay=RECONNECT_DELAY_S,
                    reconnect_delay_max=RECONNECT_DELAY_MAX_S,
                )


def _heed_cancellation() -> None:
    """pymodbus waits by asyncio.wait_for, which in Python 3.11 forgets a cancellation that meets the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close(client: Client) -> None:
    """Close and see the reconnecting task off, which pymodbus only cancels."""
    reconnecting = client.ctx.reconnect_task
    client.close()
    if reconnecting is not None:
        await asyncio.wait([reconnecting], timeout=CLOSE_LIMIT_S)
    # The transport tells its protocol in the next turn of the loop.
    await asyncio.sleep(0)


def _exception_name(code: int) -> str:
    try:
        return f"{ExcCodes(code).name} ({code})"
    except ValueError:
        return f"exception {code}"
