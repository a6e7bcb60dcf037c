"""What is answered is on the disk: processes killed at any moment, and WALs torn at any byte."""

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.station.facts import Fact
from agent.station.state import EvseRecord
from agent.station.transaction import Transaction
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, queued_facts, sampled, started

ROOT = Path(__file__).parents[3]
LIVES = 40
COMMITS = 25


@dataclass(slots=True)
class Expected:
    """A queue that may or may not have seen the last step of a killed process."""

    queue: list[tuple[int, int]] = field(default_factory=list)
    """Sequence number and failed attempts, in order."""
    pending: list[Any] | None = None
    last: int | None = None
    """A meter value that was told when nothing else was queued: it leaves with the next commit."""

    def after(self, step: list[Any]) -> list[tuple[int, int]]:
        match step:
            case ["record", numbers]:
                return self.queue + [(number, 0) for number in numbers]
            case ["acknowledge", number]:
                assert self.queue[0][0] == number
                return self.queue[1:]
            case ["fail", number]:
                assert self.queue[0][0] == number
                return [(number, self.queue[0][1] + 1), *self.queue[1:]]
            case _:
                pytest.fail(f"{step} is no step")

    def reconcile(self, found: list[tuple[int, int]]) -> None:
        possible = [self.queue] if self.pending is None else [self.queue, self.after(self.pending)]
        if self.last is not None:
            possible += [[(self.last, 0)]]
        assert found in possible
        self.queue, self.pending, self.last = found, None, None

    def done(self) -> None:
        assert self.pending is not None
        before, step = self.queue, self.pending
        self.queue, self.pending = self.after(step), None
        self.last = before[0][0] if step[0] == "acknowledge" and len(before) == 1 else None


def test_no_kill_loses_reorders_or_renames_an_answered_fact(path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.agent.store.power_cut_victim", str(path), str(LIVES), "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    lives = [json.loads(line) for line in process.stdout.splitlines()]

    expected, names, steps = Expected(), dict[int, str](), 0
    for told in lives:
        found = told[0][1]
        expected.reconcile([(number, attempts) for number, _, attempts in found])
        for number, message_id, _ in found:
            assert names.setdefault(number, message_id) == message_id
        for words in told[1:]:
            if words == ["done"]:
                expected.done()
                steps += 1
            else:
                expected.pending = words

    assert len(lives) == LIVES
    assert steps > 3 * LIVES
    assert len(set(names.values())) == len(names)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A database whose WAL holds COMMITS commits, as a power cut would leave it, and where each one ends."""
    folder = tmp_path_factory.mktemp("recording")
    live, left = folder / "live" / "agent.db", folder / "left"

    async def record() -> list[int]:
        store = await Store.open(live)
        await store.close()
        store = await Store.open(live)
        ends = []
        for number in range(COMMITS):
            transaction = Transaction(id="tx", connector_id=1, started_at=NOW, next_seq_no=2 * number + 2)
            facts: list[Fact] = [started("tx", 2 * number), sampled("tx", 2 * number + 1)]
            record = {"evse/1": EvseRecord(evse_id=1, transaction=transaction)}
            await store.commit(Changes(records=record, facts=facts, moment=NOW))
            ends.append(live.with_name("agent.db-wal").stat().st_size)
        left.mkdir()
        for name in ("agent.db", "agent.db-wal"):
            shutil.copyfile(live.with_name(name), left / name)
        await store.close()
        return ends

    return left, asyncio.run(record())


async def _survivors(folder: Path) -> int:
    """How many commits are there; fails on half of one."""
    store = await Store.open(folder / "agent.db")
    facts = await queued_facts(store)
    records = await store.load_records({"evse": EvseRecord})
    assert store.damaged is None
    # The database still takes and gives.
    await store.commit(Changes(facts=[started("next")], moment=NOW))
    assert await store.depth() == len(facts) + 1
    await store.close()

    assert len(facts) % 2 == 0
    assert [getattr(fact, "seq_no", None) for fact in facts] == list(range(len(facts)))
    record = records.get("evse/1")
    assert isinstance(record, EvseRecord) or not facts
    if isinstance(record, EvseRecord):
        assert record.transaction is not None
        assert record.transaction.next_seq_no == len(facts)
    return len(facts) // 2


def _cuts(ends: list[int]) -> list[int]:
    """Lengths to tear at: round each commit's end, and all over the file."""
    near = [end + step for end in ends for step in (-4097, -1, 0, 1)]
    return sorted({0, 1, 31, 32, 33, *near, *range(0, ends[-1], 6007)})


async def test_a_wal_cut_at_any_length_holds_exactly_the_commits_before_the_cut(
    recording: tuple[Path, list[int]], tmp_path: Path
) -> None:
    left, ends = recording
    wal = (left / "agent.db-wal").read_bytes()

    for cut in _cuts(ends):
        folder = tmp_path / str(cut)
        shutil.copytree(left, folder)
        (folder / "agent.db-wal").write_bytes(wal[:cut])

        assert await _survivors(folder) == sum(end <= cut for end in ends)
        shutil.rmtree(folder)


@pytest.mark.parametrize("filling", [b"\0", b"\xff"])
async def test_a_wal_with_a_torn_tail_holds_a_prefix_of_the_commits(
    recording: tuple[Path, list[int]], tmp_path: Path, filling: bytes
) -> None:
    left, ends = recording
    wal = (left / "agent.db-wal").read_bytes()

    for cut in _cuts(ends)[::3]:
        folder = tmp_path / str(cut)
        shutil.copytree(left, folder)
        torn = wal[:cut] + filling * (len(wal) - cut)
        (folder / "agent.db-wal").write_bytes(torn)

        assert await _survivors(folder) >= sum(end <= cut for end in ends)
        shutil.rmtree(folder)
