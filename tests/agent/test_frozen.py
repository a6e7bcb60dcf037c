"""Frozen values behave as the standard library's dataclasses do."""

import dataclasses
from dataclasses import field, replace

import pytest

from agent.frozen import dataclass
from agent.log import Secret


@dataclass(frozen=True, slots=True)
class Point:
    """Two required, one with a default, one made anew, one hidden, one not compared."""

    x: int
    y: int
    name: str = "here"
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="s3cret", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A base of keyword-only fields."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dog(Named):
    """A class over it."""

    legs: int = 4

    def __post_init__(self) -> None:
        if self.legs < 0:
            raise ValueError("legs")


@dataclass(frozen=True, slots=True)
class Cased:
    """Has an equality of its own."""

    value: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cased) and self.value.lower() == other.value.lower()

    def __hash__(self) -> int:
        return hash(self.value.lower())


@dataclass(frozen=True, slots=True)
class Nothing:
    """No fields at all."""


def test_values_are_made_by_position_and_by_keyword() -> None:
    assert Point(1, 2) == Point(x=1, y=2, name="here")
    assert Point(1, 2).tags == []
    assert Point(1, 2).tags is not Point(1, 2).tags


def test_missing_and_unknown_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]  # what is shown
    with pytest.raises(TypeError):
        Dog("Rex")  # type: ignore[call-arg]  # what is shown


def test_values_have_slots_and_no_room_for_more() -> None:
    with pytest.raises(AttributeError):
        Point(1, 2).z = 3  # type: ignore[attr-defined]  # what is shown
    assert not hasattr(Point(1, 2), "__dict__")


def test_only_the_very_same_class_with_the_same_compared_fields_is_equal() -> None:
    assert Point(1, 2, tags=["a"]) == Point(1, 2, tags=["b"])
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2).__eq__(Nothing()) is NotImplemented
    assert len({Point(1, 2), Point(1, 2)}) == 1
    assert Nothing() == Nothing()


def test_an_equality_of_its_own_is_kept() -> None:
    assert Cased("A") == Cased("a")
    assert len({Cased("A"), Cased("a")}) == 1


def test_a_repr_names_the_fields_but_no_hidden_one() -> None:
    shown = repr(Point(1, 2, secret="hunter2"))

    assert shown == "Point(x=1, y=2, name='here', tags=[])"
    assert "hunter2" not in repr([Secret("hunter2")])


def test_inherited_keyword_fields_replace_and_checks_work() -> None:
    rex = Dog(name="Rex")

    assert replace(rex, legs=3) == Dog(name="Rex", legs=3)
    assert [one.name for one in dataclasses.fields(rex)] == ["name", "legs"]
    with pytest.raises(ValueError, match="legs"):
        replace(rex, legs=-1)


def test_patterns_match_by_position() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")
