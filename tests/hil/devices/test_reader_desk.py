"""The command line of the emulated card readers."""

import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.devices import pn532_board, rdm6300_reader
from hil.devices.board_pty import BoardPty
from hil.devices.rdm6300_reader import EmulatedRdm6300, Mood
from hil.devices.reader_desk import obey

FRAME = b"\x0262E3086CED08\x03"


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[BoardPty[EmulatedRdm6300]]:
    with BoardPty(EmulatedRdm6300(clock=time.monotonic, every_s=0.01), tmp_path / "tty") as wire:
        yield wire


def told(wire: BoardPty[EmulatedRdm6300], *words: str) -> list[str]:
    out = io.StringIO()
    obey(words, wire, Mood, out=out)
    return out.getvalue().splitlines()[1:]


def test_a_card_is_laid_there_and_taken_away(wire: BoardPty[EmulatedRdm6300]) -> None:
    port = os.open(wire.path, os.O_RDWR | os.O_NOCTTY)
    assert told(wire, "present 62E3086CED\n") == ["ok"]
    assert os.read(port, 14) == FRAME
    os.close(port)

    assert told(wire, "remove") == ["ok"]
    with wire.hands_on() as reader:
        assert reader._card is None


def test_a_mood_is_set_by_its_name(wire: BoardPty[EmulatedRdm6300]) -> None:
    assert told(wire, "mood wrong-checksum") == ["ok"]

    with wire.hands_on() as reader:
        assert reader.mood is Mood.WRONG_CHECKSUM


def test_the_adapter_is_pulled_and_put_back(wire: BoardPty[EmulatedRdm6300]) -> None:
    told(wire, "unplug")
    assert not wire.path.exists()

    told(wire, "plug")
    assert wire.path.exists()


def test_the_words_are_told(wire: BoardPty[EmulatedRdm6300]) -> None:
    assert "present HEX" in told(wire, "help")[0]


def test_after_quit_nothing_is_obeyed(wire: BoardPty[EmulatedRdm6300]) -> None:
    assert told(wire, "quit", "unplug") == []
    assert wire.path.exists()


@pytest.mark.parametrize("word", ["dance", "mood merry", "present 12", "present zz"])
def test_what_cannot_be_done_is_said(wire: BoardPty[EmulatedRdm6300], word: str) -> None:
    assert told(wire, word)[0].startswith("cannot: ")


@pytest.mark.parametrize("main", [pn532_board.main, rdm6300_reader.main])
def test_each_reader_runs_from_the_command_line(
    main: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "tty"
    monkeypatch.setattr(sys, "argv", ["reader", "--link", str(link)])
    monkeypatch.setattr(sys, "stdin", io.StringIO("remove\nquit\n"))

    assert callable(main)
    main()

    assert capsys.readouterr().out.splitlines() == [f"answering on {link}", "ok"]
    assert not link.exists()


def test_a_link_that_is_taken_ends_it_with_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reader", "--link", str(tmp_path)])

    with pytest.raises(SystemExit, match="rdm6300"):
        rdm6300_reader.main()
