"""The emulated reader that types."""

import io
import os
import struct
import sys
from pathlib import Path

import pytest

from hil.devices.hid_keys import HidKeys, KeyWriter, Mood, main

PRESSES = {2: "1", 3: "2", 30: "A", 71: "7", 28: "\n", 96: "\n", 15: "\t"}


def pressed(events: bytes, layout: str = "@llHHi") -> str:
    """The keys that went down, shift left out."""
    found = [(kind, code, value) for _, _, kind, code, value in struct.iter_unpack(layout, events)]
    return "".join(PRESSES[code] for kind, code, value in found if (kind, value) == (1, 1) and code != 42)


@pytest.mark.parametrize(("layout", "size"), [("=iiHHi", 16), ("=qqHHi", 24)])
def test_events_are_written_for_both_word_lengths(layout: str, size: int) -> None:
    events = KeyWriter(clock=lambda: 1.5, layout=layout).line("1")

    assert len(events) == 8 * size
    assert pressed(events, layout) == "1\n"


def test_letters_come_with_shift() -> None:
    events = KeyWriter().line("a")

    keys = [(code, value) for _, _, kind, code, value in struct.iter_unpack("@llHHi", events) if kind == 1]
    assert keys[:4] == [(42, 1), (30, 1), (30, 0), (42, 0)]


def test_each_key_is_later_than_the_one_before() -> None:
    times = [s + us / 1e6 for s, us, *_ in struct.iter_unpack("@llHHi", KeyWriter(clock=lambda: 7.0).line("1212"))]

    assert times == sorted(times)
    assert times[0] > 7.0


def test_a_keypad_has_its_own_keys() -> None:
    assert pressed(KeyWriter().line("7", keypad=True)) == "7\n"


def test_a_key_it_does_not_have_cannot_be_typed() -> None:
    with pytest.raises(ValueError, match="no key"):
        KeyWriter().line("X")


@pytest.mark.parametrize(
    ("mood", "text"),
    [(Mood.SILENT, ""), (Mood.HALF, "1"), (Mood.NOISE, "1\t2\n"), (Mood.DROPPED, "12\n"), (Mood.SLOW, "12\n")],
)
def test_moods_spoil_the_line(mood: Mood, text: str) -> None:
    writer = KeyWriter(clock=lambda: 0.0)
    writer.mood = mood

    events = writer.line("12")

    times = [s for s, *_ in struct.iter_unpack("@llHHi", events)]
    kinds = [(kind, code) for _, _, kind, code, _ in struct.iter_unpack("@llHHi", events)]
    assert pressed(events) == text
    assert ((0, 3) in kinds) is (mood is Mood.DROPPED)
    assert (max(times, default=0) >= 5) is (mood is Mood.SLOW)


def test_what_is_typed_is_read_from_the_pipe_and_its_end_when_it_is_pulled(tmp_path: Path) -> None:
    with HidKeys(tmp_path / "event0") as keys:
        reader = os.open(keys.path, os.O_RDONLY | os.O_NONBLOCK)
        keys.present(bytes.fromhex("12"))
        assert pressed(os.read(reader, 9999)) == "12\n"

        keys.unplug()

        assert os.read(reader, 9999) == b""
        os.close(reader)
        with pytest.raises(OSError, match="unplugged"):
            keys.type("1")
    assert not keys.path.exists()


def test_it_runs_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fifo = tmp_path / "event0"
    monkeypatch.setattr(sys, "stdin", io.StringIO("present 12\nmood half\nunplug\npresent 12\nquit\n"))

    main(["--fifo", str(fifo)])

    said = capsys.readouterr().out.splitlines()
    assert said == [f"answering on {fifo}", "ok", "ok", "ok", "cannot: it is unplugged"]


def test_a_path_that_is_taken_ends_it_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="hid_keys"):
        main(["--fifo", str(tmp_path)])
