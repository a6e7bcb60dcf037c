"""What station.yaml says of a line."""

import pytest

from hal.errors import WrongSettings
from hal.gpio.wiring import InputKeys, LineAddress, OutputKeys, check_different


@pytest.mark.parametrize(
    ("keys", "active_high"),
    [
        (InputKeys(pin=5), False),
        (InputKeys(pin=5, normally_closed=True), True),
        (InputKeys(pin=5, pull="down"), True),
        (InputKeys(pin=5, pull="down", normally_closed=True), False),
        (InputKeys(pin=5, pull="none"), True),
        (InputKeys(pin=5, active_high=True), True),
        (InputKeys(pin=5, pull="down", active_high=False), False),
    ],
)
def test_the_active_level_follows_from_the_contact_unless_it_is_given(keys: InputKeys, active_high: bool) -> None:
    assert keys.wiring(chip=None).active_high is active_high


def test_a_line_has_its_drivers_chip_or_its_own() -> None:
    first = OutputKeys(line="LED").wiring(chip="gpiochip0")
    second = OutputKeys(pin=3, chip="gpiochip1").wiring(chip="gpiochip0")

    assert first.address == LineAddress("gpiochip0", "LED")
    assert second.address == LineAddress("gpiochip1", 3)


def test_a_line_is_named_as_people_know_it() -> None:
    assert str(LineAddress(None, 17)) == "GPIO17"
    assert str(LineAddress("gpiochip1", "DOOR")) == "line DOOR of gpiochip1"


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        (OutputKeys(), ("led", "pin")),
        (OutputKeys(pin=-1), ("led", "pin")),
        (OutputKeys(pin=1, line="LED", chip="gpiochip0"), ("led", "pin")),
        (OutputKeys(line="LED"), ("led", "line")),
    ],
)
def test_what_names_no_line_is_refused_at_its_key(keys: OutputKeys, path: tuple[str, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        keys.wiring(chip=None, path=("led",))

    assert refused.value.path == path


def test_the_same_number_on_two_chips_is_two_lines() -> None:
    check_different([OutputKeys(pin=1, chip=chip).wiring(chip=None) for chip in ("gpiochip0", "gpiochip1")])


def test_a_line_named_twice_is_refused_at_the_second_key() -> None:
    lines = [OutputKeys(pin=1).wiring(chip=None, path=(name,)) for name in ("first", "second")]

    with pytest.raises(WrongSettings, match="named by first") as refused:
        check_different(lines)

    assert refused.value.path == ("second",)
