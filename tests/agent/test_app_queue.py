"""The outbox of a data directory, in the local API's words."""

import json
from pathlib import Path

import pytest

from agent.app_queue import stored_outbox
from agent.cli import main
from agent.errors import StoreError
from agent.store.store import DATABASE, Store
from tests.agent.store.builders import changes, ended, idle, sampled, started


async def _filled(folder: Path) -> None:
    """One fact given up, three waiting."""
    store = await Store.open(folder / DATABASE)
    await store.commit(changes(started(), sampled(), idle(), ended()))
    head = await store.head()
    assert head is not None
    await store.give_up(head, "refused")
    await store.close()


async def test_what_waits_and_what_was_given_up_is_told_without_an_agent(tmp_path: Path) -> None:
    await _filled(tmp_path)

    view = stored_outbox(tmp_path, limit=2)

    assert view.depth == 3
    assert [(row.kind, row.seq_no) for row in view.rows] == [("EnergySampled", 1), ("IdleMeterSampled", None)]
    assert [(letter.kind, letter.why) for letter in view.dead_letters] == [("TransactionStarted", "refused")]
    assert view.dead_letter_count == 1


async def test_the_command_line_prints_the_queue_of_a_data_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)

    as_table = (main(["queue", "--data-dir", str(tmp_path)]), capsys.readouterr().out)
    as_json = (main(["queue", "--data-dir", str(tmp_path), "--json"]), capsys.readouterr().out)

    assert (as_table[0], as_json[0]) == (0, 0)
    assert "3 waiting, 1 given up" in as_table[1]
    assert json.loads(as_json[1])["rows"][0]["kind"] == "EnergySampled"


def test_a_folder_without_a_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"agent\.db"):
        stored_outbox(tmp_path, limit=1)
