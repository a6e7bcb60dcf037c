"""An emulated meter of any model, without a line."""

from hil.devices.meter_device import MeterDevice, Mood, span
from hil.devices.meter_map import read_map


def test_its_words_follow_the_load() -> None:
    device = MeterDevice(read_map("carlo-gavazzi-em340"))
    device.load.set(current_a=(16, 0, 0), voltage_v=(230, 230, 230))

    image = device.image()

    assert (image["input", 0], image["input", 1]) == (2300, 0)
    assert (image["input", 0x0C], image["input", 0x0D]) == (16_000, 0)
    assert (image["input", 0x28], image["input", 0x29]) == (36_800, 0)
    assert image["holding", 0x0B] == 340


def test_a_frozen_one_shows_the_moment_it_froze() -> None:
    device = MeterDevice(read_map("eastron-sdm630"))
    before = device.image()
    device.misbehave(Mood.FROZEN)

    device.load.set(voltage_v=(100, 100, 100))

    assert device.image() == before
    device.misbehave(Mood.NORMAL)
    assert device.image() != before


def test_a_withheld_value_is_the_pattern_for_it() -> None:
    device = MeterDevice(read_map("abb-b23"))

    device.withhold("frequency")

    assert device.image()["holding", 0x5B2C] == 0xFFFF
    device.withhold()
    assert device.image()["holding", 0x5B2C] == 5000


def test_a_scale_register_holds_its_power_of_ten() -> None:
    device = MeterDevice(read_map("finder-7m38"))
    device.load.set(current_a=(10, 10, 10))
    device.load.advance(36_000)
    device.exponents["energy_import"] = 1

    image = device.image()

    assert (image["input", 401], image["input", 406], image["input", 407]) == (1, 0, 6900)


def test_the_span_of_a_table_is_from_its_first_to_its_last_word() -> None:
    image = MeterDevice(read_map("carlo-gavazzi-em340")).image()

    assert (span(image, "input"), span(image, "holding"), span(image, "coil")) == ((0, 0x4F), (0x0B, 0x0B), None)
