"""What only the kernel's chips can do wrong; how lines behave is in test_lines.py."""

import asyncio
import errno
import inspect
from collections.abc import Iterator

import gpiod
import pytest
from gpiod.line import Edge

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.chip_lines import CHIPS, take_input, take_output
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring
from tests.contracts.waiting import eventually
from tests.fakes.fake_gpiod import FakeChip, FakeGpioChip, FakeRequest, fake_gpiod

DEVICE = "EVSE 1 part"


@pytest.fixture
def chip() -> Iterator[FakeGpioChip]:
    made = FakeGpioChip(lines=8, names={3: "DOOR"})
    with fake_gpiod(made):
        yield made


def output_on(line: int | str, *, chip: str = "gpiochip0") -> OutputWiring:
    return OutputWiring(LineAddress(chip, line), path=("pin",))


def input_on(line: int | str, *, debounce_s: float = 0.0) -> InputWiring:
    address = LineAddress("gpiochip0", line)
    return InputWiring(address, active_high=True, pull="none", debounce_s=debounce_s, path=("pin",))


@pytest.mark.parametrize("name", ["gpiochip0", "/dev/gpiochip0"])
def test_a_chip_is_named_with_its_folder_or_without(chip: FakeGpioChip, name: str) -> None:
    line = take_output(output_on(2, chip=name), initial=True, device=DEVICE)

    assert chip.wire(2).level
    line.release()


def test_the_consumer_of_a_line_is_named(chip: FakeGpioChip) -> None:
    chip.occupy(3, consumer="onewire@0")

    with pytest.raises(WrongSettings, match="'onewire@0'") as refused:
        take_output(output_on("DOOR"), initial=False, device=DEVICE)

    assert refused.value.path == ("pin",)


def test_its_own_lines_carry_the_devices_name(chip: FakeGpioChip) -> None:
    line = take_output(output_on(1), initial=False, device="EVSE 1 part with a name of great length")

    assert chip.consumers[1] == "evse-agent EVSE 1 part with a n"
    line.release()
    assert not chip.consumers


@pytest.mark.parametrize("line", [8, "WINDOW"])
def test_a_line_that_is_not_there_is_wrong_settings(chip: FakeGpioChip, line: int | str) -> None:
    with pytest.raises(WrongSettings, match="gpioinfo"):
        take_output(output_on(line), initial=False, device=DEVICE)


def test_a_chip_that_is_not_there_is_device_gone(chip: FakeGpioChip) -> None:
    with pytest.raises(DeviceGone, match="/dev/gpiochip7"):
        take_output(output_on(1, chip="gpiochip7"), initial=False, device=DEVICE)


def test_what_is_no_chip_is_wrong_settings() -> None:
    with pytest.raises(WrongSettings, match="no GPIO chip"):
        take_output(output_on(1, chip="/dev/null"), initial=False, device=DEVICE)


@pytest.mark.parametrize(("code", "kind"), [(errno.EACCES, WrongSettings), (errno.EIO, DeviceGone)])
def test_a_chip_that_cannot_be_opened_says_why(
    monkeypatch: pytest.MonkeyPatch, code: int, kind: type[HalError]
) -> None:
    def refuse(_path: str) -> gpiod.Chip:
        raise OSError(code, "no")

    monkeypatch.setattr(CHIPS, "open", refuse)

    with pytest.raises(kind, match="/dev/gpiochip0"):
        take_output(output_on(1), initial=False, device=DEVICE)


async def test_a_line_without_interrupts_is_read_again_and_again(chip: FakeGpioChip) -> None:
    chip.wire(1).has_interrupt = False
    chip.wire(1).drive(False)
    changes: list[bool] = []
    line = take_input(input_on(1), changed=changes.append, lost=_never, device=DEVICE)

    chip.wire(1).drive(True)
    await eventually(lambda: changes == [True])
    chip.wire(1).drive(False)
    await eventually(lambda: changes == [True, False])

    line.release()


async def test_edges_that_came_while_the_loop_was_busy_are_told_in_turn(chip: FakeGpioChip) -> None:
    chip.wire(1).drive(False)
    changes: list[bool] = []
    line = take_input(input_on(1), changed=changes.append, lost=_never, device=DEVICE)

    for level in (True, False, True):
        chip.wire(1).drive(level)

    await eventually(lambda: changes == [True, False, True])
    line.release()


async def test_more_edges_than_the_kernel_queues_leave_the_last_level(chip: FakeGpioChip) -> None:
    chip.wire(1).drive(False)
    changes: list[bool] = []
    line = take_input(input_on(1), changed=changes.append, lost=_never, device=DEVICE)

    for _ in range(100):
        chip.wire(1).drive(True)
        chip.wire(1).drive(False)

    await asyncio.sleep(0.05)
    assert not line.is_active
    line.release()


async def test_a_chip_that_comes_back_can_be_used_again(chip: FakeGpioChip) -> None:
    losses: list[HalError] = []
    first = take_input(input_on(1), changed=_never, lost=losses.append, device=DEVICE)
    chip.unplug()
    await eventually(lambda: bool(losses))
    first.release()
    with pytest.raises(DeviceGone):
        take_input(input_on(1), changed=_never, lost=_never, device=DEVICE)
    chip.plug_in()

    second = take_input(input_on(1), changed=_never, lost=_never, device=DEVICE)

    second.release()


def _never(_: object) -> None:
    raise AssertionError("nobody should tell this")


@pytest.mark.parametrize(("fake", "real"), [(FakeChip, gpiod.Chip), (FakeRequest, gpiod.LineRequest)])
def test_the_fake_has_the_parameters_of_the_library(fake: type, real: type) -> None:
    for name, verb in inspect.getmembers(fake, inspect.isfunction):
        if name.startswith("_") or name in {"level_moved", "wake"}:
            continue
        expected = list(inspect.signature(getattr(real, name)).parameters)
        assert list(inspect.signature(verb).parameters) == expected[: len(inspect.signature(verb).parameters)], name


def test_the_fake_refuses_edges_where_there_is_no_interrupt(chip: FakeGpioChip) -> None:
    chip.wire(1).has_interrupt = False

    with pytest.raises(OSError, match="No such device"):
        FakeChip(chip).request_lines({1: gpiod.LineSettings(edge_detection=Edge.BOTH)})
