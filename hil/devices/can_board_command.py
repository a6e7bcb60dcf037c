"""The command line of the emulated CAN board, and what may be typed while it runs."""

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import can

from hil.devices.can_board import FAULT_BITS, EmulatedCanBoard, Mood
from hil.devices.can_board_bus import CanBoardOnBus, open_bus

HELP: Final = (
    "plug | charge | stop | unplug | load A | fault NAME | mend | weld | mood NAME | status | quit\n"
    f"  faults: {', '.join(FAULT_BITS)}\n"
    f"  moods: {', '.join(mood.name for mood in Mood)}"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one emulated board until interrupted; exit code 1 where the bus cannot be opened."""
    options = _parser().parse_args(arguments)
    board = EmulatedCanBoard(clock=time.monotonic)
    board.vehicle.draws_a = options.load
    board.energy_wh = options.import_wh
    extra = {"port": options.port} if options.port else {}
    extra |= {"bitrate": options.bitrate} if options.bitrate else {}
    try:
        with CanBoardOnBus(board, partial(open_bus, options.channel, options.interface, **extra)) as wire:
            _say(f"on {options.interface} {options.channel}")
            _serve(wire)
    except KeyboardInterrupt:
        return
    except (can.CanError, OSError, ValueError) as error:
        sys.exit(f"can_board: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hil.devices.can_board",
        description="An EVSE pilot board after config/can-board.dbc in software.",
        epilog=f"While it runs, it reads lines: {HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--interface", required=True, help="python-can's name: socketcan, udp_multicast...")
    parser.add_argument("--channel", required=True, help="can0, 239.74.163.2...")
    parser.add_argument("--bitrate", type=int, metavar="BIT/S")
    parser.add_argument("--port", type=int, help="of udp_multicast")
    parser.add_argument(
        "--load", type=float, default=None, metavar="A", help="per phase; without it: all that is offered"
    )
    parser.add_argument("--import-wh", type=float, default=0.0, help="what the meter starts from")
    return parser


def _serve(wire: CanBoardOnBus) -> None:
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            return
        if words:
            with wire.hands_on() as board:
                answer = obey(board, words)
            _say(answer)
    while True:  # without a terminal: until a signal ends it
        time.sleep(3600)


def obey(board: EmulatedCanBoard, words: Sequence[str]) -> str:
    """Do what a line says; what to answer."""
    match list(words):
        case ["plug" | "stop"]:
            board.vehicle.connected, board.vehicle.wants = True, False
        case ["charge"]:
            board.vehicle.connected = board.vehicle.wants = True
        case ["unplug"]:
            board.vehicle.connected = board.vehicle.wants = board.vehicle.holds = False
        case ["load", amperes] if _is_number(amperes):
            board.vehicle.draws_a = float(amperes)
        case ["fault", name] if name in FAULT_BITS:
            board.faults.add(name)
        case ["mend"]:
            board.faults.clear()
            board.pilot_fault, board.welded = 0, False
        case ["weld"]:
            board.welded = True
        case ["mood", name] if name.upper() in Mood.__members__:
            board.mood = Mood[name.upper()]
        case ["status"]:
            pass
        case _:
            return HELP
    board.settle()
    offer = "nothing" if board.offers_a is None else f"{board.offers_a:g} A"
    return (
        f"pilot {'ABCDEF?U'[board.pilot]}, offers {offer}, contactor {'closed' if board.is_energised else 'open'}, "
        f"{board.power_w:.0f} W, {board.energy_wh:.0f} Wh, {board.mood.name}"
    )


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def _say(line: str) -> None:
    sys.stdout.write(f"can_board: {line}\n")
    sys.stdout.flush()
