import time
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings_nodes import Kind, ListNode, MapNode, Node, Problems, Scalar, Where
from agent.settings_yaml import MAX_BYTES, read_nodes, read_text


def read(text: str) -> tuple[Node | None, list[str]]:
    problems = Problems()
    root = read_nodes(text, file="a.yaml", problems=problems)
    return root, [str(problem) for problem in problems.listed()]


def test_every_value_knows_its_place() -> None:
    root, problems = read("a:\n  - b: 1\n    c: [x, 'y']\n")

    assert problems == []
    assert isinstance(root, MapNode)
    listed = root.get("a")
    assert isinstance(listed, ListNode)
    inner = listed.items[0]
    assert isinstance(inner, MapNode)
    assert inner.where == Where("a.yaml", 2, 5)
    assert inner.get("b") == Scalar("1", Kind.INTEGER, is_plain=True, where=Where("a.yaml", 2, 8))
    flow = inner.get("c")
    assert isinstance(flow, ListNode)
    assert flow.items[1] == Scalar("y", Kind.TEXT, is_plain=False, where=Where("a.yaml", 3, 12))


def test_a_block_is_placed_where_its_key_is() -> None:
    root, _ = read("top:\n\n    under: 1\n")

    assert isinstance(root, MapNode)
    under = root.get("top")
    assert under is not None
    assert under.where == Where("a.yaml", 1, 1)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("x", Kind.TEXT),
        ("'1'", Kind.TEXT),
        ("!!str 1", Kind.TEXT),
        ("! 1", Kind.TEXT),
        ("1", Kind.INTEGER),
        ("0x1F", Kind.INTEGER),
        ("1:30", Kind.INTEGER),
        ("1.5", Kind.FLOAT),
        (".inf", Kind.FLOAT),
        ("off", Kind.BOOLEAN),
        ("~", Kind.NULL),
        ("", Kind.NULL),
        ("2024-01-01", Kind.TIMESTAMP),
        ("=", Kind.TEXT),
    ],
)
def test_a_scalar_is_told_as_yaml_takes_it(written: str, kind: Kind) -> None:
    root, problems = read(f"[{written}, x]" if written else "-\n")

    assert problems == []
    assert isinstance(root, ListNode)
    first = root.items[0]
    assert isinstance(first, Scalar)
    assert first.kind is kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1", ":2:1: a tab; indent with spaces"),
        ("a: @b", ':1:4: no value can begin with "@"; put it in quotes'),
        (
            "a: b: c",
            ':1:5: not YAML: a second ": " on this line, or wrong indentation; put a value that holds one in quotes',
        ),
        ("a: 1\nb\nc: 2", ':3:1: not YAML: a key without ": " after it; write key: value'),
        (
            "a: 1\n b: 2\n",
            ':2:3: not YAML: a second ": " on this line, or wrong indentation; put a value that holds one',
        ),
        ("  a: 1\n b: 2\n", ":2:2: not YAML: indented less than the lines above; line the keys up"),
        ("a:\n  b: 1\n c: 2\n", ":3:2: not YAML: wrong indentation or a missing comma; line the keys up"),
        ("- a\nb: c", ":2:1: not YAML: a key among list entries; mind the indentation, or add a dash"),
        ("a: 'x", ":1:6: not YAML: a quotation mark is never closed; close it"),
        ("a: [1", ":2:1: not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"),
        ("a: 1\n\x07: 2", ":2:1: U+0007 is not allowed in YAML; remove it"),
        ("a: 1\n---\nb: 2", ":2:1: a second document begins; keep one, and remove the line ---"),
        ("a: !secret x", ':1:4: a: the tag "!secret" is not known here; remove it'),
        ("a: !!binary eA==", ':1:4: a: the tag "tag:yaml.org,2002:binary" is not known here; remove it'),
        ("a: !map {}", ':1:4: a: the tag "!map" is not known here; remove it'),
        ("a: 1\na: 2", ":2:1: a: the same key again (line 1 has it too); remove one of them"),
        ("? [b, c]\n: 1", ":1:3: a list or mapping as a key; give a word, or mind the braces"),
        ("a: {{ b }}", ":1:5: a: a list or mapping as a key; give a word, or mind the braces"),
        ("a: *b", ":1:4: a: the alias *b has no anchor before it; write the value out"),
        ("a: &b [*b]", ":1:8: a[0]: the alias *b stands for what contains it; write the value out"),
        ("a: &b {c: 1}\nd:\n  <<: *b", ':3:3: d["<<"]: merge keys are not supported; write the keys out'),
    ],
)
def test_what_is_not_yaml_is_told_with_its_place(text: str, expected: str) -> None:
    _, problems = read(text)

    assert len(problems) == 1
    assert problems[0].startswith(f"a.yaml{expected}")


def test_reading_goes_on_after_a_key_that_is_there_twice() -> None:
    root, problems = read("a: 1\na: {b: 2}\nc: 3\nc: 4\n")

    assert [problem.split(": ")[1] for problem in problems] == ["a", "c"]
    assert isinstance(root, MapNode)
    assert [(key.text, value.text) for key, value in root.entries if isinstance(value, Scalar)] == [
        ("a", "1"),
        ("c", "3"),
    ]


def test_an_alias_stands_for_the_value_of_its_anchor() -> None:
    root, problems = read("a: &meter {driver: sim}\nb: *meter\n")

    assert problems == []
    assert isinstance(root, MapNode)
    assert root.get("a") == root.get("b")


def test_an_alias_bomb_is_refused_at_once() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    began = time.monotonic()

    root, problems = read("\n".join(levels))

    assert root is None
    assert "more than 10000 values" in problems[0]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: "])
def test_bottomless_nesting_is_refused(opening: str) -> None:
    root, problems = read(opening * 100_000)

    assert root is None
    assert len(problems) == 1


def test_a_file_of_the_largest_size_is_still_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"#" * MAX_BYTES)

    assert len(read_text(file)) == MAX_BYTES


def test_a_name_that_no_system_takes_is_told() -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_text(Path("a\0b"))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_text(Path("a" * 5000))
