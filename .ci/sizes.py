"""Reports source files over 400 lines. It only reports: where to cut is a reader's decision, not a script's."""

from pathlib import Path
from typing import Final

LONGEST: Final = 400
ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ("agent", "hal", "hil", "tests", ".ci")


def long_files(root: Path = ROOT) -> list[tuple[int, str]]:
    """Lines and path of every source file that is too long, the longest first."""
    found = []
    for folder in SOURCES:
        for file in (root / folder).rglob("*.py"):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST:
                found.append((lines, str(file.relative_to(root))))
    return sorted(found, reverse=True)


if __name__ == "__main__":
    for lines, name in long_files():
        print(f"{name}: {lines} lines, more than {LONGEST}")
