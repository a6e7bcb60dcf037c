"""`evse-agent run` as a process: signals, exit codes, restarts commanded by the CSMS, the local API at all times."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.app import Agent, End
from agent.assembly import make_plan
from agent.errors import SettingsError
from agent.serve import live, serve
from agent.settings import parse_text
from hil.csms.server import BenchCsms
from tests.fakes.agent_process import AgentProcess, agent_process, run_agent
from tests.fakes.api_client import Api
from tests.fakes.loopback_csms import silent_csms

IDENTITY = "CP001"
NOWHERE = "ws://127.0.0.1:9/ocpp"
"""The discard port: nobody listens."""
STOPS_WITHIN_S = 5.0
ALONE = {"TxCtrlr.TxBeforeAcceptedEnabled": "true", "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
"""The station charges anybody before a CSMS was ever heard of."""


def station_yaml(
    folder: Path, *, url: str = NOWHERE, ocpp: str = "ocpp2.0.1", speed: int = 100, **variables: str
) -> Path:
    """A simulated station."""
    folder.mkdir(parents=True, exist_ok=True)
    station: dict[str, Any] = {
        "station": {"identity": IDENTITY, "vendor": "Example", "model": "Duo-22"},
        "csms": {
            "url": url,
            "ocpp_versions": [ocpp],
            "reconnect": {"minimum_s": 1, "random_range_s": 0, "repeat_times": 0},
        },
        "evses": [{"id": 1, "connectors": [{"id": 1}], "hal": {"driver": "sim"}}],
        "token_readers": [{"driver": "sim-reader"}],
        "storage": {"path": str(folder / "data")},
        "local_api": {"port": 0},
        "simulation": {"speed": speed},
        "logging": {"json": True},
        "ocpp_variables": {**ALONE, "SampledDataCtrlr.TxUpdatedInterval": "30", **variables},
    }
    file = folder / "station.yaml"
    file.write_text(json.dumps(station, indent=1))
    return file


@asynccontextmanager
async def agent_of(file: Path) -> AsyncIterator[tuple[AgentProcess, Api]]:
    """A running agent and its local API."""
    async with agent_process("run", "--config", file) as agent:
        listens = await agent.event("local API listens")
        yield agent, Api(listens["port"])


async def stopped(agent: AgentProcess) -> float:
    """SIGTERM must end it well; how long it took."""
    began_s = time.monotonic()
    agent.terminate()
    code = await agent.ended()
    assert code == 0, agent.output
    assert agent.events[-1]["event"] == "stopped"
    return time.monotonic() - began_s


async def kinds(api: Api) -> list[str]:
    """What waits in the outbox."""
    _, page = await api.get("/api/v1/outbox")
    return [row["kind"] for row in page["rows"]]


@pytest.mark.slow
@pytest.mark.parametrize("resumption_s", ["3600", "0"])
async def test_sigterm_in_a_charge_before_a_deaf_csms_loses_nothing(tmp_path: Path, resumption_s: str) -> None:
    async with silent_csms() as url:
        file = station_yaml(tmp_path, url=url, speed=1, **{"TxCtrlr.ResumptionTimeout": resumption_s})
        async with agent_of(file) as (agent, api):
            page = await api.charge()
            register_wh = page["evses"][0]["meter"]["energy_wh"]
            before = await kinds(api)

            took_s = await stopped(agent)

        transaction = page["evses"][0]["transaction"]["id"]
        async with agent_of(file) as (agent, api):
            found = await agent.event("open transaction found")
            assert found["transaction"] == transaction
            if resumption_s == "0":
                async with asyncio.timeout(20):
                    while "TransactionEnded" not in await kinds(api):  # noqa: ASYNC110 - it is of another process
                        await asyncio.sleep(0.05)
                page = await api.status(1, "Preparing")
                assert page["evses"][0]["transaction"] is None
            else:
                page = await api.status(1, "Charging")
                assert page["evses"][0]["transaction"]["id"] == transaction
                assert "TransactionEnded" not in await kinds(api)
            assert page["evses"][0]["meter"]["energy_wh"] >= register_wh
            assert (await kinds(api))[: len(before)] == before
            await stopped(agent)

    assert took_s < STOPS_WITHIN_S


async def test_sigint_is_as_good(tmp_path: Path) -> None:
    async with agent_of(station_yaml(tmp_path)) as (agent, _):
        agent.interrupt()

        assert await agent.ended(within_s=STOPS_WITHIN_S) == 0


async def test_the_local_api_answers_though_no_csms_ever_did(tmp_path: Path) -> None:
    async with agent_of(station_yaml(tmp_path)) as (agent, api):
        page = await api.status(1, "Available")
        await agent.event("no link")

        assert page["link"]["state"] in {"connecting", "disconnected"}
        assert (await api.get("/metrics"))[0] == 200


async def test_the_local_api_answers_while_a_csms_is_connected_that_says_nothing(tmp_path: Path) -> None:
    async with silent_csms() as url, agent_of(station_yaml(tmp_path, url=url)) as (agent, api):
        await agent.event("connected")
        page = await api.status(1, "Available")

        assert page["link"]["state"] == "registering"


async def test_the_first_words_to_the_csms_do_not_wait_for_the_local_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never_up(agent: Agent, *, ready: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("agent.app_api.serve_api", never_up)
    async with BenchCsms() as csms:
        settings = parse_text(station_yaml(tmp_path, url=csms.url).read_text())
        agents: list[Agent] = []
        living = asyncio.create_task(live(make_plan(settings), data_dir=tmp_path / "data", prepare=agents.append))
        told = await reasons(csms, times=1)
        agents[0].stop()

        assert await living is End.STOPPED
        assert told == ["PowerUp"]


async def test_the_local_api_comes_up_though_not_even_an_attempt_to_connect_can_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agent.serve.API_MAY_START_AFTER_S", 0.05)
    agents: list[Agent] = []

    def prepare(agent: Agent) -> None:
        agent.link.set_network(online=False)
        agents.append(agent)

    async def ready(port: int) -> None:
        page = await Api(port).status(1, "Available")
        assert page["link"]["state"] == "disconnected"
        agents[0].stop()

    async with asyncio.timeout(20):
        end = await live(plan(tmp_path), data_dir=tmp_path / "data", prepare=prepare, ready=ready)

    assert end is End.STOPPED
    assert not agents[0].link.attempting.is_set()
    assert "no connection attempt yet; the local API starts all the same" in caplog.messages


async def test_a_second_agent_is_refused_the_same_directory_and_told_who_has_it(tmp_path: Path) -> None:
    file = station_yaml(tmp_path)
    async with agent_of(file) as (first, api):
        code, printed, said = await run_agent("run", "--config", file)

        assert code == 2
        assert f"{tmp_path / 'data'} is in use by another agent (process {first.pid})" in said
        assert "Traceback" not in said + printed
        await api.status(1, "Available")  # the first one minds nothing


async def test_a_killed_agent_leaves_its_directory_free(tmp_path: Path) -> None:
    file = station_yaml(tmp_path)
    async with agent_of(file) as (agent, _):
        await agent.kill()

    async with agent_of(file) as (agent, _):
        await stopped(agent)


async def reasons(csms: BenchCsms, *, times: int) -> list[str | None]:
    """Why it said it booted, so many times; 1.6 has no word for it."""
    station = csms.prepare(IDENTITY)
    return [(await station.expect("BootNotification", timeout_s=20)).get("reason") for _ in range(times)]


@pytest.mark.parametrize(
    ("ocpp", "kind", "expected"),
    [
        ("ocpp1.6", "Soft", [None, None]),
        ("ocpp1.6", "Hard", [None, None]),
        ("ocpp2.0.1", "Immediate", ["PowerUp", "RemoteReset"]),
        ("ocpp2.0.1", "OnIdle", ["PowerUp", "RemoteReset"]),
    ],
)
async def test_a_reset_starts_the_station_anew_in_the_same_process(
    tmp_path: Path, ocpp: str, kind: str, expected: list[str | None]
) -> None:
    async with BenchCsms() as csms, agent_of(station_yaml(tmp_path, url=csms.url, ocpp=ocpp)) as (agent, _):
        station = await csms.station(IDENTITY)
        first = await reasons(csms, times=1)
        for _ in range(2 if ocpp == "ocpp1.6" else 1):  # 1.6 has a connector 0
            await station.expect("StatusNotification")
        answer = await station.call("Reset", {"type": kind})
        second = await reasons(csms, times=1)

        assert answer["status"] == "Accepted"
        assert first + second == expected
        again = await agent.event("local API listens", times=2)
        await Api(again["port"]).status(1, "Available")
        await stopped(agent)
        assert csms.violations == []


async def test_a_reset_that_waits_for_the_end_of_a_charge_is_told_as_a_scheduled_one(tmp_path: Path) -> None:
    async with BenchCsms() as csms, agent_of(station_yaml(tmp_path, url=csms.url)) as (agent, api):
        station = await csms.station(IDENTITY)
        assert await reasons(csms, times=1) == ["PowerUp"]
        await api.charge()

        answer = await station.call("Reset", {"type": "OnIdle"})
        assert await api.post("/api/v1/sim/evses/1/unplug") == (204, "")

        assert answer["status"] == "Scheduled"
        assert await reasons(csms, times=1) == ["ScheduledReset"]
        await stopped(agent)
        assert csms.ledger.findings() == []


def spoiled(folder: Path, old: str, new: str) -> Path:
    """A station.yaml with one thing changed."""
    file = station_yaml(folder)
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    return file


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ('"speed"', '"sped"', "sped", "did you mean speed?"),
        ('"speed": 100', '"speed": "fast"', "fast", "simulation.speed: "),
        ('"speed": 100', '"speed": 5000', "5000", "1000"),
        ('"id": 1,\n   "connectors"', '"id": 3,\n   "connectors"', ": 3", "number the EVSEs 1 to 1"),
        (NOWHERE, "http://127.0.0.1/", "http:", "a ws:// or wss:// address"),
        ('"driver": "sim"', '"driver": "gpio", "pin": 5', '"speed"', "all simulated"),
    ],
)
async def test_a_mistake_in_the_file_ends_it_with_code_2_and_a_line_to_go_to(
    tmp_path: Path, old: str, new: str, at: str, says: str
) -> None:
    file = spoiled(tmp_path, old, new)
    (line,) = (number for number, text in enumerate(file.read_text().splitlines(), start=1) if at in text)

    code, printed, said = await run_agent("run", "--config", file)

    assert code == 2
    assert f"{file}:{line}:" in said
    assert says in said
    assert "Traceback" not in said + printed
    assert not (tmp_path / "data").exists()


async def test_a_wrong_option_of_a_meters_driver_is_told_at_the_line_of_that_meter(tmp_path: Path) -> None:
    meter = '{"pilot": {"driver": "sim"}, "contactor": {"driver": "sim"},\n"meter": {"driver": "modbus-meter",\n'
    file = spoiled(tmp_path, '{\n    "driver": "sim"\n   }', meter + '"map": "none-such", "host": "127.0.0.1"}}')
    file.write_text(file.read_text().replace('"speed": 100', '"speed": 1'))
    line = next(at for at, text in enumerate(file.read_text().splitlines(), start=1) if "none-such" in text)

    code, _, said = await run_agent("run", "--config", file)

    assert code == 2
    assert said.splitlines()[-1].startswith(f"{file}:{line}:8: evses[0].hal.meter.map: unknown map 'none-such'")


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, _, said = await run_agent("run", "--config", tmp_path / "station.yaml")

    assert code == 2
    assert f"{tmp_path / 'station.yaml'}: " in said
    assert "Traceback" not in said


async def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = station_yaml(tmp_path)
    (tmp_path / "data").write_text("in the way")

    code, _, said = await run_agent("run", "--config", file)

    assert code == 2
    assert f"{tmp_path / 'data'} cannot be used" in said


def plan(folder: Path) -> Any:
    return make_plan(parse_text(station_yaml(folder).read_text()))


async def test_a_part_that_fails_ends_it_with_code_1_so_that_systemd_starts_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Agent.build

    async def breaks() -> None:
        raise RuntimeError("broken part")

    async def broken(*plan: Any, **options: Any) -> Agent:
        agent = await build(*plan, **options)
        agent.start_task(breaks(), name="broken")
        return agent

    monkeypatch.setattr(Agent, "build", broken)

    code = await serve(parse_text(station_yaml(tmp_path).read_text()), data_dir=tmp_path / "data")

    assert code == 1


async def test_a_signal_that_comes_before_the_agent_runs_is_not_lost(tmp_path: Path) -> None:
    agents: list[Agent] = []

    def prepare(agent: Agent) -> None:
        agents.append(agent)
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(STOPS_WITHIN_S):
        end = await live(plan(tmp_path), data_dir=tmp_path / "data", prepare=prepare)

    assert end is End.STOPPED
    assert len(agents) == 1


async def test_a_signal_that_comes_while_the_agent_is_built_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Agent.build

    async def interrupted(*plan: Any, **options: Any) -> Agent:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)  # the loop hears of a signal through a socket
        return await build(*plan, **options)

    monkeypatch.setattr(Agent, "build", interrupted)

    async with asyncio.timeout(STOPS_WITHIN_S):
        end = await live(plan(tmp_path), data_dir=tmp_path / "data")

    assert end is End.STOPPED


async def test_what_cannot_be_built_leaves_no_lock_and_no_open_file(tmp_path: Path) -> None:
    wrong = spoiled(tmp_path, '"driver": "sim"\n', '"driver": "sim", "state_file": "' + str(tmp_path / "notes") + '"\n')
    (tmp_path / "notes").write_text("milk")

    with pytest.raises(SettingsError, match=r"evses\[0\]\.hal\.state_file"):
        await live(make_plan(parse_text(wrong.read_text())), data_dir=tmp_path / "data")
    agent = await Agent.build(plan(tmp_path), data_dir=tmp_path / "data")
    agent.stop()

    assert await agent.run() is End.STOPPED
