"""What may be asked on a Modbus line, as calls of pymodbus. No I/O of its own.

Functions: Modbus application protocol V1.1b3, 6.1 to 6.12.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from hal.modbus.words import Function

Client = AsyncModbusTcpClient | AsyncModbusSerialClient

READ_COILS, WRITE_COIL, WRITE_REGISTERS = 1, 5, 16
FUNCTION_CODES = {Function.HOLDING: 3, Function.INPUT: 4}


class Overtaken(Exception):
    """When its turn came the request was no longer wanted: nothing was sent."""


def always() -> bool:
    """It is wanted whatever happens meanwhile."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be asked, of whom, and for whom.

    `urgent`: before every request that waits, and of a device that is being left alone too. `stands` is asked in the
    last moment before it would be sent; from then on it is not sent where that says False.
    """

    send: Callable[[Client], Awaitable[ModbusPDU]]
    function_code: int
    device_id: int
    device: str
    urgent: bool = False
    stands: Callable[[], bool] = always


def read_words(function: Function, address: int, *, count: int, device_id: int, device: str) -> Request:
    """`count` words from `address` on."""

    def send(client: Client) -> Awaitable[ModbusPDU]:
        ask = client.read_input_registers if function is Function.INPUT else client.read_holding_registers
        return ask(address, count=count, device_id=device_id)

    return Request(send=send, function_code=FUNCTION_CODES[function], device_id=device_id, device=device)


def read_coil(address: int, *, device_id: int, device: str) -> Request:
    """One coil."""

    def send(client: Client) -> Awaitable[ModbusPDU]:
        return client.read_coils(address, count=1, device_id=device_id)

    return Request(send=send, function_code=READ_COILS, device_id=device_id, device=device)


def write_words(
    address: int, words: list[int], *, device_id: int, device: str, urgent: bool, stands: Callable[[], bool]
) -> Request:
    """Holding registers from `address` on."""

    def send(client: Client) -> Awaitable[ModbusPDU]:
        return client.write_registers(address, words, device_id=device_id)

    return Request(
        send=send, function_code=WRITE_REGISTERS, device_id=device_id, device=device, urgent=urgent, stands=stands
    )


def write_coil(
    address: int, *, on: bool, device_id: int, device: str, urgent: bool, stands: Callable[[], bool]
) -> Request:
    """One coil."""

    def send(client: Client) -> Awaitable[ModbusPDU]:
        return client.write_coil(address, on, device_id=device_id)

    return Request(
        send=send, function_code=WRITE_COIL, device_id=device_id, device=device, urgent=urgent, stands=stands
    )
