"""The reader as a device of the kernel: what can be checked without one."""

import os
from pathlib import Path

import pytest

from hil.devices.hid_keys_uinput import UI_DEV_SETUP, UinputKeys, setup_of


def test_the_setup_is_as_long_as_its_request_number_says() -> None:
    assert len(setup_of("x" * 200)) == (UI_DEV_SETUP >> 16) & 0x3FFF
    assert setup_of("reader")[8:15] == b"reader\0"


def test_where_uinput_cannot_be_used_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "uinput").touch()
    keys = UinputKeys(tmp_path / "link", uinput=tmp_path / "uinput")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their count matters

    with pytest.raises(OSError, match="ioctl"):
        keys.plug()

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - likewise
    assert not keys.path.is_symlink()


def test_unplugged_it_types_nothing(tmp_path: Path) -> None:
    keys = UinputKeys(tmp_path / "link")
    keys.unplug()

    with pytest.raises(OSError, match="unplugged"):
        keys.type("1")
