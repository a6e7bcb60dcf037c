"""What only the pins of a Raspberry Pi can do wrong; how lines behave is in test_lines.py."""

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.exc import BadPinFactory

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.bcm_lines import take_input, take_output
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring

OUT = OutputWiring(LineAddress(None, 17), path=("pin",))


class FailingFactory:
    """A back end that raises what it is given, as lgpio does with its own exceptions."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def reserve_pins(self, *_: object) -> None:
        raise self._failure

    def release_pins(self, *_: object) -> None:
        """Nothing was reserved."""

    def pin(self, _name: object) -> None:
        raise self._failure


@pytest.fixture
def failing(request: pytest.FixtureRequest) -> Iterator[None]:
    before = Device.pin_factory
    Device.pin_factory = FailingFactory(request.param)
    yield
    Device.pin_factory = before


@pytest.mark.parametrize("failing", [BadPinFactory("none found")], indirect=True)
def test_a_machine_without_pins_is_told_what_to_do(failing: None) -> None:
    with pytest.raises(WrongSettings, match="gpiochip0") as refused:
        take_output(OUT, initial=False, device="EVSE 1 part")

    assert refused.value.path == ("driver",)


@pytest.mark.parametrize("failing", [RuntimeError("'GPIO busy'")], indirect=True)
def test_a_pin_of_another_program_is_wrong_settings(failing: None) -> None:
    with pytest.raises(WrongSettings, match="another program") as refused:
        take_output(OUT, initial=False, device="EVSE 1 part")

    assert refused.value.path == ("pin",)


@pytest.mark.parametrize("failing", [OSError("cannot open gpiochip")], indirect=True)
async def test_whatever_else_the_back_end_raises_is_device_gone(failing: None) -> None:
    wiring = InputWiring(LineAddress(None, 17), active_high=True, pull="up", debounce_s=0.0)

    with pytest.raises(DeviceGone, match="EVSE 1 part"):
        take_input(wiring, changed=lambda _: None, lost=lambda _: None, device="EVSE 1 part")
