from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NewType

import pytest

from agent.log import Secret
from agent.settings_drivers import HalParts
from agent.settings_hints import Shape, choices_of, fields_of, is_required, mend, options_of, shape_of, wanted

Wh = NewType("Wh", int)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Part:
    pin: int
    inverted: "bool" = False
    hidden: int = field(default=0, metadata={"internal": True})
    derived: int = field(default=0, init=False)


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (int, Shape.SCALAR),
        (int | None, Shape.UNION),
        (Literal["a"], Shape.CHOICE),
        (Colour, Shape.CHOICE),
        (tuple[int, ...], Shape.LIST),
        (dict[str, int], Shape.TABLE),
        (Mapping[str, int], Shape.TABLE),
        (Part, Shape.SECTION),
        (HalParts, Shape.OWN),
    ],
)
def test_a_hint_has_a_shape(hint: Any, shape: Shape) -> None:
    assert shape_of(hint) is shape


def test_fields_that_no_file_holds_are_left_out_and_annotations_resolved() -> None:
    known = {one.name: (hint, is_required(one)) for one, hint in fields_of(Part)}

    assert known == {"pin": (int, True), "inverted": (bool, False)}


def test_choices_and_options_are_listed_without_none() -> None:
    assert choices_of(Colour) == ("red", "blue")
    assert choices_of(Literal[1, 3]) == (1, 3)
    assert options_of(int | str | None) == (int, str)


@pytest.mark.parametrize(
    ("hint", "rules", "words"),
    [
        (int, {}, "a whole number"),
        (Wh, {"minimum": 0}, "a whole number of at least 0"),
        (float, {"maximum": 5, "unit": "s"}, "a number of at most 5 s"),
        (float, {"minimum": 6, "maximum": 80, "unit": "A"}, "a number from 6 to 80 A"),
        (float, {"unit": "V"}, "a number in V"),
        (bool, {}, "true or false"),
        (str, {}, "text"),
        (str, {"longest": 20}, "text of at most 20 characters"),
        (Secret, {"pattern_says": "a password"}, "a password"),
        (Path, {}, "the name of a file"),
        (int | str | None, {}, "a whole number or text"),
        (Colour, {}, "one of red, blue"),
        (tuple[int, ...], {}, "a list"),
        (Part, {}, "a mapping (key: value)"),
    ],
)
def test_what_is_wanted_is_said_in_words(hint: Any, rules: dict[str, Any], words: str) -> None:
    assert wanted(hint, rules) == words


def test_the_meaning_follows_in_brackets() -> None:
    assert mend(int, {"doc": "BCM number of the pin."}) == "give a whole number (BCM number of the pin)"
