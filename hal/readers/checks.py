"""What the settings of every reader have in common, and how they are checked."""

import math
from typing import Literal

from hal.errors import WrongSettings

TokenType = Literal["ISO14443", "ISO15693", "KeyCode", "Local", "Central", "MacAddress", "eMAID"]
"""IdTokenEnumType of OCPP 2.0.1, as far as a reader may tell it."""

TOKEN_TYPE_DOC = "IdTokenEnumType that the CSMS is told; OCPP 1.6 carries none."  # noqa: S105 - a text for people
GONE_DOC = "A card that stays on the reader is one presentation; it counts again after it was away for so long."


def check_range(key: str, value: float, *, low: float, high: float) -> None:
    """Raise WrongSettings where `value` is not from `low` to `high`."""
    if not math.isfinite(value) or not low <= value <= high:
        raise WrongSettings(f"{key} must be from {low:g} to {high:g}, not {value:g}", path=(key,))


def check_path(key: str, value: str) -> None:
    """Raise WrongSettings where `value` is no absolute path."""
    if not value.startswith("/"):
        raise WrongSettings(f"{key} must be an absolute path such as /dev/ttyUSB0, not {value!r}", path=(key,))
