"""What was measured, and the table of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

HEADER = ("figure", "ours", "floor", "ratio", "mobilityhouse", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: ours beside the floor and mobilityhouse's client, all in `unit`; None where there is none.

    `target` is the most (or, with `more_is_better`, the least) that ours may be; `rule` is where it comes from.
    """

    name: str
    unit: str
    ours: float
    floor: float | None = None
    mobilityhouse: float | None = None
    target: float | None = None
    rule: str = ""
    more_is_better: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        by_kind: Mapping[str, float],
        *,
        target: float | None = None,
        rule: str = "",
        more_is_better: bool = False,
    ) -> "Figure":
        """From the values of all three kinds of client."""
        return cls(
            name,
            unit,
            by_kind["ours"],
            by_kind["floor"],
            by_kind["mobilityhouse"],
            target=target,
            rule=rule,
            more_is_better=more_is_better,
        )

    @property
    def met(self) -> bool | None:
        """Whether the target is kept; None where there is none."""
        if self.target is None:
            return None
        return self.ours >= self.target if self.more_is_better else self.ours <= self.target

    def as_json(self) -> dict[str, object]:
        """For --json."""
        return {
            **asdict(self),
            "ratio_to_floor": _ratio(self.ours, self.floor),
            "ratio_to_mobilityhouse": _ratio(self.ours, self.mobilityhouse),
            "met": self.met,
        }

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as HEADER names them."""
        to_floor, to_other = _ratio(self.ours, self.floor), _ratio(self.ours, self.mobilityhouse)
        target = "-"
        if self.target is not None:
            sign = ">=" if self.more_is_better else "<="
            target = f"{sign} {_number(self.target)}" + (f" ({self.rule})" if self.rule else "")
        return (
            f"{self.name} [{self.unit}]",
            _number(self.ours),
            _number(self.floor),
            "-" if to_floor is None else f"{to_floor:.2f}x",
            _number(self.mobilityhouse),
            "-" if to_other is None else f"{to_other:.2f}x",
            target,
            {True: "yes", False: "NO", None: ""}[self.met],
        )


def table(figures: Sequence[Figure]) -> str:
    """All lines under one header, in columns."""
    rows = [HEADER, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def misses(figures: Iterable[Figure]) -> str:
    """What does not keep its target, in words."""
    missed = [figure for figure in figures if figure.met is False]
    if not missed:
        return "Every target is met."
    lines = [
        f"  {one.name}: {_number(one.ours)} {one.unit}, target {_number(one.target)}"
        + (f" ({one.rule})" * bool(one.rule))
        for one in missed
    ]
    return "\n".join([f"{len(missed)} targets are missed:", *lines])


def median(values: Iterable[float]) -> float:
    """The middle one: a machine that also does other things makes single runs slow, never fast."""
    return quantile(values, 0.5)


def quantile(values: Iterable[float], part: float) -> float:
    """The smallest value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others, last, met = row
    middle = [cell.rjust(width) for cell, width in zip(others, widths[1:-2], strict=True)]
    return "  ".join([first.ljust(widths[0]), *middle, last.ljust(widths[-2]), met]).rstrip()


def _ratio(ours: float, other: float | None) -> float | None:
    return ours / other if other else None


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
