"""The local API of a real running agent, asked over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.app import Agent
from agent.app_api import without_credentials
from agent.assembly import make_plan
from agent.runtime.hal_watch import Leases
from agent.runtime.link import LinkState
from agent.serve import run_with_api
from agent.simulated_station import SimulatedStation
from tests.fakes.api_client import Api

NOWHERE = "ws://127.0.0.1:9/ocpp"
"""The discard port: nobody listens."""


@asynccontextmanager
async def running(folder: Path, *, speed: float = 60.0) -> AsyncIterator[tuple[Agent, Api]]:
    station = SimulatedStation(
        url=NOWHERE,
        identity="API-1",
        ocpp=["ocpp1.6"],
        evses=2,
        speed=speed,
        api_port=0,
        variables={"TxCtrlr.TxBeforeAcceptedEnabled": "true", "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"},
    )
    agent = await Agent.build(make_plan(station.settings()), data_dir=folder)
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ready(number: int) -> None:
        port.set_result(number)

    running = asyncio.create_task(run_with_api(agent, ready=ready))
    try:
        yield agent, Api(await asyncio.wait_for(port, 10))
    finally:
        agent.stop()
        await running


async def test_a_whole_charge_by_hand_over_the_local_api_while_no_csms_answers(tmp_path: Path) -> None:
    async with running(tmp_path) as (agent, api):
        await api.status(1, "Available")
        assert await api.post("/api/v1/sim/evses/1/plug-in") == (204, "")
        await api.status(1, "Preparing")
        assert (await api.post("/api/v1/sim/tokens", {"id_token": "CARD-0001", "evse_id": 1}))[0] == 204
        page = await api.status(1, "Charging")
        _, queue = await api.get("/api/v1/outbox")

        assert page["link"]["state"] != "online"
        assert page["evses"][0]["transaction"]["token"] == "...0001"
        assert queue["rows"][0]["kind"] == "TransactionStarted"
        assert page["outbox_depth"] <= queue["depth"] <= agent.store.queued


async def test_the_car_the_faults_and_the_cable_can_be_moved(tmp_path: Path) -> None:
    async with running(tmp_path) as (agent, api):
        await api.status(2, "Available")

        assert (await api.post("/api/v1/sim/evses/2/ev", {"wants_energy": False, "soc_percent": 12.5}))[0] == 204
        assert (await api.post("/api/v1/sim/evses/2/faults", {"fault": "GroundFailure", "active": True}))[0] == 204
        page = await api.status(2, "Faulted")
        assert page["evses"][1]["faults"] == ["GroundFailure"]
        assert (await api.post("/api/v1/sim/evses/2/faults", {"fault": "GroundFailure", "active": False}))[0] == 204
        await api.status(2, "Available")
        assert (await api.post("/api/v1/sim/network", {"online": False}))[0] == 204
        assert agent.link.current is None


async def test_what_cannot_be_done_is_a_problem_document(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, api):
        missing, problem = await api.post("/api/v1/sim/evses/9/plug-in")
        wrong, flaw = await api.post("/api/v1/sim/evses/1/ev", {"soc_percent": 250})

        assert (missing, problem["status"]) == (404, 404)
        assert (wrong, flaw["status"]) == (400, 400)


async def test_metrics_count_what_waits(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, api):
        status, text = await api.get("/metrics")

        assert status == 200
        assert "evse_agent_facts_queued 0" in text


def test_a_url_is_shown_without_its_credentials() -> None:
    assert without_credentials("ws://user:secret@host:9000/a/b") == "ws://host:9000/a/b"
    assert without_credentials("wss://host/") == "wss://host/"


async def test_the_link_is_down_since_it_went_down_not_since_somebody_looked(tmp_path: Path) -> None:
    async with running(tmp_path) as (agent, api):
        looked_first = [await api.get("/api/v1/status") for _ in range(3)]
        agent.link._to(LinkState.ONLINE)
        up = [await api.get("/api/v1/status") for _ in range(2)]

    down_since = {status["link"]["since"] for _, status in looked_first}
    up_since = {status["link"]["since"] for _, status in up}
    assert len(down_since) == 1
    assert len(up_since) == 1
    assert min(up_since) > min(down_since)


async def test_the_metrics_tell_how_late_the_event_loop_runs(tmp_path: Path) -> None:
    async with running(tmp_path) as (agent, api):
        agent.leases = Leases(lambda: None)  # one that does not run and measure anew
        agent.leases.loop_lag_s = 0.25
        _, text = await api.get("/metrics")

    assert "evse_agent_loop_lag_seconds 0.25" in text
