"""The w1 driver on sensor files as the kernel lays them out."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.readings import LimitReading
from hal.registry import DriverContext
from hal.sysfs.w1 import W1Sensor, W1Settings
from tests.contracts.waiting import Wall, following, following_item, until
from tests.hal.sysfs.tree import W1Tree

DERATING = ((50, 32), (70, 10))


@asynccontextmanager
async def sensor(tree: W1Tree, **settings: Any) -> AsyncIterator[W1Sensor]:
    context = DriverContext(name="EVSE 1 limits", evse_id=1, clock=Wall())
    given: dict[str, Any] = {"derating": DERATING, "poll_s": 0.1} | settings
    made = W1Sensor(W1Settings(**given), context, root=tree.root)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_heat_lowers_the_current(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    tree.slave(20_000)
    async with sensor(tree) as made, following(made.limits()) as limits:
        first = await following_item(limits)
        tree.slave(60_000)

        assert (first.max_current_a, (await following_item(limits)).max_current_a) == (None, 21.0)


@pytest.mark.parametrize(
    "spoilt", [{"milli_c": 20_000, "sound": "NO"}, {"milli_c": 85_000}, {"milli_c": -127_000}, {"milli_c": 999_999}]
)
async def test_what_cannot_be_believed_is_a_failure_with_its_limit(tmp_path: Path, spoilt: dict[str, Any]) -> None:
    tree = W1Tree(tmp_path)
    tree.slave(20_000)
    async with (
        sensor(tree, limit_without_a=8.0) as made,
        following(made.limits()) as limits,
        following(made.faults()) as faults,
    ):
        await following_item(limits)
        tree.slave(**spoilt)

        assert (await following_item(limits)).max_current_a == 8.0
        assert (await following_item(faults)).fault == "SensorFailure"
        tree.slave(20_000)
        await until(limits, LimitReading(None))


async def test_a_conversion_that_hangs_is_a_failure(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    os.mkfifo(tree.folder / "w1_slave")  # whoever opens it waits for a writer, as for a conversion that never ends

    async with sensor(tree, timeout_s=0.1) as made, following(made.faults()) as faults:
        fault = await following_item(faults)

    assert fault.fault == "SensorFailure"
    with (tree.folder / "w1_slave").open("w"):
        """Lets the thread go."""


async def test_a_sensor_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    async with sensor(tree, sensor="28-ffffffffffff", place="cable") as made, following(made.faults()) as faults:
        assert (await following_item(faults)).fault == "SensorFailure"


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("derating", (), ("derating",)),
        ("derating", ((50,),), ("derating", 0)),
        ("hysteresis_c", -1.0, ("hysteresis_c",)),
        ("limit_without_a", -1.0, ("limit_without_a",)),
        ("lowest_c", -300.0, ("lowest_c",)),
        ("poll_s", 0.0, ("poll_s",)),
        ("timeout_s", 0.0, ("timeout_s",)),
    ],
)
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: object, path: tuple[object, ...]) -> None:
    given: dict[str, Any] = {"derating": DERATING} | {key: value}

    with pytest.raises(WrongSettings) as refused:
        W1Settings(**given)

    assert refused.value.path == path
