"""The command line of the emulated meter, as a stranger starts it."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hil.devices.meter import main
from hil.devices.meter_map import names

READ_VOLTAGE = bytes.fromhex("00 07 00 00 00 06 07 03 5B 00 00 02")


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.devices.meter", *arguments, stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None:
        raise RuntimeError("no output to read")
    async with asyncio.timeout(20):
        said = (await process.stdout.readline()).decode()
    try:
        yield process, said
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(5):
            await process.wait()


async def test_it_serves_a_map_on_tcp_and_ends_in_peace_when_told_to() -> None:
    async with started("--map", "abb-b23", "--port", "0", "--unit", "7", "--voltage", "231") as (process, said):
        port = re.fullmatch(r"meter: serving abb-b23 as unit 7 on 127\.0\.0\.1:(\d+)\n", said)
        assert port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port[1]))
        writer.write(READ_VOLTAGE)
        async with asyncio.timeout(5):
            answer = await reader.readexactly(13)
        writer.close()
        await writer.wait_closed()

    assert answer[-4:] == (2310).to_bytes(4, "big")
    assert process.returncode == 0


async def test_it_makes_a_pseudo_terminal_and_takes_it_away_again(tmp_path: Path) -> None:
    path = tmp_path / "meter"

    async with started("--map", "sunspec", "--pty", str(path)) as (_process, said):
        assert said == f"meter: serving sunspec as unit 1 on {path}\n"
        assert path.is_symlink()

    assert not path.is_symlink()


def test_it_lists_the_maps(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list"])

    assert capsys.readouterr().out.split() == [*names(), "sunspec"]


@pytest.mark.parametrize(
    "arguments", [["--map", "no-such-meter"], ["--port", "0", "--host", "256.1.1.1"], ["--serial", "/dev/ttyNotThere"]]
)
def test_what_cannot_be_opened_is_told_in_one_line(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"meter: .+"):
        main(arguments)
