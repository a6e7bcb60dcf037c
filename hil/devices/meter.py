"""The command line of an emulated electricity meter: any model that has a register map, on TCP or a serial port.

    python -m hil.devices.meter --list
    python -m hil.devices.meter --map abb-b23 --port 1502 --current 16
    python -m hil.devices.meter --map carlo-gavazzi-em340 --pty /tmp/meter --unit 7 --baudrate 19200
    python -m hil.devices.meter --map ./my-meter.yaml --port 1502 --rtu --mood wrong_crc
    python -m hil.devices.meter --map sunspec --port 1502

Behind the registers is a load: `--current` and `--voltage` per phase make power, power over time makes energy.
`--port` serves Modbus TCP (with `--rtu`: RTU frames inside TCP), `--serial` an existing serial port, and `--pty`
makes a pseudo-terminal and links it at that path, where a program opens it like a USB adapter; with `--baudrate` it
garbles what is sent at another speed. `--mood` makes it misbehave: silent, noise, half, wrong_crc, late (by
`--late-s`), exception, frozen, other_unit or short.

What it says when it runs: `meter: serving Acme M1 as unit 1 on 127.0.0.1:1502`. It ends with Ctrl-C or SIGTERM.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import names, read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine
from hil.devices.sunspec_meter import SunSpecMeter

SUNSPEC = "sunspec"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one emulated meter until interrupted; exit code 1 where the line or the map cannot be opened."""
    options = _parser().parse_args(arguments)
    if options.list:
        sys.stdout.write("\n".join([*names(), SUNSPEC]) + "\n")
        return
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        return
    except (RuntimeError, OSError, KeyError, ValueError) as error:
        sys.exit(f"meter: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hil.devices.meter", description="An electricity meter in software.")
    parser.add_argument("--list", action="store_true", help="list the maps that can be given by name")
    parser.add_argument("--map", default="eastron-sdm630", help="a name, a path ending in .yaml, or sunspec")
    line = parser.add_mutually_exclusive_group()
    line.add_argument("--port", type=int, default=1502, help="TCP port; 0 takes a free one")
    line.add_argument("--serial", metavar="DEVICE", help="serve on this serial port")
    line.add_argument("--pty", metavar="PATH", type=Path, help="make a pseudo-terminal and link it here")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--rtu", action="store_true", help="with --port: RTU frames inside TCP")
    parser.add_argument("--unit", type=int, default=1, help="unit id, 1 to 247")
    parser.add_argument("--baudrate", type=int, help="of the serial port; with --pty the only speed it understands")
    parser.add_argument("--parity", choices=("N", "E", "O"), default="N")
    parser.add_argument("--current", type=float, default=0.0, metavar="A", help="load current per phase")
    parser.add_argument("--phases", type=int, choices=(1, 2, 3), default=3, help="phases that carry the current")
    parser.add_argument("--voltage", type=float, default=230.0, metavar="V", help="phase to neutral")
    parser.add_argument("--export", action="store_true", help="turn the flow round")
    parser.add_argument("--import-kwh", type=float, default=0.0, help="what the import counter starts from")
    parser.add_argument("--mood", choices=[mood.name.lower() for mood in Mood], default="normal")
    parser.add_argument("--late-s", type=float, default=1.0, help="with --mood late: how late")
    return parser


async def serve(options: argparse.Namespace) -> None:
    """Serve until cancelled or told to end by SIGTERM."""
    device = _device(options)
    line = MeterLine(device)
    async with contextlib.AsyncExitStack() as stack:
        stop = stack.enter_context(_told_to_end())
        if options.pty is not None:
            pty = await stack.enter_async_context(PtyLine(options.pty, baudrate=options.baudrate))
            await line.start_serial(pty.device)
            where = str(options.pty)
        elif options.serial is not None:
            await line.start_serial(options.serial, baudrate=options.baudrate or 9600, parity=options.parity)
            where = str(options.serial)
        else:
            where = f"{options.host}:{await line.start_tcp(options.host, options.port, rtu=options.rtu)}"
        stack.push_async_callback(line.stop)
        _say(f"serving {options.map} as unit {options.unit} on {where}")
        await stop.wait()


@contextlib.contextmanager
def _told_to_end() -> Iterator[asyncio.Event]:
    """Set by SIGTERM, so that a pseudo-terminal and its link are taken away."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def _device(options: argparse.Namespace) -> MeterDevice | SunSpecMeter:
    meter_map = None if options.map == SUNSPEC else read_map(options.map)
    phases = min(options.phases, meter_map.phases if meter_map else 3)
    load = MeteredLoad(clock=time.monotonic, import_kwh=options.import_kwh)
    one, two, three = (options.current if phase < phases else 0.0 for phase in range(3))
    load.set(current_a=(one, two, three), voltage_v=(options.voltage,) * 3, exporting=options.export)
    mood = Mood[options.mood.upper()]
    if meter_map is None:
        chain = SunSpecMeter(unit_id=options.unit, load=load)
        chain.misbehave(mood)
        return chain
    device = MeterDevice(meter_map, unit_id=options.unit, load=load)
    device.misbehave(mood, late_by_s=options.late_s)
    return device


def _say(line: str) -> None:
    sys.stdout.write(f"meter: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
