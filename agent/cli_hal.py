"""`evse-agent hal`: which meters can be read, and which are there."""

import argparse
import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from agent.errors import AgentError

if TYPE_CHECKING:
    from hal.modbus.probe import Finding, SerialTarget, TcpTarget

FINE, FAILED = 0, 1
MAX_UNIT_ID = 247
"""Modbus over serial line V1.02, section 2.2."""


class NothingFound(AgentError):
    """No device answered, or the line cannot be opened; the message says what to look at."""


def add_hal(hal: argparse.ArgumentParser) -> None:
    """The sub-commands of `hal` and their options."""
    commands = hal.add_subparsers(required=True, metavar="COMMAND")
    meters = commands.add_parser("meters", help="list the energy meters that can be read")
    meters.add_argument("--json", action="store_true", help="as JSON instead of a table")
    meters.set_defaults(command=_meters)

    probe = commands.add_parser("probe", help="find the energy meters on a line; writes nothing to any device")
    line = probe.add_mutually_exclusive_group(required=True)
    line.add_argument("--port", metavar="PATH", help="serial port, best one of /dev/serial/by-id")
    line.add_argument("--host", metavar="HOST", help="Modbus TCP server, or a gateway to a serial line")
    probe.add_argument("--tcp-port", type=int, default=502, metavar="N", help="with --host (502)")
    probe.add_argument("--baudrate", type=int, action="append", metavar="N", help="only this speed; may be repeated")
    probe.add_argument("--id", type=_unit_id, action="append", metavar="N", help="only this unit id; may be repeated")
    probe.add_argument("--limit", type=float, default=120.0, metavar="SECONDS", help="how long to search (120)")
    probe.set_defaults(command=_probe)


def _unit_id(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_UNIT_ID:
        raise argparse.ArgumentTypeError(f"{text!r} is no unit id; give a number from 1 to {MAX_UNIT_ID}")
    return int(text)


def _meters(options: argparse.Namespace) -> int:
    import json
    from dataclasses import asdict

    from hal.modbus.probe import list_meters

    listed = list_meters()
    if options.json:
        print(json.dumps([asdict(one) for one in listed], indent=2))  # noqa: T201 - a command line speaks on stdout
        return FINE
    width = max(len(one.name) for one in listed)
    print(f"{'MAP':<{width}}  METER")  # noqa: T201
    for one in listed:
        print(f"{one.name:<{width}}  {one.title} ({', '.join(one.models)})")  # noqa: T201
    return FINE


def _probe(options: argparse.Namespace) -> int:
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # every speed that is not the right one is a failure there
    found = asyncio.run(_search(options))
    if not found:
        raise NothingFound(
            "no device answered; check power, A and B of the line, its termination, and the unit id (--id 1 --id 2 ...)"
        )
    sys.stdout.write("\n".join(one.as_yaml() for one in found))
    return FINE


async def _search(options: argparse.Namespace) -> "tuple[Finding, ...]":
    from hal.errors import DeviceGone, WrongSettings
    from hal.modbus.probe import FIRST_IDS, probe

    try:
        return await probe(_target(options), device_ids=options.id or FIRST_IDS, limit_s=options.limit, progress=_tell)
    except (DeviceGone, WrongSettings) as error:
        raise NothingFound(f"{error}; is it plugged in, and may this user use it (group dialout)?") from error


def _target(options: argparse.Namespace) -> "SerialTarget | TcpTarget":
    from hal.modbus.probe import BAUDRATES, SerialTarget, TcpTarget

    if options.host is not None:
        return TcpTarget(options.host, options.tcp_port)
    return SerialTarget(options.port, baudrates=tuple(options.baudrate or BAUDRATES))


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - stdout is for the YAML
