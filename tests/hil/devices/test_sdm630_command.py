"""The emulated meter as a stranger starts it."""

import asyncio
import struct
import sys

import pytest

from hil.devices.sdm630_command import main


async def test_started_as_a_module_it_serves_the_load_it_was_given() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hil.devices.sdm630", "--tcp", "127.0.0.1:0", "--current", "16", "--phases", "1"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
            host, port = line.split()[-1].rsplit(":", 1)
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(struct.pack(">HHHBBHH", 1, 0, 6, 1, 4, 6, 6))
            answer = await reader.readexactly(9 + 12)
            writer.close()
            await writer.wait_closed()
    finally:
        process.terminate()
        await process.communicate()

    assert struct.unpack(">fff", answer[9:]) == (16, 0, 0)


@pytest.mark.parametrize("arguments", [[], ["--tcp", "1502"], ["--tcp", "h:1", "--serial", "/dev/ttyS0"]])
def test_a_wrong_command_line_ends_with_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_port_that_is_not_there_ends_with_one_line() -> None:
    with pytest.raises(SystemExit, match=r"^sdm630: "):
        main(["--serial", "/dev/ttyNotThere"])
