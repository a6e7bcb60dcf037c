"""What a light does for each look of hal.parts.Indicator: tables, no code that moves."""

from collections.abc import Mapping

Pattern = tuple[float, ...]
"""Seconds on, off, on, off...; begins again at its end. (): always off. One number: always on."""

PATTERNS: Mapping[str, Pattern] = {
    "off": (),
    "steady": (1.0,),
    "blink": (0.5, 0.5),
    "fast-blink": (0.15, 0.15),
    "slow-blink": (1.0, 1.0),
    "pulse": (0.15, 1.85),
    "wink": (1.85, 0.15),
    "double-flash": (0.12, 0.18, 0.12, 1.58),
}

Scene = Mapping[str, str]
"""The pattern of each light; a light that is not named is off."""

LOOKS = (
    "free",
    "authorized",
    "charging",
    "suspended",
    "finishing",
    "reserved",
    "unavailable",
    "fault",
    "offline",
)

COLOURED: Mapping[str, tuple[Scene, ...]] = {
    "free": ({"green": "steady"}, {"blue": "pulse"}),
    "authorized": ({"blue": "blink"}, {"green": "blink"}),
    "charging": ({"blue": "steady"}, {"green": "pulse"}),
    "suspended": ({"blue": "pulse"}, {"green": "wink"}),
    "finishing": ({"blue": "wink"}, {"green": "slow-blink"}),
    "reserved": ({"red": "pulse", "green": "steady"}, {"red": "pulse"}, {"blue": "double-flash"}),
    "unavailable": ({"red": "wink"}, {}),
    "fault": ({"red": "steady"}, {"blue": "fast-blink"}, {"green": "fast-blink"}),
    "offline": ({"red": "double-flash"}, {"green": "double-flash"}),
}
"""Of the scenes of a look the first one counts whose lights are all there, named red, green and blue."""

ALONE: Mapping[str, str] = {
    "free": "steady",
    "authorized": "blink",
    "charging": "pulse",
    "suspended": "wink",
    "finishing": "wink",
    "reserved": "slow-blink",
    "unavailable": "off",
    "fault": "fast-blink",
    "offline": "double-flash",
}
"""What the first light does where no scene of a look fits the lights that are there."""


def scene_of(look: str, *, lights: tuple[str, ...]) -> Scene:
    """The scene of a look for lights of these names."""
    for scene in COLOURED[look]:
        if scene.keys() <= set(lights):
            return scene
    return {lights[0]: ALONE[look]}


def is_on(pattern: Pattern, *, at_s: float) -> tuple[bool, float | None]:
    """Whether the light is on `at_s` after the pattern began, and how long it stays so (None: for good)."""
    if len(pattern) < 2:
        return bool(pattern), None
    rest_s = at_s % sum(pattern)
    for number, length_s in enumerate(pattern):
        if rest_s < length_s:
            return number % 2 == 0, length_s - rest_s
        rest_s -= length_s
    return True, pattern[0]  # rounding: the pattern begins again
