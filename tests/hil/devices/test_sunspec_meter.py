"""The chain of models of an emulated SunSpec meter, word by word."""

from hil.devices.meter_device import Mood
from hil.devices.meter_load import MeteredLoad
from hil.devices.sunspec_meter import SunSpecMeter


def test_the_chain_is_the_common_model_the_others_the_meter_and_the_end() -> None:
    image = SunSpecMeter(base=100, others=(2,)).image()
    words = [image["holding", 100 + index] for index in range(len(image))]

    assert words[:4] == [0x5375, 0x6E53, 1, 66]
    assert words[4:6] == [0x4163, 0x6D65]  # Acme
    assert words[70:72] == [2, 4]
    assert words[76:78] == [203, 105]
    assert words[-2:] == [0xFFFF, 0]


def test_values_stand_beside_their_scale_factors() -> None:
    load = MeteredLoad(import_kwh=100.0)
    load.set(current_a=(16, 0, 0), voltage_v=(230, 230, 230))
    image = SunSpecMeter(base=0, load=load, energy_exponent=1).image()
    meter = 72

    assert [image["holding", meter + at] for at in (1, 4, 6, 13, 16, 20)] == [1600, 0xFFFE, 2300, 0xFFFF, 3680, 0]
    assert [image["holding", meter + at] for at in (44, 45, 52)] == [0, 10_000, 1]


def test_a_frozen_one_shows_the_moment_it_froze() -> None:
    device = SunSpecMeter()
    before = device.image()
    device.misbehave(Mood.FROZEN)

    device.load.set(current_a=(1, 1, 1))

    assert device.image() == before
