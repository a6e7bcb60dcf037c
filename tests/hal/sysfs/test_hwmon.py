"""The hwmon driver on sensor files as the kernel lays them out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.readings import LimitReading
from hal.registry import DriverContext
from hal.sysfs.hwmon import HwmonSensor, HwmonSettings
from tests.contracts.waiting import Wall, following, following_item, until
from tests.hal.sysfs.tree import HwmonTree

HEAT: dict[str, Any] = {"chip": "lm75", "temperature": 1, "derating": ((60, 32), (80, 6))}
SUPPLY: dict[str, Any] = {"chip": "lm75", "voltage": 0, "voltage_factor": 11.0, "under_voltage_v": 11.0}


@asynccontextmanager
async def sensor(tree: HwmonTree, **settings: Any) -> AsyncIterator[HwmonSensor]:
    context = DriverContext(name="EVSE 1 limits", evse_id=1, clock=Wall())
    made = HwmonSensor(HwmonSettings(**settings, poll_s=0.1), context, root=tree.root)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_heat_lowers_the_current_stops_it_and_lets_it_flow_again(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(40)
    async with sensor(tree, **HEAT) as made, following(made.limits()) as limits:
        told = [await following_item(limits)]
        for at_c in (70, 81, 40):
            tree.temperature(at_c)
            told.append(await following_item(limits))

    assert [one.max_current_a for one in told] == [None, 19.0, 0.0, None]


async def test_a_hot_cable_is_told_as_one(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(81)
    async with sensor(tree, **HEAT, place="cable") as made, following(made.faults()) as faults:
        assert (await following_item(faults)).fault == "CableOverTempStop"


async def test_a_chip_that_vanishes_is_a_failure_and_found_again_under_another_number(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(40)
    async with sensor(tree, **HEAT) as made, following(made.limits()) as limits:
        await following_item(limits)
        tree.folder.rename(tmp_path / "gone")
        lost = await following_item(limits)
        (tmp_path / "gone").rename(tmp_path / "hwmon7")

        assert lost.max_current_a == 6.0
        await until(limits, LimitReading(None))


async def test_an_implausible_temperature_is_a_failure(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(-127)
    async with (
        sensor(tree, **HEAT, limit_without_a=0.0) as made,
        following(made.faults()) as faults,
        following(made.limits()) as limits,
    ):
        fault, limit = await following_item(faults), await following_item(limits)

    assert (fault.fault, limit.max_current_a) == ("SensorFailure", 0.0)
    assert "cannot be" in fault.detail


async def test_a_supply_that_breaks_down_is_a_fault_and_limits_nothing(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.voltage(0.9)
    async with (
        sensor(tree, **SUPPLY) as made,
        following(made.faults()) as faults,
        following(made.limits()) as limits,
    ):
        fault, limit = await following_item(faults), await following_item(limits)
        tree.voltage(1.1)
        over = await following_item(faults)

    assert (fault.fault, fault.detail, limit) == ("UnderVoltage", "9.90 V", LimitReading(None))
    assert (over.fault, over.active) == ("UnderVoltage", False)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"chip": ""}, ("chip",)),
        ({"temperature": None, "derating": ()}, ()),
        ({"temperature": None, "voltage": 0}, ("derating",)),
        ({"derating": ()}, ("derating",)),
        ({"derating": ((60, 32), (50, 6))}, ("derating", 1)),
        ({"under_voltage_v": 11.0}, ("under_voltage_v",)),
        ({"voltage": 0}, ("voltage",)),
        ({"voltage": 0, "over_voltage_v": float("nan")}, ("over_voltage_v",)),
        ({"temperature": -1}, ("temperature",)),
        ({"hysteresis_c": -1.0}, ("hysteresis_c",)),
        ({"limit_without_a": -1.0}, ("limit_without_a",)),
        ({"highest_c": -60.0}, ("highest_c",)),
        ({"poll_s": 0.0}, ("poll_s",)),
        ({"timeout_s": 0.0}, ("timeout_s",)),
    ],
)
def test_settings_that_cannot_work_are_refused_by_their_key(changed: dict[str, Any], path: tuple[object, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        HwmonSettings(**(HEAT | changed))

    assert refused.value.path == path
