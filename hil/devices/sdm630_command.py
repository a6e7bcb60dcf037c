"""The command line of the emulated SDM630."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from hil.devices.sdm630 import EmulatedMeter, MeterServer


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one emulated meter until interrupted; exit code 1 where the line cannot be opened."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except KeyboardInterrupt:
        return
    except (RuntimeError, OSError) as error:
        sys.exit(f"sdm630: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hil.devices.sdm630", description="An Eastron SDM630 meter in software.")
    line = parser.add_mutually_exclusive_group(required=True)
    line.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="Modbus TCP; port 0 takes a free one")
    line.add_argument("--serial", metavar="DEVICE", help="Modbus RTU on this port")
    parser.add_argument("--baudrate", type=int, default=9600)
    parser.add_argument("--parity", choices=("N", "E", "O"), default="N")
    parser.add_argument("--device-id", type=int, default=1)
    parser.add_argument("--current", type=float, default=0.0, metavar="A", help="load current per phase")
    parser.add_argument("--phases", type=int, choices=(1, 2, 3), default=3, help="phases that carry the current")
    parser.add_argument("--voltage", type=float, default=230.0, metavar="V", help="phase to neutral")
    parser.add_argument("--import-kwh", type=float, default=0.0, help="what the import register starts from")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


async def _run(options: argparse.Namespace) -> None:
    meter = EmulatedMeter(device_id=options.device_id, clock=time.monotonic, import_kwh=options.import_kwh)
    one, two, three = (options.current if phase < options.phases else 0.0 for phase in range(3))
    meter.set_load(current_a=(one, two, three), voltage_v=(options.voltage,) * 3)
    server = MeterServer(meter)
    try:
        if options.tcp:
            host, port = options.tcp
            _say(f"listening on {host}:{await server.start_tcp(host, port)}")
        else:
            await server.start_serial(options.serial, baudrate=options.baudrate, parity=options.parity)
            _say(f"answering on {options.serial}")
        await asyncio.Event().wait()
    finally:
        await server.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"sdm630: {line}\n")
    sys.stdout.flush()
