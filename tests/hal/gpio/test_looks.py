"""The tables of looks."""

import pytest

from hal.gpio.looks import ALONE, COLOURED, LOOKS, PATTERNS, is_on, scene_of
from tests.contracts import indicator


def test_every_look_has_its_scenes() -> None:
    assert LOOKS == indicator.LOOKS
    assert set(COLOURED) == set(ALONE) == set(LOOKS)


def test_every_pattern_that_is_named_is_there() -> None:
    named = {pattern for scenes in COLOURED.values() for scene in scenes for pattern in scene.values()}

    assert named | set(ALONE.values()) <= set(PATTERNS)


@pytest.mark.parametrize("lights", [("red", "green", "blue"), ("red", "green"), ("green",), ("blue",), ("lamp",)])
def test_with_any_lights_a_fault_and_a_charge_and_a_free_charger_differ(lights: tuple[str, ...]) -> None:
    scenes = [scene_of(look, lights=lights) for look in ("free", "charging", "fault", "offline")]

    assert all(scenes)
    assert all(one != other for at, one in enumerate(scenes) for other in scenes[at + 1 :])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("lights", [("red", "green"), ("white",), ("blue", "red")])
def test_a_scene_names_only_lights_that_are_there(look: str, lights: tuple[str, ...]) -> None:
    assert set(scene_of(look, lights=lights)) <= set(lights)


@pytest.mark.parametrize(
    ("pattern", "at_s", "expected"),
    [
        ((), 7.0, (False, None)),
        ((1.0,), 7.0, (True, None)),
        ((0.5, 0.25), 0.0, (True, 0.5)),
        ((0.5, 0.25), 0.5, (False, 0.25)),
        ((0.5, 0.25), 0.75, (True, 0.5)),
        ((0.25, 0.25, 0.25, 1.25), 0.5, (True, 0.25)),
        ((0.25, 0.25, 0.25, 1.25), 1.0, (False, 1.0)),
    ],
)
def test_a_pattern_tells_the_light_and_how_long_it_holds(
    pattern: tuple[float, ...], at_s: float, expected: tuple[bool, float | None]
) -> None:
    assert is_on(pattern, at_s=at_s) == expected
