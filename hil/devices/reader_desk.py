"""The command line that emulated card readers share: a link to open, and words on standard input to move cards."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from hil.devices.board_pty import BoardPty, WiredBoard

HELP: Final = """\
present HEX   lay a card on the reader     remove        take it away
mood NAME     behave like this             plug, unplug  the adapter
help          this text                    quit\
"""


class CardReader(Protocol):
    """A reader on which cards can be laid. Its mood is one of an enumeration of its own."""

    mood: Any

    def present(self, uid: bytes, /) -> None: ...

    def remove(self) -> None: ...


class CardBoard(CardReader, WiredBoard, Protocol):
    """One on a serial line."""


class CardWire(Protocol):
    """What connects a reader to the program under test."""

    path: Path

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def hands_on(self) -> AbstractContextManager[CardReader]: ...


def run(
    make: Callable[[], CardBoard], moods: type[Enum], *, prog: str, text: str, arguments: Sequence[str] | None = None
) -> None:
    """Serve one reader until the words end; exit code 1 where the link cannot be laid."""
    parser = argparse.ArgumentParser(
        prog=prog, description=text, epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--link", metavar="PATH", type=Path, required=True, help="what the program under test opens")
    options = parser.parse_args(arguments)
    try:
        with BoardPty(make(), options.link) as wire:
            obey(sys.stdin, wire, moods, out=sys.stdout)
    except KeyboardInterrupt:
        return
    except OSError as error:
        sys.exit(f"{prog}: {error}")


def obey(words: Iterable[str], wire: CardWire, moods: type[Enum], *, out: TextIO) -> None:
    """Do what each line says; what cannot be done is said and changes nothing."""
    plain: Mapping[str, Callable[[], None]] = {"plug": wire.plug, "unplug": wire.unplug}
    print(f"answering on {wire.path}", file=out, flush=True)
    for line in words:
        verb, _, rest = line.strip().partition(" ")
        try:
            if verb == "quit":
                return
            if verb == "help":
                print(HELP, file=out, flush=True)
            elif verb in plain:
                plain[verb]()
            elif verb:
                with wire.hands_on() as board:
                    _move(board, verb, rest.strip(), moods)
        except (ValueError, OSError) as error:
            print(f"cannot: {error}", file=out, flush=True)
        else:
            print("ok", file=out, flush=True)


def _move(board: CardReader, verb: str, rest: str, moods: type[Enum]) -> None:
    match verb:
        case "present":
            board.present(bytes.fromhex(rest))
        case "remove":
            board.remove()
        case "mood":
            named = {mood.name.lower().replace("_", "-"): mood for mood in moods}
            if rest not in named:
                raise ValueError(f"no mood {rest!r} (known: {', '.join(named)})")
            board.mood = named[rest]
        case _:
            raise ValueError(f"no command {verb!r}; try help")
