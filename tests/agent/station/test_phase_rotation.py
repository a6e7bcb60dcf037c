"""Which phases of the grid a connector lies on."""

import pytest

from agent.station.phase_rotation import grid_phases


@pytest.mark.parametrize(
    ("rotations", "connector", "phases", "expected"),
    [
        ("1.RST,2.STR", 2, 1, (2,)),
        ("1.RST, 2.TRS", 2, 1, (3,)),
        ("1.RST,2.STR", 2, 2, (2, 3)),
        ("1.RST,2.STR", 2, 3, (1, 2, 3)),
        ("0.RST", 1, 1, (1, 2, 3)),
        ("1.Unknown", 1, 1, (1, 2, 3)),
        ("1.NotApplicable", 1, 1, (1, 2, 3)),
        ("", 1, 1, (1, 2, 3)),
        ("1,RST", 1, 1, (1, 2, 3)),
    ],
)
def test_a_rotation_is_read_by_connector(
    rotations: str, connector: int, phases: int, expected: tuple[int, ...]
) -> None:
    assert grid_phases(rotations, connector=connector, phases=phases) == expected
