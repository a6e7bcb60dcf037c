from pathlib import Path

import pytest

from hal.errors import WrongSettings
from hal.sim import state_file
from hal.sim.state_file import BoardState


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "boards" / "evse-1.json"
    state = BoardState(register_mj=4_444_444_444_444_444, plugged=True, soc_percent=55.5)

    state_file.save(path, state)

    assert state_file.load(path) == state
    assert [one.name for one in path.parent.iterdir()] == ["evse-1.json"]


def test_a_board_that_was_never_saved_has_no_state(tmp_path: Path) -> None:
    assert state_file.load(tmp_path / "none.json") is None


@pytest.mark.parametrize("text", ["", "[]", '{"register_mj": "many"}'])
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "evse-1.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(WrongSettings, match=r"evse-1\.json"):
        state_file.load(path)
