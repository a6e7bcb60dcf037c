"""The command line of the emulated EVSE boards on serial lines and TCP: OpenEVSE, EVSE DIN, Phoenix Contact.

    python -m hil.devices.evse_board rapi --link /tmp/openevse
    python -m hil.devices.evse_board evse-din --link /tmp/rs485 --unit 1
    python -m hil.devices.evse_board em-cp-pp-eth --port 1502 --unit 180
    python -m hil.devices.evse_board charx --port 1502 --controller 2

`--link` makes a pseudo-terminal that a program opens like a USB adapter. While it runs, it reads words.
"""

import argparse
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, Final, TextIO

from hil.devices import meter_device, rapi_board
from hil.devices.board_pty import BoardPty
from hil.devices.evse_din import FAULT_BITS, EmulatedEvseDin
from hil.devices.in_thread import InThread
from hil.devices.meter_server import MeterLine
from hil.devices.phoenix_board import EmulatedPhoenix
from hil.devices.pty_line import PtyLine
from hil.devices.rapi_board import EmulatedRapiBoard

KINDS: Final = ("rapi", "evse-din", "em-cp-pp-eth", "charx")
HELP: Final = """\
plug          a vehicle comes            charge        and asks for energy
unplug        it leaves                  fault NAME    something is wrong (rapi: gfi; evse-din: rcd, diode...)
mend          nothing is wrong           weld          the relay stays closed
mood NAME     behave like this           pull, put     the adapter
status        how it stands              quit\
"""
RAPI_FAULTS: Final = {"gfi": rapi_board.GFI, "diode": rapi_board.DIODE, "ground": rapi_board.NO_GROUND}


class Bench:
    """One board, its adapter, and what may be done to it."""

    def __init__(self, kind: str, board: Any, *, pull: Callable[[], None], put: Callable[[], None]) -> None:
        self._kind = kind
        self._board = board
        self._moods: type[Enum] = rapi_board.Mood if kind == "rapi" else meter_device.Mood
        self.pull = pull
        self.put = put

    def do(self, verb: str, word: str) -> str:
        """Carry out one line; what is to be said of it. Raises ValueError for what cannot be done."""
        board = self._board
        match verb:
            case "plug" | "charge" | "unplug":
                board.vehicle.connected, board.vehicle.wants = verb != "unplug", verb == "charge"
            case "pull" | "put":
                (self.pull if verb == "pull" else self.put)()
            case "fault" | "mend":
                self._fault(word if verb == "fault" else None)
            case "weld" if hasattr(board, "welded"):
                board.welded = True
            case "mood" if word.upper() in self._moods.__members__:
                self._set_mood(self._moods[word.upper()])
            case "status":
                offered = "nothing" if board.offers_a is None else f"{board.offers_a:g} A"
                return f"offers {offered}, {'live' if board.is_energised else 'dead'}, {board.draw_a:g} A flow"
            case _:
                raise ValueError(f"{verb} {word}: cannot be done; {HELP}")
        return "done"

    def _set_mood(self, mood: Enum) -> None:
        if self._kind == "rapi":
            self._board.mood = mood
        else:
            self._board.misbehave(mood)

    def _fault(self, name: str | None) -> None:
        if self._kind == "rapi" and (name is None or name in RAPI_FAULTS):
            self._board.set_fault(None if name is None else RAPI_FAULTS[name])
        elif self._kind == "evse-din" and (name is None or name in FAULT_BITS):
            self._board.fault = name
        elif self._kind in ("em-cp-pp-eth", "charx") and name in (None, "E", "F"):
            self._board.pilot_fault = name
        else:
            raise ValueError(f"{name}: no such fault")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one board until the words end; exit code 1 where the line cannot be opened."""
    options = _parser().parse_args(arguments)
    try:
        with _served(options) as (bench, where):
            sys.stdout.write(f"evse_board: {options.kind} on {where}\n")
            obey(sys.stdin, bench, out=sys.stdout)
    except KeyboardInterrupt:
        return
    except (OSError, RuntimeError) as error:
        sys.exit(f"evse_board: {error}")


def obey(words: Iterable[str], bench: Bench, *, out: TextIO) -> None:
    """Do what each line says; what cannot be done is said and changes nothing."""
    out.flush()
    for line in words:
        verb, _, word = line.strip().partition(" ")
        if verb == "quit":
            return
        if verb:
            try:
                said = HELP if verb == "help" else bench.do(verb, word.strip())
            except (ValueError, OSError) as error:
                said = str(error)
            print(said, file=out, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hil.devices.evse_board",
        description="An EVSE board in software.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--link", metavar="PATH", type=Path, help="rapi, evse-din: what the program under test opens")
    parser.add_argument("--port", type=int, default=1502, help="the others: TCP port; 0 takes a free one")
    parser.add_argument("--unit", type=int, default=1, help="Modbus unit id")
    parser.add_argument("--controller", type=int, default=1, help="of a charx")
    return parser


@contextmanager
def _served(options: argparse.Namespace) -> Iterator[tuple[Bench, str]]:
    if options.kind in ("rapi", "evse-din") and options.link is None:
        raise OSError("give --link PATH")
    if options.kind == "rapi":
        board = EmulatedRapiBoard(clock=time.monotonic)
        with BoardPty(board, options.link) as wire:
            yield Bench("rapi", board, pull=wire.unplug, put=wire.plug), str(options.link)
    elif options.kind == "evse-din":
        din = EmulatedEvseDin(unit_id=options.unit)
        thread = InThread(lambda: on_terminal(din, options.link))
        with thread as line:
            bench = Bench("evse-din", din, pull=lambda: thread.do(line.unplug), put=lambda: thread.do(line.plug))
            yield bench, str(options.link)
    else:
        charx = options.controller if options.kind == "charx" else None
        phoenix = EmulatedPhoenix(unit_id=options.unit, charx=charx)
        with InThread(lambda: _on_tcp(phoenix, options.port)) as port:
            yield Bench(options.kind, phoenix, pull=_no_adapter, put=_no_adapter), f"127.0.0.1:{port}"


@asynccontextmanager
async def on_terminal(board: EmulatedEvseDin, path: Path) -> AsyncIterator[PtyLine]:
    """The board on a pseudo-terminal, found at `path`. Raises OSError where the path is taken."""
    server = MeterLine(board)
    async with PtyLine(path) as line:
        await server.start_serial(line.device)
        try:
            yield line
        finally:
            await server.stop()


@asynccontextmanager
async def _on_tcp(board: EmulatedPhoenix, port: int) -> AsyncIterator[int]:
    server = MeterLine(board)
    yield await server.start_tcp(port=port)
    await server.stop()


def _no_adapter() -> None:
    raise ValueError("there is no adapter to be pulled")


if __name__ == "__main__":
    main()
