"""Each test runs against every CSMS from outside, in every version that it speaks."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
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
SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1"}
KINDS: dict[str, tuple[Callable[[], Sequence[str]], str]] = {
    "ocpp-csms 1.6": (install.ocpp_csms, "ocpp1.6"),
    "ocpp-rpc 1.6": (install.ocpp_rpc, "ocpp1.6"),
    "ocpp-rpc 2.0.1": (install.ocpp_rpc, "ocpp2.0.1"),
}


@dataclass(frozen=True, slots=True)
class Site:
    """A charger and the CSMS it belongs to."""

    csms: OutsideCsms
    agent: AgentProcess
    api: Api
    subprotocol: str

    @property
    def story(self) -> str:
        """Both sides' words."""
        return f"CSMS:\n{self.csms.story}\nagent:\n{self.agent.output}"

    async def evse(self) -> dict[str, Any]:
        """How EVSE 1 stands."""
        _, page = await self.api.get("/api/v1/status")
        shown: dict[str, Any] = page["evses"][0]
        return shown

    async def register_wh(self) -> int:
        """What the meter's display shows."""
        shown: int = (await self.evse())["meter"]["energy_wh"]
        return shown


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "site" in metafunc.fixturenames:
        metafunc.parametrize("kind", list(KINDS))


@pytest.fixture
async def site(kind: str, tmp_path: Path) -> AsyncIterator[Site]:
    """Both running, the station accepted; at the end the CSMS must have found nothing wrong."""
    make, subprotocol = KINDS[kind]
    try:
        command = make()
    except install.CannotInstall as error:
        pytest.skip(f"{kind} cannot be installed here: {error}")
    async with running(command, password=PASSWORD) as csms:
        file = _station_yaml(tmp_path, port=csms.port, subprotocol=subprotocol)
        async with agent_process("run", "--config", file) as agent:
            port = (await agent.event("local API listens"))["port"]
            site = Site(csms, agent, Api(port), subprotocol)
            await csms.event("connected", station=IDENTITY, subprotocol=subprotocol)
            await csms.event("boot", vendor="Example", model="Duo-22")
            await csms.event("status", evse=1, status="Available")
            yield site
            agent.terminate()
            assert await agent.ended() == 0, site.story
        assert csms.all("violation") == [], site.story


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
