"""An emulated board on a serial port of its own."""

import os
import time
from pathlib import Path

import pytest

from hil.devices.board_pty import BoardPty
from tests.contracts.waiting import soon


class Echo:
    def __init__(self) -> None:
        self.unsaid = b""

    def feed(self, heard: bytes) -> None:
        self.unsaid += heard

    def tick(self) -> bytes:
        said, self.unsaid = self.unsaid, b""
        return said


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)


def reads(port: int) -> bytes:
    try:
        return os.read(port, 99)
    except BlockingIOError:
        return b""


def test_it_answers_while_nobody_turns_an_event_loop(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty"):
        port = opened(tmp_path / "tty")

        os.write(port, b"hello")

        heard = b""
        end_s = time.monotonic() + 2
        while heard != b"hello" and time.monotonic() < end_s:
            heard += reads(port)
        assert heard == b"hello"
        os.close(port)


def test_who_has_it_open_notices_that_it_was_pulled(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty") as wire:
        port = opened(tmp_path / "tty")

        wire.unplug()

        assert not (tmp_path / "tty").is_symlink()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(port, b"hello")
        os.close(port)


def test_it_may_be_put_back(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty") as wire:
        wire.unplug()
        wire.plug()
        wire.plug()
        port = opened(tmp_path / "tty")

        os.write(port, b"x")

        assert soon(lambda: reads(port) == b"x", limit_s=2)
        os.close(port)


def test_the_boards_thread_stands_still_under_a_hand(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty") as wire:
        port = opened(tmp_path / "tty")
        with wire.hands_on() as board:
            os.write(port, b"x")
            time.sleep(0.03)
            assert board.unsaid == b""
        os.close(port)


def test_it_is_dead_when_unplug_returns_however_often(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty") as wire:
        for _ in range(100):
            port = opened(tmp_path / "tty")

            wire.unplug()

            with pytest.raises(OSError, match="Input/output error"):
                os.write(port, b"hello")
            os.close(port)
            wire.plug()


def test_it_may_be_pulled_with_the_hands_on_the_board(tmp_path: Path) -> None:
    with BoardPty(Echo(), tmp_path / "tty") as wire:
        port = opened(tmp_path / "tty")

        with wire.hands_on():
            wire.unplug()
            with pytest.raises(OSError, match="Input/output error"):
                os.write(port, b"hello")

        os.close(port)
