"""Puts an emulated board on a serial port of its own, served by a thread: it goes on while the event loop is busy."""

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

READ_BYTES = 4096
TICK_S = 0.005


class WiredBoard(Protocol):
    """A board as its serial line sees it: no I/O, no waiting."""

    def feed(self, heard: bytes) -> None:
        """Bytes arrived."""
        ...

    def tick(self) -> bytes:
        """Let time pass; returns what the board sends now."""
        ...


B = TypeVar("B", bound=WiredBoard)


class BoardPty(Generic[B]):
    """A context. `path` is what a program under test opens: a link, as those in /dev/serial/by-id are."""

    def __init__(self, board: B, path: Path) -> None:
        self.path = path
        self._board = board
        self._hands = threading.RLock()
        self._waiting = threading.Lock()  # held while the thread waits for the terminal, which then lives on closed
        self._ends: tuple[int, int] | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"emulated board at {path.name}", daemon=True)

    def __enter__(self) -> "BoardPty[B]":
        """Plug it in and serve it. Raises OSError where no pseudo-terminal is left or the path is taken."""
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take it away."""
        self._is_over.set()
        self._thread.join(timeout=5)
        self.unplug()

    @contextmanager
    def hands_on(self) -> Iterator[B]:
        """The board, while its thread stands still."""
        with self._hands:
            yield self._board

    def plug(self) -> None:
        """Put the adapter in: the path leads to a new terminal. Harmless where it is in."""
        with self._hands:
            if self._ends is None:
                master, slave = os.openpty()
                tty.setraw(slave)
                os.set_blocking(master, False)
                self._ends = master, slave
                self.path.symlink_to(os.ttyname(slave))

    def unplug(self) -> None:
        """Pull it: who has it open reads an error from now on, and the path is gone. Harmless where it is out."""
        with self._hands:
            if self._ends is not None:
                ends, self._ends = self._ends, None
                self.path.unlink(missing_ok=True)
                for end in ends:
                    os.close(end)
        # The kernel keeps a terminal that somebody waits for: it is gone when that wait is over, TICK_S at the latest.
        with self._waiting:
            pass

    def _serve(self) -> None:
        while not self._is_over.is_set():
            with self._hands:
                master = self._ends[0] if self._ends else None
            if master is None:
                self._is_over.wait(TICK_S)
                continue
            with self._waiting, suppress(OSError, ValueError):  # unplugged meanwhile
                select.select([master], [], [], TICK_S)
            with self._hands:
                if self._ends is not None and self._ends[0] == master:
                    self._exchange(master)

    def _exchange(self, master: int) -> None:
        try:
            heard = os.read(master, READ_BYTES)
        except OSError:
            heard = b""
        if heard:
            self._board.feed(heard)
        if said := self._board.tick():
            with suppress(OSError):
                os.write(master, said)
