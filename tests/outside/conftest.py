"""Each test runs against every CSMS from outside, in every version that it speaks."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent_process import AgentProcess, agent_process
from tests.fakes.api_client import Api
from tests.outside import install
from tests.outside.csms import OutsideCsms, running

IDENTITY = "CP001"
PASSWORD = "a password of 16"
KINDS: dict[str, tuple[Callable[[], Sequence[str]], str]] = {
    "ocpp-csms 1.6": (install.ocpp_csms, "ocpp1.6"),
    "ocpp-rpc 1.6": (install.ocpp_rpc, "ocpp1.6"),
    "ocpp-rpc 2.0.1": (install.ocpp_rpc, "ocpp2.0.1"),
}
STORIES = pytest.StashKey[dict[str, Callable[[], str]]]()
"""What each process of a test has said, for the report of its failure."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections += [(title, story()) for title, story in item.stash.get(STORIES, {}).items()]
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", list(KINDS))


@dataclass(frozen=True, slots=True)
class Site:
    """A charger and the CSMS it belongs to."""

    csms: OutsideCsms
    agent: AgentProcess
    api: Api
    subprotocol: str
    data_dir: Path

    async def evse(self) -> dict[str, Any]:
        """How EVSE 1 stands."""
        _, page = await self.api.get("/api/v1/status")
        shown: dict[str, Any] = page["evses"][0]
        return shown

    async def register_wh(self) -> int:
        """What the meter's display shows."""
        shown: int = (await self.evse())["meter"]["energy_wh"]
        return shown

    async def switch_off(self) -> int:
        """End the agent; what the meter itself kept, in Wh."""
        self.agent.terminate()
        assert await self.agent.ended() == 0
        kept = json.loads((self.data_dir / "sim-evse-1.json").read_text())
        return int(kept["register_mj"]) // 3_600_000


@pytest.fixture
def subprotocol(kind: str) -> str:
    """What is spoken."""
    return KINDS[kind][1]


@pytest.fixture
async def csms(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[OutsideCsms]:
    """It listens."""
    make, _ = KINDS[kind]
    try:
        command = await asyncio.to_thread(make)
    except install.CannotInstall as error:
        pytest.skip(f"{kind} cannot be installed here: {error}")
    async with running(command, password=PASSWORD) as csms:
        request.node.stash[STORIES] = {"CSMS": lambda: csms.story}
        yield csms


@pytest.fixture
async def site(
    csms: OutsideCsms, subprotocol: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    """Both running, the station accepted; at the end the CSMS must have found nothing wrong."""
    file = _station_yaml(tmp_path, port=csms.port, subprotocol=subprotocol)
    async with agent_process("run", "--config", file) as agent:
        request.node.stash[STORIES]["agent"] = lambda: agent.output
        port = (await agent.event("local API listens"))["port"]
        await csms.event("connected", station=IDENTITY, subprotocol=subprotocol)
        await csms.event("boot", vendor="Example", model="Duo-22")
        await csms.event("status", evse=1, status="Available")
        yield Site(csms, agent, Api(port), subprotocol, tmp_path / "data")
    assert csms.all("violation") == []


def _station_yaml(folder: Path, *, port: int, subprotocol: str) -> Path:
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    password_file.chmod(0o600)
    station: dict[str, Any] = {
        "station": {"identity": IDENTITY, "vendor": "Example", "model": "Duo-22"},
        "csms": {
            "url": f"ws://127.0.0.1:{port}",
            "ocpp_versions": [subprotocol],
            "security_profile": 1,
            "basic_auth_password_file": str(password_file),
            "reconnect": {"minimum_s": 1, "random_range_s": 0, "repeat_times": 0},
        },
        "evses": [{"id": 1, "connectors": [{"id": 1}], "hal": {"driver": "sim", "ev_reaction_s": 0.3}}],
        "token_readers": [{"driver": "sim-reader"}],
        "storage": {"path": str(folder / "data")},
        "local_api": {"port": 0},
        "logging": {"json": True},
        "ocpp_variables": {"SampledDataCtrlr.TxUpdatedInterval": "1"},
    }
    file = folder / "station.yaml"
    file.write_text(json.dumps(station, indent=1), encoding="utf-8")
    return file
