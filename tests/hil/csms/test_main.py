"""The command line."""

import asyncio
import signal
import sys
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hil.csms.__main__ import main


async def test_the_command_prints_one_line_an_event_and_ends_with_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.csms", "--port", "0", "--versions", "1.6", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            first = (await process.stdout.readline()).decode()
            url = first.removeprefix("listening on ").strip().replace("<identity>", "CP001")
            async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as ws:
                await ws.send('[2,"1","Heartbeat",{}]')
                await ws.recv()
            lines = [(await process.stdout.readline()).decode() for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            code = await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()

    assert [line.split(" ", 2)[2].split()[0] for line in lines] == ["connected,", "->", "<-", "disconnected"]
    assert code == 0


async def test_once_ends_with_the_first_station() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hil.csms", "--port", "0", "--once", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            first = (await process.stdout.readline()).decode()
            url = first.removeprefix("listening on ").strip().replace("<identity>", "CP001")
            async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None):
                pass
            rest, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()

    assert process.returncode == 0
    assert b"disconnected" in rest


def test_an_unknown_version_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--versions", "1.5"])

    assert ended.value.code == 2
    assert "ocpp1.5" in capsys.readouterr().err
