"""How drivers are found: the table, entry points of other packages, and what is said when there is none."""

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from hal.errors import WrongSettings
from hal.registry import DRIVERS, PARTS, SharedDevices, driver_class, known_drivers, settings_class

FOREIGN = """
class Settings:
    pass

class Indicator:
    Settings = Settings
    PARTS = frozenset({"indicator"})

class Nonsense:
    Settings = Settings
    PARTS = frozenset({"warp drive"})

class Bare:
    PARTS = frozenset({"meter"})
"""


@pytest.fixture
def foreign_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that announces drivers."""
    (tmp_path / "acme_drivers.py").write_text(FOREIGN, encoding="utf-8")
    (tmp_path / "acme_wants.py").write_text("import surely_not_installed_anywhere\n", encoding="utf-8")
    info = tmp_path / "acme_drivers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-drivers\nVersion: 1.0\n", encoding="utf-8")
    entries = ("light = acme_drivers:Indicator", "warp = acme_drivers:Nonsense", "bare = acme_drivers:Bare")
    more = ("gone = acme_drivers:NotThere", "wants = acme_wants:Driver", "gpio = acme_drivers:Indicator")
    (info / "entry_points.txt").write_text("[evse_agent.drivers]\n" + "\n".join(entries + more), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_drivers", raising=False)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_a_driver_of_the_table_lists_its_parts_and_documents_its_settings(name: str) -> None:
    found = driver_class(name)

    assert found.PARTS <= PARTS
    assert settings_class(name) is found.Settings
    assert is_dataclass(found.Settings)
    assert all(one.metadata.get("doc") for one in fields(found.Settings))


def test_an_unknown_driver_lists_the_known_ones_and_suggests_the_closest() -> None:
    with pytest.raises(WrongSettings, match="did you mean 'modbus-meter'") as refused:
        driver_class("modbus-metre")

    assert all(name in str(refused.value) for name in DRIVERS)
    assert refused.value.path == ("driver",)


def test_a_missing_vendor_package_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hal.modbus.meter", raising=False)
    monkeypatch.delitem(sys.modules, "hal.modbus.line_settings", raising=False)
    monkeypatch.delitem(sys.modules, "hal.modbus.bus", raising=False)
    monkeypatch.setitem(sys.modules, "pymodbus", None)

    with pytest.raises(WrongSettings, match=r"needs 'pymodbus'.*pip install 'evse-agent\[modbus\]'"):
        driver_class("modbus-meter")


@pytest.mark.usefixtures("foreign_package")
def test_another_package_announces_drivers_by_entry_point() -> None:
    assert list(driver_class("light").PARTS) == ["indicator"]
    assert "light" in known_drivers()


@pytest.mark.usefixtures("foreign_package")
def test_a_foreign_driver_cannot_take_the_name_of_one_of_ours() -> None:
    assert list(driver_class("gpio").PARTS) == ["contactor"]


@pytest.mark.usefixtures("foreign_package")
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("warp", "must list its PARTS among"),
        ("bare", "has no Settings class"),
        ("gone", "has no NotThere"),
        ("wants", "install the Python package 'surely_not_installed_anywhere'"),
    ],
)
def test_a_foreign_driver_that_does_not_fit_is_refused(name: str, complaint: str) -> None:
    with pytest.raises(WrongSettings, match=complaint):
        driver_class(name)


def test_a_mistake_in_our_own_modules_is_not_called_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DRIVERS, "broken", "hal.no_such_module:Driver")

    with pytest.raises(ModuleNotFoundError):
        driver_class("broken")


def test_looking_at_the_table_imports_no_vendor_library() -> None:
    code = "import sys, hal.board, hal.registry; print({'gpiozero', 'pymodbus', 'serial', 'yaml'} & set(sys.modules))"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout.strip() == "set()"


def test_what_is_shared_is_made_once_for_each_key() -> None:
    shared = SharedDevices()

    one = shared.get(("line", 1), object)
    again = shared.get(("line", 1), object)
    other = shared.get(("line", 2), object)

    assert one is again
    assert one is not other
