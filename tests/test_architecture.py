"""Who may import whom: the contracts of pyproject.toml are kept, each of them can fail, and none has a gap."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agent", "hal", "hil")

# Contract -> the file to write into, and an import it must refuse.
OFFENCES = {
    "layers": ("agent/store/database.py", "import agent.runtime.timers"),
    "hal-users": ("agent/store/codec.py", "import hal.readings"),
    "hal-alone": ("hal/guard.py", "import agent.units"),
    "hil-users": ("agent/runtime/tasks.py", "import hil.csms.frame"),
    "hil-alone": ("hil/csms/frame.py", "import agent.ocpp.frame"),
    "versions": ("agent/ocpp/v16/boot.py", "import agent.ocpp.v201.boot"),
    "version-21": ("agent/ocpp/v201/boot.py", "import agent.ocpp.v21"),
    "drivers": ("hal/modbus/meter.py", "import hal.sim.board"),
    "pure": ("agent/station/evse.py", "import time"),
}
LIGHT = frozenset({"agent", "hal", "websockets"})
"""What the agent may load before its first connection attempt, beside the standard library."""


def contracts() -> dict[str, dict[str, Any]]:
    """The contracts of pyproject.toml by their id."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run lint-imports on a checkout."""
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources and of pyproject.toml."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)

    assert result.returncode == 0, result.stdout


def test_every_contract_can_fail(checkout: Path) -> None:
    for name, offence in OFFENCES.values():
        file = checkout / name
        file.write_text(f"{file.read_text(encoding='utf-8')}\n{offence}\n", encoding="utf-8")

    result = lint(checkout)

    kept = [each["name"] for each in contracts().values() if f"{each['name']} BROKEN" not in result.stdout]
    assert set(OFFENCES) == set(contracts())
    assert result.returncode != 0
    assert not kept, result.stdout


def test_a_module_that_no_layer_names_is_refused(checkout: Path) -> None:
    (checkout / "agent" / "stowaway.py").write_text('"""Belongs nowhere."""\n', encoding="utf-8")

    result = lint(checkout)

    assert f"{contracts()['layers']['name']} BROKEN" in result.stdout
    assert "stowaway" in result.stdout


def test_every_driver_family_is_under_the_contract_of_the_drivers() -> None:
    families = {f"hal.{file.parent.name}" for file in (ROOT / "hal").glob("*/__init__.py")}

    assert families == set(contracts()["drivers"]["modules"])


def test_the_agent_loads_nothing_heavy_before_its_first_connection_attempt() -> None:
    code = (
        "import sys; before = set(sys.modules); import agent.cli, agent.serve;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert set(result.stdout.split()) <= LIGHT
