"""How a device is found on a line, and that all on it see the line alike."""

from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.modbus.bus import SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.modbus.line_settings import LineSettings, check_range, shared_bus
from hal.registry import DriverContext, SharedDevices
from tests.contracts.waiting import Wall


def context(shared: SharedDevices) -> DriverContext:
    return DriverContext(name="EVSE 1 meter", evse_id=1, clock=Wall(), shared=shared)


def test_a_port_is_a_serial_line_and_a_host_is_tcp() -> None:
    assert LineSettings(port="/dev/ttyUSB0").line == SerialLine("/dev/ttyUSB0", 9600, "N", 1)
    assert LineSettings(host="10.0.0.7", framing="rtu").line == TcpLine("10.0.0.7", 502, Framing.RTU)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({}, "port"),
        ({"port": "a", "host": "b"}, "port"),
        ({"port": "a", "parity": "X"}, "parity"),
        ({"port": "a", "stopbits": 3}, "stopbits"),
        ({"host": "a", "framing": "ascii"}, "framing"),
        ({"host": "a", "tcp_port": 0}, "tcp_port"),
        ({"host": "a", "device_id": 248}, "device_id"),
    ],
)
def test_what_cannot_work_is_refused_by_its_key(wrong: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        LineSettings(**wrong)

    assert refused.value.path == (key,)


def test_devices_on_one_line_share_its_bus() -> None:
    shared = SharedDevices()

    one = shared_bus(LineSettings(port="a", device_id=1), context(shared))
    two = shared_bus(LineSettings(port="a", device_id=2), context(shared))

    assert one is two


def test_devices_that_see_their_line_otherwise_are_refused() -> None:
    shared = SharedDevices()
    shared_bus(LineSettings(port="a"), context(shared))

    with pytest.raises(WrongSettings, match="belong to the line") as refused:
        shared_bus(LineSettings(port="a", baudrate=19200), context(shared))

    assert refused.value.path == ("port",)


def test_a_range_includes_its_ends() -> None:
    check_range("poll_s", 1, low=1, high=5)
    with pytest.raises(WrongSettings, match="poll_s must be from 1 to 5"):
        check_range("poll_s", 5.1, low=1, high=5)
