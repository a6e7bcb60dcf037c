"""Each test that asks for a board runs on every back end."""

from collections.abc import Iterator

import pytest

from tests.hal.gpio.rig import BOARDS, Board, board_of


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    with board_of(request.param) as made:
        yield made
