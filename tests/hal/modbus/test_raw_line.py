"""What must go out at once, on a real terminal and a real socket."""

import asyncio
import os
import socket

import pytest
import serial

from hal.errors import DeviceGone
from hal.modbus.raw_line import RawLine


class SerialTransport:
    """As pymodbus' own: the port is an attribute."""

    def __init__(self, path: str) -> None:
        self.sync_serial = serial.Serial(path, timeout=0)


async def test_it_reaches_a_serial_line_from_another_thread() -> None:
    master, slave = os.openpty()
    transport, raw = SerialTransport(os.ttyname(slave)), RawLine()
    raw.opened(transport)

    await asyncio.to_thread(raw.write, b"stop!", line="tty", device="EVSE 1")

    assert os.read(master, 100) == b"stop!"
    transport.sync_serial.close()
    os.close(master)
    os.close(slave)


async def test_it_reaches_a_socket() -> None:
    here, there = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=here)
    raw = RawLine()
    raw.opened(writer.transport)

    raw.write(b"stop!", line="tcp", device="EVSE 1")

    assert there.recv(100) == b"stop!"
    writer.close()
    await writer.wait_closed()
    there.close()


def test_without_a_line_nothing_is_written_to_whatever_has_its_number_now() -> None:
    raw = RawLine()
    with pytest.raises(DeviceGone, match="EVSE 1: tty is not open"):
        raw.write(b"stop!", line="tty", device="EVSE 1")

    raw.opened(object())
    raw.closing()

    with pytest.raises(DeviceGone):
        raw.write(b"stop!", line="tty", device="EVSE 1")


def test_a_line_that_is_gone_is_an_error_with_the_devices_name() -> None:
    master, slave = os.openpty()
    transport, raw = SerialTransport(os.ttyname(slave)), RawLine()
    raw.opened(transport)
    os.close(master)

    with pytest.raises(DeviceGone, match="EVSE 1: no connection to tty"):
        raw.write(b"stop!", line="tty", device="EVSE 1")

    transport.sync_serial.close()
    os.close(slave)
