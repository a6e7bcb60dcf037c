from dataclasses import dataclass

import pytest

from agent.errors import SettingsError
from agent.settings_drivers import ALL, HalNode, HalParts, TokenReaderSettings
from agent.settings_nodes import Problems
from agent.settings_parse import Parser
from agent.settings_yaml import read_nodes


@dataclass(frozen=True, slots=True)
class PinSettings:
    pin: int
    feedback_pin: int | None = None


def parse(cls: type, text: str) -> tuple[object, list[str]]:
    problems = Problems()
    root = read_nodes(text, file="a.yaml", problems=problems)
    assert root is not None
    made = Parser(problems).parse(cls, root, ("x",))
    return made, [str(problem) for problem in problems.listed()]


def hal(text: str) -> tuple[HalNode, ...]:
    made, problems = parse(HalParts, text)
    assert problems == []
    assert isinstance(made, HalParts)
    return made.nodes


def test_one_driver_can_provide_every_part() -> None:
    (node,) = hal("{driver: sim, voltage_v: 230}")

    assert (node.part, node.driver, node.path) == (ALL, "sim", ("x",))
    assert [key.text for key, _ in node.node.entries] == ["voltage_v"]


def test_each_part_can_have_a_driver_of_its_own() -> None:
    nodes = hal("pilot: {driver: sim}\ncontactor: {driver: gpio, pin: 17}\n")

    assert [(node.part, node.driver, node.path) for node in nodes] == [
        ("pilot", "sim", ("x", "pilot")),
        ("contactor", "gpio", ("x", "contactor")),
    ]


def test_a_named_part_stands_beside_the_driver_of_the_rest() -> None:
    nodes = hal("driver: sim\nmeter: {driver: modbus-meter}\nlock: 3\n")

    assert [(node.part, node.driver) for node in nodes] == [(ALL, "sim"), ("meter", "modbus-meter")]
    # a scalar of that name is a key of the driver's own
    assert [key.text for key, _ in nodes[0].node.entries] == ["lock"]


def test_there_may_be_several_fault_inputs() -> None:
    nodes = hal("faults: [{driver: gpio, pin: 5}, {driver: gpio, pin: 6}]")

    assert [(node.part, node.path) for node in nodes] == [
        ("faults", ("x", "faults", 0)),
        ("faults", ("x", "faults", 1)),
    ]


def test_a_drivers_settings_are_parsed_once_its_class_is_known() -> None:
    (node,) = hal("contactor: {driver: gpio, pin: 17, feedback_pin: 27}")

    assert node.parse(PinSettings) == PinSettings(17, 27)


def test_mistakes_in_a_drivers_settings_have_their_place_too() -> None:
    (node,) = hal("contactor:\n  driver: gpio\n  pni: 17\n")

    with pytest.raises(SettingsError) as caught:
        node.parse(PinSettings)

    assert [str(problem) for problem in caught.value.problems] == [
        "a.yaml:1:1: x.contactor.pin: missing; give a whole number",
        'a.yaml:3:3: x.contactor: unknown key "pni"; did you mean pin?',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{metre: {driver: sim}}", 'a.yaml:1:2: x: unknown part "metre"; did you mean meter?'),
        ("{meter: sim}", "a.yaml:1:9: x.meter: names no driver; give a mapping such as {driver: sim}"),
        ("{meter: {port: x}}", "a.yaml:1:9: x.meter.driver: missing; give the name of a driver"),
        ("{meter: {driver: 3}}", "a.yaml:1:18: x.meter.driver: 3 is read as a whole number, not as text; put it in"),
        ("{faults: [gpio]}", "a.yaml:1:11: x.faults[0]: names no driver; give a mapping such as {driver: sim}"),
        ("[]", "a.yaml:1:1: x: this is not a mapping; give {driver: sim}, or a driver a part: pilot, contactor"),
    ],
)
def test_what_names_no_driver_is_refused(text: str, expected: str) -> None:
    _, problems = parse(HalParts, text)

    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_a_reader_names_its_driver_and_its_evses() -> None:
    made, problems = parse(TokenReaderSettings, "{driver: usb-hid, device: /dev/x, evses: [1, 2]}")

    assert problems == []
    assert isinstance(made, TokenReaderSettings)
    assert (made.hal.part, made.hal.driver, made.evses) == ("reader", "usb-hid", (1, 2))
    assert [key.text for key, _ in made.hal.node.entries] == ["device"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("usb-hid", "a.yaml:1:1: x: names no driver"),
        ("{driver: usb-hid, evses: [0]}", "a.yaml:1:27: x.evses[0]: 0 is below 1"),
        ("{driver: usb-hid, evses: []}", "a.yaml:1:26: x.evses: 0 entries, at least 1 is needed"),
        ("{driver: usb-hid, evses: 1}", "a.yaml:1:26: x.evses: 1 cannot stand here; give a list"),
    ],
)
def test_a_reader_that_cannot_be_is_refused(text: str, expected: str) -> None:
    _, problems = parse(TokenReaderSettings, text)

    assert len(problems) == 1
    assert problems[0].startswith(expected)
