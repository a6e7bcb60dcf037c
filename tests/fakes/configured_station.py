"""A station as a file of config/ describes it, on emulated hardware, beside the bench CSMS."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from agent.app import Agent
from agent.assembly import make_plan
from agent.settings import parse_text
from hal.readings import PilotState
from hil.csms.server import BenchCsms
from tests.fakes.running_station import IDENTITY, PatientClock, RunningStation

CONFIG = Path(__file__).parents[2] / "config"
SAMPLE_EVERY_S = "2"
QUICK_LINK = {"reconnect": {"minimum_s": 1, "random_range_s": 0, "repeat_times": 0}, "call_timeout_s": 1}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that can go wrong with the hardware, and what the CSMS must be told of it.

    `code` is vendorErrorCode in 1.6 and techCode in 2.0.1; 1.6's errorCode where that says it all.
    """

    name: str
    code: str
    ends: bool = True
    """It ends the transaction; otherwise the charge goes on once it is over."""

    def __str__(self) -> str:
        return self.name


class Iron(Protocol):
    """Emulated hardware of a whole station, and the hands on it. EVSE ids as in station.yaml."""

    config: str
    """The file's name in config/."""

    @property
    def replaced(self) -> Mapping[str, str]:
        """Texts of the file and what stands there in the test: device paths, mostly."""
        ...

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        """A: it leaves; B: it plugs in; C: it plugs in and asks for energy whenever it is offered some."""
        ...

    def register_wh(self, evse_id: int) -> int:
        """The import register that the meter of this EVSE shows."""
        ...

    def authorize(self) -> bool:
        """Hold a card before the reader; False where there is none."""
        ...

    def is_energised(self, evse_id: int) -> bool:
        """Mains reach the vehicle."""
        ...

    def begin(self, trouble: Trouble) -> None:
        """Let it go wrong."""
        ...

    def end(self, trouble: Trouble) -> None:
        """Mend it."""
        ...


@asynccontextmanager
async def configured_station(
    csms: BenchCsms, data_dir: Path, iron: Iron, *, speed: float = 1.0
) -> AsyncIterator[RunningStation]:
    """The station of `iron.config`, online; only addresses and what shortens waits differ from the file."""
    settings = parse_text(_file(iron, csms.url), file=str(CONFIG / iron.config))
    await asyncio.to_thread(data_dir.mkdir, exist_ok=True)
    agent = await Agent.build(make_plan(settings), data_dir=data_dir, clock=PatientClock(speed=speed))
    station = RunningStation(agent, csms)
    station.start()
    try:
        await station.until_online()
        yield station
    finally:
        await station.stop()


def _file(iron: Iron, url: str) -> str:
    text = (CONFIG / iron.config).read_text(encoding="utf-8")
    for before, after in iron.replaced.items():
        if before not in text:
            raise AssertionError(f"{iron.config} does not hold {before!r} any more")
        text = text.replace(before, after)
    config: dict[str, Any] = yaml.safe_load(text)
    config["station"]["identity"] = IDENTITY
    config["csms"] = {**config["csms"], "url": url, "ocpp_versions": ["ocpp2.0.1", "ocpp1.6"], **QUICK_LINK}
    config["local_api"] = {"enabled": False}
    config["ocpp_variables"] = {
        **config.get("ocpp_variables", {}),
        "SampledDataCtrlr.TxUpdatedInterval": SAMPLE_EVERY_S,
    }
    return yaml.safe_dump(config, sort_keys=False)
