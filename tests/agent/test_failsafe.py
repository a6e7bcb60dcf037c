import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import failsafe
from agent.cli import main as cli
from agent.failsafe import FAILED, FINE, USAGE, main
from hal.errors import DeviceGone
from hal.registry import DRIVERS, DriverContext

HEAVY = (
    "argparse",
    "agent.settings",
    "agent.assembly",
    "agent.app",
    "websockets",
    "sqlite3",
    "hal.sim",
    "agent.cli_hal",
)


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """`fails` is the verb that does not work."""

    fails: str = ""
    hangs: bool = False


class Relay:
    """Notes its verbs where the tests can see them."""

    Settings = RelaySettings
    PARTS = frozenset({"pilot", "contactor"})
    log: list[str]

    def __init__(self, settings: RelaySettings, context: DriverContext) -> None:
        self._settings = settings
        self._evse_id = context.evse_id

    async def start(self) -> None:
        self._do("start")
        if self._settings.hangs:
            await asyncio.sleep(3600.0)

    async def stop(self) -> None:
        self._do("stop")

    def open(self) -> None:
        self._do("open")

    def close(self) -> None:
        self._do("close")

    async def positions(self) -> AsyncIterator[bool]:
        yield False

    def _do(self, verb: str) -> None:
        self.log.append(f"{self._evse_id} {verb}")
        if verb == self._settings.fails:
            raise DeviceGone("pulled out", device="relay")
        if self._settings.fails == f"{verb}, a bug":
            raise ZeroDivisionError("a bug")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    Relay.log = []
    monkeypatch.setitem(DRIVERS, "relay", f"{__name__}:Relay")
    return Relay.log


def station(folder: Path, *hals: str, more: str = "") -> Path:
    """A station.yaml of so many EVSEs; `more` is put before them."""
    file = folder / "station.yaml"
    evses = "\n".join(f"  - id: {number}\n    hal: {hal}" for number, hal in enumerate(hals, start=1))
    file.write_text(f"{more}\nevses:\n{evses}\n")
    return file


def run(file: Path) -> int:
    return main(["--config", str(file)])


def test_every_contactor_is_started_opened_and_released(log: list[str], tmp_path: Path) -> None:
    file = station(tmp_path, "{driver: relay}", "{pilot: {driver: sim}, contactor: {driver: relay}}")

    code = run(file)

    assert code == FINE
    assert sorted(log) == sorted(f"{evse} {verb}" for evse in (1, 2) for verb in ("start", "open", "stop"))


@pytest.mark.parametrize(
    "others",
    [
        "pilot: {driver: no-such-driver}",
        "pilot: {driver: modbus-meter}",
        "meter: {driver: modbus-meter, map: 7, port: [], nonsense: 1}",
        "meter: 17",
        "nonsense: {driver: sim}",
    ],
)
def test_what_is_wrong_with_other_parts_does_not_matter(log: list[str], tmp_path: Path, others: str) -> None:
    file = station(tmp_path, f"{{{others}, contactor: {{driver: relay}}}}", more="csms: {url: 17}\nbudget: none")

    code = run(file)

    assert code == FINE
    assert log == ["1 start", "1 open", "1 stop"]


@pytest.mark.parametrize(
    ("hal", "says"),
    [
        ("{contactor: {driver: relay, fails: start}}", "relay: pulled out"),
        ("{contactor: {driver: relay, fails: open}}", "relay: pulled out"),
        ("{contactor: {driver: relay, fails: stop}}", "relay: pulled out"),
        ('{contactor: {driver: relay, fails: "open, a bug"}}', "ZeroDivisionError"),
        ("{contactor: {driver: relay, colour: red}}", "colour"),
        ("{contactor: {driver: no-such-driver}}", "unknown driver"),
        ("{driver: modbus-meter, port: /dev/null}", "provides no contactor"),
        ("{pilot: {driver: sim}}", "no contactor can be found"),
        ("17", "no contactor can be found"),
    ],
)
def test_one_that_fails_has_its_line_and_the_others_are_opened(
    log: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], hal: str, says: str
) -> None:
    file = station(tmp_path, hal, "{contactor: {driver: relay}}")

    code = run(file)

    (line,) = capsys.readouterr().err.splitlines()
    assert code == FAILED
    assert line.startswith("evse-agent: failsafe: EVSE 1: ")
    assert says in line
    assert [one for one in log if one.startswith("2")] == ["2 start", "2 open", "2 stop"]


def test_a_contactor_that_cannot_be_started_is_told_to_open_all_the_same(log: list[str], tmp_path: Path) -> None:
    file = station(tmp_path, "{contactor: {driver: relay, fails: start}}")

    run(file)

    assert log == ["1 start", "1 open", "1 stop"]


def test_one_that_hangs_keeps_nobody_waiting(
    log: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(failsafe, "START_LIMIT_S", 0.05)
    file = station(tmp_path, "{contactor: {driver: relay, hangs: true}}", "{contactor: {driver: relay}}")

    code = run(file)

    assert code == FAILED
    assert "EVSE 1: no answer within" in capsys.readouterr().err
    assert log.index("2 open") < log.index("1 open")


@pytest.mark.parametrize("text", ["", "evses: none", "evses: []", "evses: [", "17"])
def test_a_file_that_names_no_contactor_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "station.yaml"
    file.write_text(text)

    assert run(file) == FAILED
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_file_that_is_not_there_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "gone.yaml") == FAILED
    assert "gone.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--config"], ["--help"], ["--config", "a", "b"]])
def test_other_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == USAGE
    assert "usage: evse-agent failsafe" in capsys.readouterr().err


def test_the_command_line_leads_to_it(log: list[str], tmp_path: Path) -> None:
    file = station(tmp_path, "{contactor: {driver: relay}}")

    assert cli(["failsafe", f"--config={file}"]) == FINE
    assert "1 open" in log


def test_nothing_heavy_is_loaded_for_it(tmp_path: Path) -> None:
    file = station(tmp_path, "{contactor: {driver: gone}}")
    code = (
        "import sys\nfrom agent.cli import main\n"
        f"main(['failsafe', '--config', {str(file)!r}])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert ran.stdout.splitlines()[-1] == "[]", ran.stdout
