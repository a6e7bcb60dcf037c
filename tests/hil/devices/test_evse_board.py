"""The command line of the emulated EVSE boards, as a process that a driver talks to."""

import asyncio
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from hal.readings import PilotState
from hal.registry import DriverContext, SharedDevices, driver_class
from hil.devices.evse_board import Bench, main, obey
from hil.devices.evse_din import EmulatedEvseDin
from tests.contracts.waiting import Wall, following, until

ROOT = Path(__file__).parents[3]


async def spoken_to(driver: str, settings: dict[str, Any], *arguments: str) -> list[str]:
    """Start a board as a process, let the driver see a vehicle come, ask for the status; what the board printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hil.devices.evse_board", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(20):
        first = (await process.stdout.readline()).decode()
        if "127.0.0.1" in first:
            settings = {**settings, "host": "127.0.0.1", "tcp_port": int(first.rpartition(":")[2])}
        found = driver_class(driver)
        made: Any = found(
            found.Settings(**settings), DriverContext(name="EVSE 1", evse_id=1, clock=Wall(), shared=SharedDevices())
        )
        await made.start()
        async with following(made.states()) as states:
            process.stdin.write(b"charge\n")
            assert await process.stdout.readline() == b"done\n"
            await until(states, PilotState.B)
            made.offer(13.0)
            await until(states, PilotState.C)
        process.stdin.write(b"status\n")
        told = (await process.stdout.readline()).decode()  # before the driver leaves the board safe
        await made.stop()
        process.stdin.write(b"quit\n")
        await process.communicate()
    return [first.strip(), told]


@pytest.mark.parametrize("kind", ["rapi", "evse-din"])
async def test_a_board_on_a_terminal_answers_its_driver(kind: str, tmp_path: Path) -> None:
    link = tmp_path / "board"

    said = await spoken_to(kind, {"port": str(link)}, kind, "--link", str(link))

    assert said[0] == f"evse_board: {kind} on {link}"
    assert said[1].startswith("offers 13 A, live")


@pytest.mark.parametrize("kind", ["em-cp-pp-eth", "charx"])
async def test_a_board_on_the_network_answers_its_driver(kind: str) -> None:
    settings = {"model": kind, "device_id": 7, "controller": 2}

    said = await spoken_to("phoenix", settings, kind, "--port", "0", "--unit", "7", "--controller", "2")

    assert said[1].startswith("offers 13 A, live")


def test_what_cannot_be_done_is_said_and_changes_nothing() -> None:
    board, out = EmulatedEvseDin(), io.StringIO()
    pulled: list[str] = []
    bench = Bench("evse-din", board, pull=lambda: pulled.append("pull"), put=lambda: pulled.append("put"))

    obey(
        ["fault rust", "fault rcd", "mood odd", "mood silent", "weld", "pull", "put", "dance", "quit", "mend"],
        bench,
        out=out,
    )

    assert board.fault == "rcd"
    assert board.welded
    assert board.behaviour.mood.name == "SILENT"
    assert pulled == ["pull", "put"]
    assert "rust: no such fault" in out.getvalue()
    assert "dance : cannot be done" in out.getvalue()


def test_a_board_on_a_terminal_needs_a_link() -> None:
    with pytest.raises(SystemExit, match="give --link PATH"):
        main(["rapi"])
