"""What a lock on GPIO lines may be set to."""

from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.gpio.lock_settings import GpioLockSettings
from hal.gpio.wiring import InputKeys, OutputKeys


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"pulse_s": -0.1}, ("pulse_s",)),
        ({"confirm_s": 100.0}, ("confirm_s",)),
        ({"pause_s": 100.0}, ("pause_s",)),
        ({"time_limit_s": 100.0}, ("time_limit_s",)),
        ({"tries": 0}, ("tries",)),
        ({"unlocking": OutputKeys(pin=5)}, ("unlocking",)),
        ({"locked_switch": InputKeys(pin=5)}, ("locked_switch",)),
        ({"unlocked_switch": InputKeys(pin=6, pull="left")}, ("unlocked_switch", "pull")),
        ({"locking": OutputKeys()}, ("locking", "pin")),
    ],
)
def test_impossible_settings_name_their_key(settings: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioLockSettings(**{"locking": OutputKeys(pin=5), **settings})

    assert refused.value.path == path


def test_only_what_is_there_is_wired() -> None:
    settings = GpioLockSettings(locking=OutputKeys(pin=5), locked_switch=InputKeys(pin=6))

    assert list(settings.outputs()) == ["locking"]
    assert list(settings.inputs()) == ["locked_switch"]
