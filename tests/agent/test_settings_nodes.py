import pytest

from agent.errors import SettingsError
from agent.settings_nodes import (
    Kind,
    ListNode,
    MapNode,
    Problems,
    Scalar,
    Where,
    find,
    keys_of,
    path_text,
    shown,
)


def at(line: int, column: int = 1) -> Where:
    return Where("a.yaml", line, column)


def word(text: str, line: int) -> Scalar:
    return Scalar(text, Kind.TEXT, is_plain=True, where=at(line))


TREE = MapNode((((word("a", 1)), ListNode((word("x", 2), word("y", 3)), at(1))),), at(1))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("evses", 0, "hal", "meter"), "evses[0].hal.meter"),
        (("ocpp_variables", "TxCtrlr.TxStartPoint"), 'ocpp_variables["TxCtrlr.TxStartPoint"]'),
        (("a-b", 12), "a-b[12]"),
    ],
)
def test_a_path_is_read_as_it_is_written(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text
    assert keys_of(text) == path


def test_a_path_is_followed_as_far_as_the_file_goes() -> None:
    assert find(TREE, ("a", 1)) == (at(3), ("a", 1))
    assert find(TREE, ("a", 2)) == (at(1), ("a",))
    assert find(TREE, ("a", 1, "b")) == (at(3), ("a", 1))
    assert find(TREE, ("b", 0)) == (at(1), ())
    assert find(TREE, (0,)) == (at(1), ())


def test_problems_are_listed_by_line_each_once() -> None:
    problems = Problems()
    for line in (3, 1, 3):
        problems.add(at(line), ("a",), "wrong")

    assert [str(problem) for problem in problems.listed()] == ["a.yaml:1:1: a: wrong", "a.yaml:3:1: a: wrong"]


def test_more_than_a_hundred_problems_are_only_counted() -> None:
    problems = Problems()
    for line in range(150):
        problems.add(at(line), (), "wrong")

    listed = problems.listed()

    assert len(listed) == 101
    assert str(listed[-1]) == "a.yaml: 50 more mistakes"


def test_nothing_is_raised_without_a_problem() -> None:
    problems = Problems()

    problems.raise_if_any()
    problems.add(at(1), (), "wrong")

    with pytest.raises(SettingsError, match=r"a\.yaml:1:1: wrong"):
        problems.raise_if_any()


def test_a_text_is_shown_on_one_line_and_not_endlessly() -> None:
    assert shown("a b") == '"a b"'
    assert "\n" not in shown("a\nb")
    assert len(shown("x" * 1000)) == 42


def test_a_scalar_does_not_show_what_it_holds() -> None:
    assert "hunter2" not in repr(word("hunter2", 1))
