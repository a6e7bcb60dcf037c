"""The emulated CAN board as a stranger starts it."""

import asyncio
import sys
import time

import can
import pytest

from hil.devices.can_board import STATUS, EmulatedCanBoard
from hil.devices.can_board_command import HELP, main, obey
from tests.hal.can_bus.rig import a_bus, end_of_the_board


async def test_started_as_a_module_it_is_on_the_bus_and_obeys_its_lines() -> None:
    bus = a_bus("udp_multicast")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hil.devices.can_board", "--interface", bus.interface, "--channel", bus.channel),
        *("--port", bus.options["port"]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with end_of_the_board(bus) as ours:
        async with asyncio.timeout(30):
            hello = await process.stdout.readline()
            process.stdin.write(b"plug\n")
            answer = await process.stdout.readline()
            while (message := await asyncio.to_thread(ours.recv, 1)) is None or message.arbitration_id != STATUS:
                continue
            process.stdin.write(b"quit\n")
            await process.communicate()

    assert hello.startswith(b"can_board: on udp_multicast")
    assert answer.startswith(b"can_board: pilot B, offers nothing, contactor open")
    assert message.data[0] == 1
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("plug", "pilot B"),
        ("charge", "pilot B, offers nothing"),
        ("stop", "pilot B"),
        ("unplug", "pilot A"),
        ("load 10", "0 W"),
        ("fault EmergencyStop", "pilot A"),
        ("mend", "pilot A"),
        ("weld", "contactor closed"),
        ("mood silent", "SILENT"),
        ("status", "1000 Wh"),
    ],
)
def test_each_line_is_obeyed(line: str, words: str) -> None:
    board = EmulatedCanBoard(clock=time.monotonic)

    answer = obey(board, line.split())
    board.tick()

    assert words in answer or words in obey(board, ["status"])


@pytest.mark.parametrize("line", ["fly", "load much", "fault Nonsense", "mood merry"])
def test_what_it_does_not_know_is_answered_with_what_it_does(line: str) -> None:
    assert obey(EmulatedCanBoard(clock=time.monotonic), line.split()) == HELP


def test_a_bus_that_cannot_be_opened_ends_it_with_one_line() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--interface", "socketcan", "--channel", "nocan9"])

    assert str(ended.value.code).startswith("can_board: ")


def test_a_wrong_command_line_ends_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])

    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_library_knows_the_buses_that_the_help_names() -> None:
    assert {"socketcan", "udp_multicast"} <= set(can.VALID_INTERFACES)
