"""The fault history in the local API's words."""

import json
from pathlib import Path

import pytest

from agent.app_faults import fault_history, stored_faults
from agent.cli import main
from agent.station.facts import FaultNoted
from agent.station.faults import Fault
from agent.store.fault_history import PastFault
from agent.store.store import DATABASE, Store
from tests.agent.store.builders import NOW, changes


async def _filled(folder: Path) -> None:
    store = await Store.open(folder / DATABASE)
    await store.commit(
        changes(
            FaultNoted(at=NOW, evse_id=1, fault=Fault.GROUND_FAILURE, active=True, event_id=1, detail="RCD"),
            FaultNoted(at=NOW.later(5), evse_id=1, fault=Fault.GROUND_FAILURE, active=False, event_id=2),
            FaultNoted(at=NOW.later(9), evse_id=0, fault=Fault.READER, active=True, event_id=3),
        )
    )
    await store.close()


async def test_the_history_is_told_without_an_agent(tmp_path: Path) -> None:
    await _filled(tmp_path)

    newest, oldest = stored_faults(tmp_path, limit=10).rows

    assert (oldest.fault, oldest.code, oldest.evse_id, oldest.detail) == ("GroundFailure", "CX002", 1, "RCD")
    assert (oldest.began, oldest.ended) == (NOW.wall, NOW.later(5).wall)
    assert "residual current" in oldest.for_technician
    assert (newest.fault, newest.code, newest.ended) == ("ReaderFailure", "", None)


async def test_the_command_line_prints_the_history_of_a_data_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)

    as_table = (main(["status", "--faults", "--data-dir", str(tmp_path)]), capsys.readouterr().out)
    as_json = (main(["status", "--faults", "--data-dir", str(tmp_path), "--json"]), capsys.readouterr().out)

    assert (as_table[0], as_json[0]) == (0, 0)
    assert as_table[1].startswith("1 now, 1 past")
    assert "EVSE 1: GroundFailure (CX002)" in as_table[1]
    assert [row["fault"] for row in json.loads(as_json[1])["rows"]] == ["ReaderFailure", "GroundFailure"]


def test_a_state_cannot_be_read_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data-dir", str(tmp_path)]) == 2
    assert "--faults" in capsys.readouterr().err


def test_a_fault_of_a_newer_agent_is_shown_by_its_name() -> None:
    past = PastFault(1, 1, "FluxFailure", "", None, NOW, None)

    (row,) = fault_history([past], mend=lambda moment: moment.wall).rows

    assert (row.fault, row.code, row.for_technician) == ("FluxFailure", "", "")
