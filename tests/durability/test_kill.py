"""Kill the charger at any moment: every transaction is told, in order, with the true meter values.

A run that failed is repeated with its seed, which stands in the failure: `DURABILITY_SEED=... pytest tests/durability`.
The kill points are the same then; how far the charger has come at each of them hangs on the machine.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from hil.csms.versions import V16, V201
from tests.durability.judge import problems
from tests.durability.life import LifePlan, Network, life

SEED = int(os.environ.get("DURABILITY_SEED", "20250301"))
KILLS = 7
"""A life; two lives an item and sixteen items make 224 kill points."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def _live(plan: LifePlan, folder: Path) -> list[str]:
    async with life(plan, folder) as lived:
        await lived.live()
        found = problems(lived)
        assert lived.charger.kills == plan.kills
        if not lived.csms.ledger.transactions:
            found.append("nobody ever charged")
        return [f"{each}   [{plan}, files in {folder}]" for each in found]


@pytest.mark.parametrize("network", list(Network))
@pytest.mark.parametrize("resumes", [False, True], ids=["ending", "resuming"])
@pytest.mark.parametrize("subprotocol", [V16, V201])
async def test_a_killed_charger_loses_nothing(
    subprotocol: str, resumes: bool, network: Network, tmp_path: Path
) -> None:
    dice = random.Random(f"{SEED} {subprotocol} {resumes} {network}")
    plans = [LifePlan(dice.randrange(2**31), subprotocol, network, resumes, KILLS) for _ in range(2)]
    folders = [tmp_path / str(plan.seed) for plan in plans]
    for folder in folders:
        folder.mkdir()

    async with asyncio.TaskGroup() as tasks:
        lives = [tasks.create_task(_live(plan, folder)) for plan, folder in zip(plans, folders, strict=True)]

    assert [each for one in lives for each in one.result()] == [], f"DURABILITY_SEED={SEED}"
