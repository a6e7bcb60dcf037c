"""The agent is killed or frozen while energy flows: what the service manager then starts must end it in time."""

import asyncio
import itertools
import json
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hil.csms.server import BenchCsms
from hil.devices.board_pty import BoardPty
from hil.devices.rapi_board import EmulatedRapiBoard
from tests.fakes.agent_process import AgentProcess, agent_process, run_agent
from tests.fakes.service_manager import ServiceManager, service_manager
from tests.journeys.dialects import DIALECTS

IDENTITY = "CP001"
WATCHDOG_S = 4.0
OFF_WITHIN_S = 6.0
FAILSAFE_WITHIN_S = 0.5
CHARGES_WITHIN_S = 20.0
DIALECT = DIALECTS["ocpp2.0.1"]

Board = BoardPty[EmulatedRapiBoard]


def station_yaml(folder: Path, *, url: str, port: Path) -> Path:
    file = folder / "station.yaml"
    station = {
        "station": {"identity": IDENTITY, "vendor": "Example", "model": "Open-7"},
        "csms": {"url": url, "ocpp_versions": [DIALECT.subprotocol]},
        "evses": [{"id": 1, "connectors": [{"id": 1}], "hal": {"driver": "rapi", "port": str(port)}}],
        "storage": {"path": str(folder / "data")},
        "local_api": {"enabled": False},
        "logging": {"json": True},
    }
    file.write_text(json.dumps(station, indent=1))
    return file


@pytest.fixture
async def csms() -> AsyncIterator[BenchCsms]:
    async with BenchCsms(versions=(DIALECT.subprotocol,)) as bench:
        yield bench


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    with BoardPty(EmulatedRapiBoard(clock=time.monotonic), tmp_path / "board") as board:
        yield board


@pytest.fixture
def config(tmp_path: Path, csms: BenchCsms, board: Board) -> Path:
    return station_yaml(tmp_path, url=csms.url, port=board.path)


def is_energised(board: Board) -> bool:
    with board.hands_on() as emulated:
        return emulated.is_energised


async def until_energised(board: Board, *, energised: bool, within_s: float) -> float:
    """When it became so."""
    ends_s = time.monotonic() + within_s
    while is_energised(board) is not energised:
        assert time.monotonic() < ends_s, f"energised: {not energised}, after {within_s} s"
        await asyncio.sleep(0.002)
    return time.monotonic()


@asynccontextmanager
async def charging_agent(
    csms: BenchCsms, board: Board, config: Path, *, manager: ServiceManager | None = None
) -> AsyncIterator[AgentProcess]:
    """A running agent in mid-charge."""
    station = csms.prepare(IDENTITY)
    env = {} if manager is None else manager.environ(watchdog_s=WATCHDOG_S)
    with board.hands_on() as emulated:
        emulated.vehicle.connected = emulated.vehicle.wants = True
    async with agent_process("run", "--config", config, env=env) as agent:
        await agent.event("registration", status="Accepted")
        answer = await DIALECT.remote_start("REMOTE-0001", evse_id=1).to(station)
        assert answer["status"] == "Accepted", answer
        await until_energised(board, energised=True, within_s=CHARGES_WITHIN_S)
        yield agent


async def failsafe(board: Board, config: Path) -> float:
    """Start it as ExecStopPost= does; seconds from its exec until no energy flows."""
    assert is_energised(board)
    began_s = time.monotonic()
    running = asyncio.create_task(run_agent("failsafe", "--config", config), name="failsafe")
    off_s = await until_energised(board, energised=False, within_s=5.0)
    code, _, said = await running
    assert code == 0, said
    return off_s - began_s


async def test_after_a_kill_in_mid_charge_no_energy_flows_half_a_second_later(
    csms: BenchCsms, board: Board, config: Path
) -> None:
    async with charging_agent(csms, board, config) as agent:
        await agent.kill()
        await asyncio.sleep(0.3)
        flowed_on = is_energised(board)
        took_s = [await failsafe(board, config)]
    for _ in range(4):
        with board.hands_on() as emulated:
            emulated.reboot()  # it then offers by itself, as these boards do
        await until_energised(board, energised=True, within_s=CHARGES_WITHIN_S)
        took_s.append(await failsafe(board, config))

    assert flowed_on, "else nothing was shown"
    assert statistics.median(took_s) < FAILSAFE_WITHIN_S, took_s
    print(f"from exec to open: {[round(one * 1000) for one in took_s]} ms")  # noqa: T201 - shown with -s


async def test_a_frozen_agent_is_killed_by_its_watchdog_and_its_energy_is_off_within_six_seconds(
    csms: BenchCsms, board: Board, config: Path, tmp_path: Path
) -> None:
    async with (
        service_manager(tmp_path) as manager,
        charging_agent(csms, board, config, manager=manager) as agent,
    ):
        await manager.until_told("READY=1")
        await manager.until_told("WATCHDOG=1", times=manager.lines.count("WATCHDOG=1") + 2)
        frozen_s = time.monotonic()
        os.kill(agent.pid, signal.SIGSTOP)

        await manager.until_silent(for_s=WATCHDOG_S)
        await agent.kill()  # WatchdogSignal=SIGKILL: a stopped process heeds no other
        flowed_on = is_energised(board)
        await failsafe(board, config)
        off_s = time.monotonic()

    assert flowed_on
    assert off_s - frozen_s < OFF_WITHIN_S
    print(f"from SIGSTOP to open: {off_s - frozen_s:.2f} s")  # noqa: T201 - shown with -s


async def test_an_agent_that_works_is_never_silent_for_half_of_what_it_may(
    csms: BenchCsms, board: Board, config: Path, tmp_path: Path
) -> None:
    async with (
        service_manager(tmp_path) as manager,
        charging_agent(csms, board, config, manager=manager) as agent,
    ):
        await manager.until_told("WATCHDOG=1", times=manager.lines.count("WATCHDOG=1") + 3)

        agent.terminate()
        code = await agent.ended()

    fed_s = [at_s for at_s, lines in manager.told if "WATCHDOG=1" in lines]
    assert code == 0
    assert manager.lines[-2:] == ["STOPPING=1", "STATUS=stopping"]
    assert max(after - one for one, after in itertools.pairwise(fed_s)) < WATCHDOG_S / 2
