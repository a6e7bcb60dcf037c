"""Runs a store in child processes and kills them; prints what each did, one JSON list a life.

    python -m tests.agent.store.power_cut_victim DATABASE LIVES SEED

A life first tells the queue it finds, then what it is about to do and what was answered.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from agent.station.facts import Fact
from agent.store.store import Store
from tests.agent.store.builders import changes, sampled, started


async def live(path: Path, *, next_seq_no: int, pipe: int, dice: random.Random) -> None:
    """Record, acknowledge and fail until killed."""

    def tell(*words: object) -> None:
        os.write(pipe, json.dumps(words).encode() + b"\n")

    store = await Store.open(path)
    rows = await store.listing(100_000)
    tell("found", [(getattr(row.fact, "seq_no", None), row.message_id, row.attempts) for row in rows])
    while True:
        row = await store.head()
        choice = dice.random()
        if row is None or choice < 0.5:
            count = dice.randint(1, 4)
            batch: list[Fact] = [started("tx", next_seq_no)]
            batch += [sampled("tx", next_seq_no + number) for number in range(1, count)]
            numbers = list(range(next_seq_no, next_seq_no + count))
            next_seq_no += count
            tell("record", numbers)
            await store.commit(changes(*batch))
        elif choice < 0.8:
            tell("acknowledge", getattr(row.fact, "seq_no", None))
            await store.acknowledge(row)
        else:
            tell("fail", getattr(row.fact, "seq_no", None))
            await store.failed(row)
        tell("done")


def one_life(path: Path, *, next_seq_no: int, seed: int) -> list[list[object]]:
    """Fork, wait a random while, kill; what the child told."""
    dice = random.Random(seed)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        asyncio.run(live(path, next_seq_no=next_seq_no, pipe=writing, dice=dice))
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        first = told.readline()
        time.sleep(dice.random() * 0.03)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [json.loads(line) for line in [first, *told.readlines()] if line.endswith(b"\n")]


def main(path: Path, lives: int, seed: int) -> None:
    """Live and die `lives` times."""
    next_seq_no = 0
    for number in range(lives):
        told = one_life(path, next_seq_no=next_seq_no, seed=seed + number)
        print(json.dumps(told), flush=True)  # noqa: T201  the test reads it
        recorded = [words[1] for words in told if words[0] == "record"]
        if recorded and isinstance(last := recorded[-1], list):
            next_seq_no = last[-1] + 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
