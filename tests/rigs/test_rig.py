"""Rig files, whose hands they name, and a whole run on a rig that every machine has."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hal.readings import PilotState
from tests.contracts.meter import MeterContract
from tests.contracts.pilot import PilotContract
from tests.rigs.__main__ import main
from tests.rigs.asking import AskingHands
from tests.rigs.rig import WrongRig, load_rig, verbs_needed
from tests.rigs.test_iron import suites

ROOT = Path(__file__).parents[2]
STATION = """
station: {identity: CP001, vendor: Example, model: Rig}
csms: {url: "ws://127.0.0.1:9000/ocpp"}
evses:
  - id: 1
    connectors: [{id: 1, phases: 1}]
    hal: {driver: rapi, port: /dev/the-board, poll_s: 0.05, timeout_s: 0.15}
"""


@pytest.fixture
def rig_file(tmp_path: Path) -> Path:
    (tmp_path / "station.yaml").write_text(STATION, encoding="utf-8")
    file = tmp_path / "rig.yaml"
    file.write_text(
        "station: station.yaml\n"
        "hands: tests.rigs.emulated:OpenEvseHands\n"
        "dangers: [230 V at the outlet]\n"
        f"replaced: {{/dev/the-board: {tmp_path / 'board'}}}\n",
        encoding="utf-8",
    )
    return file


async def _run(rig: Path, *arguments: str, **env: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rigs", str(rig), *arguments),
        cwd=ROOT,
        env={**os.environ, "EVSE_RIG_BOARD": str(rig.parent / "board"), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_sound_rig_passes_every_suite_that_its_hands_can_do(rig_file: Path) -> None:
    code, said = await _run(rig_file, "--yes")

    assert code == 0, said
    assert "TestRigContactor::test_it_is_open_after_start PASSED" in said
    assert "TestRigPilot::test_an_offer_reaches_the_vehicle PASSED" in said
    assert "TestRigFaults::test_a_fault_is_reported_once_by_a_known_name PASSED" in said
    assert "TestRigMeter::test_energy_grows_by_what_flowed" not in said  # these hands have no load
    assert "skipped" not in said


async def test_a_rig_whose_contactor_does_not_open_fails(rig_file: Path) -> None:
    code, said = await _run(rig_file, "--yes", "-k", "TestRigContactor", EVSE_RIG_WELDED="1")

    assert code == 1
    assert "test_it_is_open_after_start FAILED" in said


def test_nothing_is_touched_before_the_dangers_are_accepted(rig_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[list[str]] = []

    def run(options: list[str]) -> int:
        ran.append(options)
        return 0

    code = main([str(rig_file)], ask=lambda _: "no", run=run)

    assert (code, ran) == (2, [])
    assert "DANGER: 230 V at the outlet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "give `station:`"),
        ("{station: a.yaml, hand: ask}", "unknown keys hand"),
        ("{station: a.yaml, hands: both}", "hands is none, ask or module:Class"),
    ],
)
def test_a_rig_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "rig.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(WrongRig, match=complaint):
        load_rig(file)


def test_a_mistake_in_the_station_file_is_told_by_its_line(rig_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rig_file.parent / "station.yaml").write_text(STATION.replace("poll_s: 0.05", "pole_s: 0.05"), encoding="utf-8")

    assert main([str(rig_file)]) == 2
    assert "station.yaml:7:" in capsys.readouterr().err


def test_tests_that_need_hands_are_not_collected_where_there_are_none(rig_file: Path) -> None:
    rig_file.write_text("station: station.yaml\n", encoding="utf-8")

    pilot = suites(load_rig(rig_file))["TestRigPilot"]

    assert pilot.test_an_offer_reaches_the_vehicle is None  # type: ignore[attr-defined]
    assert callable(pilot.test_nothing_can_be_offered_after_stop)  # type: ignore[attr-defined]


def test_only_parts_that_the_station_has_are_tested(rig_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVSE_RIG_BOARD", str(rig_file.parent / "board"))
    assert set(suites(load_rig(rig_file))) == {"TestRigPilot", "TestRigContactor", "TestRigMeter", "TestRigFaults"}

    (rig_file.parent / "station.yaml").write_text(
        STATION.replace("{driver: rapi, port: /dev/the-board, poll_s: 0.05, timeout_s: 0.15}", "{driver: sim}"),
        encoding="utf-8",
    )
    rig_file.write_text("{station: station.yaml, hands: ask}", encoding="utf-8")

    assert {"TestRigLock", "TestRigIndicator"} <= set(suites(load_rig(rig_file)))


def test_what_a_test_needs_is_read_from_it() -> None:
    assert verbs_needed(PilotContract.test_an_offer_reaches_the_vehicle) == {"vehicle", "offered_a"}
    assert verbs_needed(MeterContract.test_energy_grows_by_what_flowed) == {"draw"}


def test_a_person_is_told_what_to_do_once_and_asked_what_is_to_be_seen() -> None:
    answers = iter(["", "13.0", "", "yes"])
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(answers)

    hands = AskingHands(ask=ask)
    hands.vehicle(PilotState.B)
    hands.vehicle(PilotState.B)

    assert [hands.offered_a(), hands.offered_a()] == [13.0, None]
    assert hands.is_energised()
    assert len(asked) == 4
    assert asked[0] == "please plug the vehicle simulator in, state B, then press Enter "


def test_a_person_leaves_the_rig_as_it_was_found() -> None:
    done: list[str] = []

    def ask(question: str) -> str:
        done.append(question)
        return "GroundFailure" if "which fault" in question else ""

    hands = AskingHands(ask=ask)
    hands.vehicle(PilotState.C)
    assert hands.break_it() == "GroundFailure"
    hands.cut()
    done.clear()

    hands.close()

    assert [("plug the device" in one, "end that fault" in one, "away" in one) for one in done] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
