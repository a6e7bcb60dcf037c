"""A driver that comes as a package of its own, built and installed like any other."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil.csms.server import BenchCsms
from tests.fakes.agent_process import ROOT, agent_process, run_agent

PACKAGE = ROOT / "tests" / "external"
STATION = """
station: {{identity: CP001, vendor: Example, model: Solo}}
csms: {{url: "{url}"}}
evses:
  - id: 1
    connectors: [{{id: 1}}]
    hal:
      driver: sim
      indicator: {{driver: acme-lamp, path: {path}}}
local_api: {{enabled: false}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that finds the package, and its metadata, beside the agent's own."""
    folder = tmp_path_factory.mktemp("external")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    wheel = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=PACKAGE, check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    subprocess.run([*install, str(folder / "site"), str(folder / wheel)], check=True, capture_output=True)
    return {"PYTHONPATH": os.pathsep.join((str(ROOT), str(folder / "site")))}


async def test_a_station_file_may_name_it_and_its_mistakes_are_found(installed: dict[str, str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(STATION.format(url="ws://127.0.0.1:1/", path=tmp_path / "lamp"), encoding="utf-8")
    bad.write_text(STATION.format(url="ws://127.0.0.1:1/", path="lamp"), encoding="utf-8")

    fine, wrong, missing = await asyncio.gather(
        run_agent("check", good, env=installed), run_agent("check", bad, env=installed), run_agent("check", good)
    )

    assert fine[0] == 0, fine
    assert wrong[0] == 2
    assert "bad.yaml:9:44: evses[0].hal.indicator.path: path must be absolute" in wrong[2]
    assert missing[0] == 2
    assert "unknown driver 'acme-lamp'" in missing[2]


async def test_the_agent_runs_with_it(installed: dict[str, str], tmp_path: Path) -> None:
    lamp = tmp_path / "lamp"
    async with BenchCsms() as csms:
        file = tmp_path / "station.yaml"
        file.write_text(STATION.format(url=csms.url, path=lamp), encoding="utf-8")
        async with agent_process("run", "--config", file, "--data-dir", tmp_path / "data", env=installed) as agent:
            await csms.prepare("CP001").expect("StatusNotification", timeout_s=20)
            async with asyncio.timeout(10):
                while not lamp.exists():  # noqa: ASYNC110, ASYNC240 - another process writes it
                    await asyncio.sleep(0.05)
            shown = lamp.read_text(encoding="utf-8")  # noqa: ASYNC240 - a line on a temporary disk
            agent.terminate()
            await agent.ended()

    assert shown == "EVSE 1 indicator: free"
    assert lamp.read_text(encoding="utf-8") == "dark"  # noqa: ASYNC240 - as above
