"""The kernel's sensor files."""

import math
from pathlib import Path

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent
from hal.sysfs.files import (
    hwmon_folder,
    parse_w1_slave,
    plausible,
    read_hwmon,
    read_w1,
    w1_folder,
)
from hal.sysfs.verdict import Measurement
from tests.hal.sysfs.tree import HwmonTree, W1Tree

SOUND = "24 01 4b 46 7f ff 0c 10 48 : crc=48 YES\n24 01 4b 46 7f ff 0c 10 48 t=18250\n"
POWER_ON = "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"
SHORTED = "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n"


def test_a_chip_is_found_by_its_name_or_its_path(tmp_path: Path) -> None:
    HwmonTree(tmp_path, chip="cpu_thermal", number=0)
    lm75 = HwmonTree(tmp_path, chip="lm75", number=1)

    assert hwmon_folder("lm75", root=tmp_path) == lm75.folder
    assert hwmon_folder(str(lm75.folder)) == lm75.folder


def test_a_chip_that_is_not_there_or_there_twice_is_gone(tmp_path: Path) -> None:
    HwmonTree(tmp_path, chip="lm75", number=0)
    HwmonTree(tmp_path, chip="lm75", number=1)

    with pytest.raises(DeviceGone, match="give the path"):
        hwmon_folder("lm75", root=tmp_path)
    with pytest.raises(DeviceGone, match="no chip 'tmp102'"):
        hwmon_folder("tmp102", root=tmp_path)


def test_temperature_and_voltage_are_read(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(-12.5, number=2)
    tree.voltage(1.2, number=0)

    assert read_hwmon(tree.folder, temperature=2, voltage=0, factor=10.0) == Measurement(-12.5, 12.0)


def test_an_input_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="temp1_input"):
        read_hwmon(HwmonTree(tmp_path).folder, temperature=1, voltage=None, factor=1.0)


def test_an_input_that_cannot_be_read_is_silent(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    (tree.folder / "temp1_input").mkdir()

    with pytest.raises(DeviceSilent, match="temp1_input"):
        read_hwmon(tree.folder, temperature=1, voltage=None, factor=1.0)


@pytest.mark.parametrize("text", ["", "hot\n", "21.5\n", "1" * 40])
def test_an_input_without_a_number_is_a_bad_reading(tmp_path: Path, text: str) -> None:
    tree = HwmonTree(tmp_path)
    tree.write("temp1_input", text)

    with pytest.raises(BadReading, match="no number"):
        read_hwmon(tree.folder, temperature=1, voltage=None, factor=1.0)


def test_a_chip_that_knows_its_sensor_to_be_broken_is_believed(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.temperature(20)
    tree.write("temp1_fault", "1\n")

    with pytest.raises(BadReading, match="broken"):
        read_hwmon(tree.folder, temperature=1, voltage=None, factor=1.0)

    tree.write("temp1_fault", "0\n")
    assert read_hwmon(tree.folder, temperature=1, voltage=None, factor=1.0) == Measurement(20.0)


def test_a_sound_scratchpad_is_read() -> None:
    assert parse_w1_slave(SOUND) == 18250


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SOUND.replace("YES", "NO"), "CRC"),
        (SHORTED, "shorted"),
        ("", "no sense"),
        (SOUND[:45], "no sense"),
        (SOUND.replace("t=18250", "t=warm"), "no sense"),
        (SOUND.replace("24 01 4b", "4b"), "no sense"),
    ],
)
def test_a_scratchpad_that_is_not_sound_is_a_bad_reading(text: str, why: str) -> None:
    with pytest.raises(BadReading, match=why):
        parse_w1_slave(text)


def test_a_thermometer_is_read_by_its_crc_line_where_there_is_one(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    tree.temperature(99_000)
    assert read_w1(tree.folder) == Measurement(99.0)

    tree.write("w1_slave", SOUND)
    assert read_w1(tree.folder) == Measurement(18.25)


def test_the_value_after_a_power_failure_is_refused_in_both_files(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    tree.temperature(85_000)
    with pytest.raises(BadReading, match="power failure"):
        read_w1(tree.folder)

    tree.write("w1_slave", POWER_ON)
    with pytest.raises(BadReading, match="power failure"):
        read_w1(tree.folder)


def test_a_thermometer_is_found_by_its_id_its_path_or_as_the_only_one(tmp_path: Path) -> None:
    tree = W1Tree(tmp_path)
    (tmp_path / "w1_bus_master1").mkdir()

    assert w1_folder("", root=tmp_path) == tree.folder
    assert w1_folder(tree.folder.name, root=tmp_path) == tree.folder
    assert w1_folder(str(tree.folder)) == tree.folder


def test_two_thermometers_must_be_told_apart(tmp_path: Path) -> None:
    W1Tree(tmp_path)
    with pytest.raises(DeviceGone, match="no DS18B20"):
        w1_folder("", root=tmp_path / "empty")

    W1Tree(tmp_path, sensor="28-0000055c2f7f")
    with pytest.raises(DeviceGone, match="give the path"):
        w1_folder("", root=tmp_path)


@pytest.mark.parametrize("at_c", [-50.1, 150.1, math.nan])
def test_a_temperature_that_cannot_be_is_refused(at_c: float) -> None:
    with pytest.raises(BadReading, match="cannot be"):
        plausible(Measurement(at_c), lowest_c=-50, highest_c=150)


def test_a_voltage_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadReading, match="no number"):
        plausible(Measurement(voltage_v=math.inf), lowest_c=-50, highest_c=150)


def test_what_can_be_is_passed_on() -> None:
    assert plausible(Measurement(20.0, 12.0), lowest_c=-50, highest_c=150) == Measurement(20.0, 12.0)
