"""What the settings of the sensors have in common, and how they are checked."""

import math

from hal.errors import WrongSettings

PLACE_DOC = "What it measures: the inside of the charger, or its cable."
DERATING_DOC = "Points [temperature in C, A per phase], linear between; no limit below the first, stop above the last."
HYSTERESIS_DOC = "How far it must cool down before the current rises again, in C."
WITHOUT_DOC = "A per phase while the sensor fails; 0: none."
POLL_DOC = "Time between two looks at the sensor."
TIMEOUT_DOC = "How long one read may take, in real time."
LOWEST_DOC = "A temperature below this is a failure of the sensor, in C."
HIGHEST_DOC = "A temperature above this is a failure of the sensor, in C."


def check_range(key: str, value: float, *, low: float, high: float) -> None:
    """Raise WrongSettings where `value` is not from `low` to `high`."""
    if not math.isfinite(value) or not low <= value <= high:
        raise WrongSettings(f"{key} must be from {low:g} to {high:g}, not {value:g}", path=(key,))


def check_temperatures(lowest_c: float, highest_c: float) -> None:
    """Raise WrongSettings where nothing is between them."""
    check_range("lowest_c", lowest_c, low=-273.15, high=1000)
    if not lowest_c < highest_c <= 1000:
        raise WrongSettings(f"highest_c must be above lowest_c ({lowest_c:g}), not {highest_c:g}", path=("highest_c",))
