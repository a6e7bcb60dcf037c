"""`evse-agent simulate` against the bench CSMS: one command, and there is a charger."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent import simulate
from agent.app import Agent, End
from agent.app_sim import simulation_of
from agent.assembly import make_plan
from agent.sim_script import ScriptFailed, parse_script
from agent.simulate import Player
from agent.simulated_station import SimulatedStation
from hil.csms.ledger import Ledger
from hil.csms.server import BenchCsms
from tests.fakes.agent_process import AgentProcess, agent_process, run_agent
from tests.fakes.api_client import Api

NOWHERE = "ws://127.0.0.1:9/ocpp"
SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}
CHARGE = """\
steps:
  - wait-until: {status: Available, within: 600}
  - plug-in:
  - wait-until: {status: Preparing, within: 600}
  - swipe: {token: CARD-0001}
  - wait-until: {status: Charging, within: 600}
  - wait: {seconds: 60}
  - unplug:
  - wait-until: {status: Available, within: 600}
"""
FAST = ("--speed", "200", "--api-port", "0")


@asynccontextmanager
async def simulated(csms: BenchCsms, *options: str | Path) -> AsyncIterator[AgentProcess]:
    async with agent_process("simulate", "--csms", csms.url, "--id", "SIM-1", *options) as agent:
        yield agent


def script(folder: Path, text: str) -> Path:
    file = folder / "cars.yaml"
    file.write_text(text)
    return file


def assert_one_charge(ledger: Ledger) -> None:
    (transaction,) = ledger.transactions
    assert not transaction.is_open
    assert (ledger.energy_wh(transaction) or 0) > 0
    assert ledger.findings() == []


@pytest.mark.parametrize("ocpp", ["1.6", "2.0.1", "2.1"])
async def test_a_script_is_played_told_and_the_command_ends(tmp_path: Path, ocpp: str) -> None:
    file = script(tmp_path, CHARGE)
    async with (
        BenchCsms(versions=(SUBPROTOCOLS[ocpp],)) as csms,
        simulated(csms, "--ocpp", ocpp, "--script", file, "--exit-when-done", *FAST) as agent,
    ):
        code = await agent.ended()
        connected = await agent.event("connected")

    assert code == 0, agent.output
    assert connected["subprotocol"] == SUBPROTOCOLS[ocpp]
    assert_one_charge(csms.ledger)
    assert csms.violations == []
    assert any(event["event"] == "script done" for event in agent.events)


@pytest.mark.parametrize(("ocpp", "warned"), [("2.1", True), ("2.0.1", False)])
async def test_2_1_is_said_to_be_the_2_0_1_subset(tmp_path: Path, ocpp: str, warned: bool) -> None:
    async with BenchCsms(versions=(SUBPROTOCOLS[ocpp],)) as csms, simulated(csms, "--ocpp", ocpp, *FAST) as agent:
        await agent.event("registration", status="Accepted")

    told = [event for event in agent.events if "2.0.1 subset" in event["event"]]
    assert [event["level"] for event in told] == (["warning"] if warned else [])


async def test_without_a_script_it_is_moved_by_hand_and_says_how(tmp_path: Path) -> None:
    async with BenchCsms() as csms, simulated(csms, "--evses", "2", *FAST) as agent:
        by_hand = await agent.event("by hand")
        port = (await agent.event("local API listens"))["port"]
        page = await Api(port).charge(evse=2)
        agent.terminate()

        assert await agent.ended(within_s=5) == 0

    assert f"http://127.0.0.1:{port}/api/v1/sim/evses/1/plug-in" in by_hand["plug_in"]
    assert [evse["id"] for evse in page["evses"]] == [1, 2]
    assert len(csms.ledger.transactions) == 1


async def test_it_charges_with_a_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a-secret-of-24-letters-x")
    (tmp_path / "password").chmod(0o600)
    async with (
        BenchCsms(basic_auth={"SIM-1": "a-secret-of-24-letters-x"}) as csms,
        simulated(csms, "--password-file", tmp_path / "password", *FAST) as agent,
    ):
        await agent.event("registration", status="Accepted")

    assert "a-secret" not in agent.output


async def test_a_step_that_does_not_come_true_ends_it_with_code_1(tmp_path: Path) -> None:
    file = script(tmp_path, "steps: [{wait-until: {status: Charging, within: 20}}]")
    async with BenchCsms() as csms, simulated(csms, "--script", file, "--exit-when-done", *FAST) as agent:
        code = await agent.ended()

    assert code == 1
    (failed,) = (event for event in agent.events if event["event"] == "script failed")
    assert "EVSE 1 is Available and not Charging after 20 s" in failed["why"]
    assert "Traceback" not in agent.output


async def test_two_of_them_run_side_by_side_without_a_folder_of_their_own(tmp_path: Path) -> None:
    async with BenchCsms() as csms, simulated(csms, *FAST) as first:
        await first.event("registration")
        async with agent_process("simulate", "--csms", csms.url, "--id", "SIM-2", *FAST) as second:
            await second.event("registration")

            assert set(csms.stations) == {"SIM-1", "SIM-2"}


async def test_two_of_them_do_not_share_a_data_directory(tmp_path: Path) -> None:
    async with BenchCsms() as csms, simulated(csms, "--data-dir", tmp_path / "data", *FAST) as first:
        await first.event("registration")
        code, _, said = await run_agent("simulate", "--csms", csms.url, "--id", "B", "--data-dir", tmp_path / "data")

    assert code == 2
    assert f"is in use by another agent (process {first.pid})" in said


async def test_a_reset_does_not_end_it_and_the_script_goes_on(tmp_path: Path) -> None:
    charging = "  - wait-until: {status: Charging, within: 600}\n"  # the reset may come before the script looks
    file = script(tmp_path, CHARGE.replace(charging, ""))
    async with BenchCsms() as csms, simulated(csms, "--script", file, "--exit-when-done", *FAST) as agent:
        station = await csms.station("SIM-1")
        await station.expect("TransactionEvent", where=lambda told: told["eventType"] == "Started")
        answer = await station.call("Reset", {"type": "Immediate"})
        reasons = [(await station.expect("BootNotification"))["reason"]]

        assert await agent.ended() == 0, agent.output

    assert answer["status"] == "Accepted"
    assert reasons == ["RemoteReset"]
    assert csms.ledger.findings() == []


async def test_the_script_begins_though_no_csms_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(simulate, "ONLINE_WITHIN_S", 0.05)
    station = SimulatedStation(url=NOWHERE, identity="A", ocpp=["ocpp2.0.1"], speed=100)
    agent = await Agent.build(make_plan(station.settings()), data_dir=tmp_path)
    player = Player(parse_script("steps: [{plug-in: }, {wait-until: {status: Preparing}}]"), exit_when_done=True)
    agent.start_task(player.run(agent), name="script")

    async with asyncio.timeout(10):
        end = await agent.run()

    assert end is End.STOPPED
    assert player.failure is None
    assert "the script begins without a CSMS" in caplog.messages


@pytest.mark.parametrize(("failure", "plays"), [(None, True), (ScriptFailed("step 1: no"), False)])
async def test_a_script_that_failed_is_not_played_again_after_a_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: ScriptFailed | None, plays: bool
) -> None:
    monkeypatch.setattr(simulate, "ONLINE_WITHIN_S", 0.0)
    station = SimulatedStation(url=NOWHERE, identity="A", ocpp=["ocpp2.0.1"])
    agent = await Agent.build(make_plan(station.settings()), data_dir=tmp_path)
    person = simulation_of(agent)
    assert person is not None
    player = Player(parse_script("steps: [{plug-in: }]"), exit_when_done=False)
    player.failure = failure
    agent.start_task(player.run(agent), name="script")
    running = asyncio.create_task(agent.run())
    await agent.link.attempting.wait()
    await asyncio.sleep(0.1)  # long enough for the one that plays
    agent.stop()

    await running

    assert person.view(1).plugged is plays


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--csms", "http://127.0.0.1/", "--id", "A"], "csms.url"),
        (["--csms", "ws:///ocpp", "--id", "A"], "names no host"),
        (["--csms", NOWHERE, "--id", "two words"], "station.identity"),
        (["--csms", NOWHERE, "--id", "A", "--evses", "0"], "evses"),
        (["--csms", NOWHERE, "--id", "A", "--speed", "0"], "simulation.speed"),
        (["--csms", NOWHERE, "--id", "A", "--exit-when-done"], "--exit-when-done needs --script"),
        (["--csms", NOWHERE, "--id", "A", "--script", "/none/such.yaml"], "/none/such.yaml"),
        (["--csms", NOWHERE, "--id", "A", "--password-file", "/none/such"], "no such file"),
        (["--csms", NOWHERE, "--id", "A", "--ocpp", "3.0"], "invalid choice: '3.0'"),
        (["--csms", NOWHERE], "--id"),
    ],
)
async def test_what_cannot_be_is_refused_with_code_2_and_in_words(options: list[str], says: str) -> None:
    code, printed, said = await run_agent("simulate", *options)

    assert code == 2
    assert says in said
    assert "Traceback" not in said + printed


async def test_a_mistake_in_the_script_is_told_with_its_line_before_anything_starts(tmp_path: Path) -> None:
    file = script(tmp_path, "steps:\n  - plug-in:\n  - wayt: {seconds: 1}\n")
    began_s = time.monotonic()

    code, _, said = await run_agent("simulate", "--csms", NOWHERE, "--id", "A", "--script", file)

    assert code == 2
    assert f'{file}:3:5: steps[1]: unknown step "wayt"; did you mean wait?' in said
    assert time.monotonic() - began_s < 5
    await asyncio.sleep(0)
