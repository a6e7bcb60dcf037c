from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NewType

import pytest

from agent.errors import SettingsError
from agent.settings_nodes import MapNode, Problems
from agent.settings_parse import INVALID, Finding, Parser, parse_into
from agent.settings_yaml import read_nodes

Wh = NewType("Wh", int)


class Parity(StrEnum):
    NONE = "none"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class Line:
    port: str
    baudrate: Literal[9600, 19200] = 9600
    parity: Parity = Parity.NONE


@dataclass(frozen=True, slots=True)
class Meter:
    line: Line
    register_wh: Wh = Wh(0)
    scale: float = 1.0
    phases: tuple[int, ...] = field(default=(), metadata={"minimum": 1, "maximum": 3})
    name: str | None = None
    address: int | str = 1
    tags: Mapping[str, int] = field(default_factory=dict)
    mode: Literal["off", "auto"] = "auto"

    def __post_init__(self) -> None:
        if self.scale == 0:
            raise ValueError("a scale of 0 leaves nothing; give another")


def tree(text: str) -> MapNode:
    problems = Problems()
    root = read_nodes(text, file="a.yaml", problems=problems)
    problems.raise_if_any()
    assert isinstance(root, MapNode)
    return root


def complaints(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_into(Meter, tree(text), path=("evses", 0, "hal", "meter"))
    return [str(problem) for problem in caught.value.problems]


def test_a_mapping_becomes_the_dataclass_its_hints_describe() -> None:
    text = """
line: {port: /dev/ttyUSB0, baudrate: 19200, parity: even}
register_wh: 5
scale: 10
phases: [1, 2]
name: null
address: abc
tags: {a: 1}
mode: off
"""

    made = parse_into(Meter, tree(text))

    line = Line("/dev/ttyUSB0", 19200, Parity.EVEN)
    assert made == Meter(line, Wh(5), 10.0, (1, 2), None, "abc", {"a": 1}, "off")
    assert isinstance(made.scale, float)


def test_the_first_type_of_a_union_that_fits_is_taken() -> None:
    assert parse_into(Meter, tree("line: {port: x}\naddress: 7")).address == 7
    assert parse_into(Meter, tree("line: {port: x}\naddress: '7'")).address == "7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "line: {port: x}\naddress: [1]",
            "2:10: evses[0].hal.meter.address: a list cannot stand here; give a whole number or",
        ),
        (
            "line: {port: x}\nphases: [1, 4]",
            "2:13: evses[0].hal.meter.phases[1]: 4 is above 3; give a whole number from 1",
        ),
        ("line: {port: x}\ntags: {a: b}", '2:11: evses[0].hal.meter.tags.a: "b" is not a whole number; give a whole'),
        ("line: {port: x}\ntags: []", "2:7: evses[0].hal.meter.tags: a list cannot stand here; give a mapping"),
        ("line: {port: x}\nscale: 0", "1:1: evses[0].hal.meter: a scale of 0 leaves nothing; give another"),
        (
            "line: {port: x, baudrate: 9601}",
            "1:27: evses[0].hal.meter.line.baudrate: 9601 is not known; did you mean 9600?",
        ),
        ("line: {port: x, baudrate: '9600'}", '1:27: evses[0].hal.meter.line.baudrate: "9600" is not known; did you'),
        ("line: {port: x, parity: 1}", "1:25: evses[0].hal.meter.line.parity: 1 is not known; give one of none, even"),
        ("line: {port: x, parity: }", "1:25: evses[0].hal.meter.line.parity: nothing is given; give one of none, even"),
        ("line: {baudrate: 9600}", "1:7: evses[0].hal.meter.line.port: missing; give text"),
        ("line: {port: x, prot: y}", '1:17: evses[0].hal.meter.line: unknown key "prot"; did you mean port?'),
    ],
)
def test_a_mistake_is_told_where_it_is(text: str, expected: str) -> None:
    lines = complaints(text)

    assert len(lines) == 1
    assert lines[0].startswith(f"a.yaml:{expected}")


def test_every_mistake_is_told() -> None:
    lines = complaints("line: {parity: odd}\nscale: x\nmode: on")

    assert [line.split(": ")[1].removeprefix("evses[0].hal.meter.") for line in lines] == [
        "line.port",
        "line.parity",
        "scale",
        "mode",
    ]


def test_a_section_is_checked_as_a_whole_once_its_values_are_right() -> None:
    def check(line: Line) -> Iterator[Finding]:
        yield Finding(("port",), f"{line.port} is odd", is_warning=True)
        yield Finding(("baudrate",), "too fast")

    problems = Problems()
    parser = Parser(problems, checks={Line: check})

    parser.parse(Line, tree("port: x\nbaudrate: 9600"), ("line",))

    assert [str(problem) for problem in problems.listed()] == ["a.yaml:2:11: line.baudrate: too fast"]
    assert [str(warning) for warning in parser.warnings.listed()] == ["a.yaml:1:7: line.port: x is odd"]


def test_a_section_with_a_mistake_is_not_checked_as_a_whole() -> None:
    def check(_line: Line) -> Iterator[Finding]:
        yield Finding((), "checked")

    problems = Problems()

    made = Parser(problems, checks={Line: check}).parse(Line, tree("port: 1"), ())

    assert made is INVALID
    assert len(problems) == 1


@pytest.mark.parametrize("hint", [list[int], tuple[int, int], bytes])
def test_a_type_that_settings_cannot_hold_is_the_programmers_mistake(hint: Any) -> None:
    node = tree("a: [1]").get("a") if hint == tuple[int, int] else tree("a: x").get("a")
    assert node is not None

    with pytest.raises(TypeError, match="settings cannot hold"):
        Parser(Problems()).parse(hint, node, ())
