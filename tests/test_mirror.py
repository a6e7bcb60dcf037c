"""Every source file with logic has a test file at the mirrored place.

Logic is any `def` whose body is more than a docstring, `...` or `pass`: tables, types and Protocols need no test of
their own. A test file may be split: hal/port.py has test_port.py, and test_port_timing.py beside it.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agent", "hal", "hil")

EXCEPTIONS = {
    "agent/ocpp/adapter.py": "the contract of the adapters; tests/agent/ocpp/v16 and v201 hold them to it",
    "hal/errors.py": "exception types that keep what they are given",
    "hil/csms/behaviours.py": "value types that tests/hil/csms/test_station.py makes use of",
    "hil/csms/errors.py": "exception types that keep what they are given",
    "hil/csms/versions.py": "a table and its look-up, used by every test of the bench",
}
"""Source file -> why it has no mirror; a file that has its mirror must not stand here."""


def has_logic(source: str) -> bool:
    """Whether any function in a module does something."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(not all(_is_nothing(statement) for statement in function.body) for function in functions)


def _is_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):  # a docstring or `...`
            return True
        case _:
            return False


def mirror_of(source: Path) -> Path:
    """agent/ocpp/frame.py -> tests/agent/ocpp/test_frame.py, dunder names without their underscores."""
    return Path("tests") / source.parent / f"test_{source.stem.strip('_')}.py"


def sources() -> list[Path]:
    """Every module of the product and the bench, relative to the root."""
    return sorted(file.relative_to(ROOT) for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def without_mirror() -> set[str]:
    """The source files that have logic and no test file."""
    return {
        str(file)
        for file in sources()
        if has_logic((ROOT / file).read_text(encoding="utf-8")) and not (ROOT / mirror_of(file)).is_file()
    }


def test_every_source_file_with_logic_has_its_mirror_or_a_reason() -> None:
    missing = without_mirror() - set(EXCEPTIONS)

    assert not missing, "\n".join(f"{name}: write {mirror_of(Path(name))}" for name in sorted(missing))


def test_no_exception_outlives_its_reason() -> None:
    stale = set(EXCEPTIONS) - without_mirror()

    assert not stale


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("X = 1", False),
        ('def f() -> None:\n    """Nothing yet."""', False),
        ("class P(Protocol):\n    async def verb(self) -> None: ...", False),
        ("class C:\n    def f(self) -> int:\n        return 1", True),
        ("async def f() -> None:\n    await g()", True),
    ],
)
def test_only_bodies_that_do_something_count_as_logic(source: str, expected: bool) -> None:
    assert has_logic(source) is expected
