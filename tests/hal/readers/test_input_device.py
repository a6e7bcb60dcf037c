"""Opening input devices."""

import os
from pathlib import Path

import pytest

from hal.errors import DeviceGone
from hal.readers.input_device import open_exclusive


def test_a_device_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="cannot be opened"):
        open_exclusive(str(tmp_path / "event9"), "reader 1")


def test_what_cannot_be_grabbed_is_refused_and_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "event9"
    os.mkfifo(path)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their count matters

    with pytest.raises(DeviceGone, match="cannot be had for ourselves"):
        open_exclusive(str(path), "reader 1")

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - likewise
