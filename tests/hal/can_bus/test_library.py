"""python-can and cantools, and when they are imported."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from hal.can_bus.library import check_interface, database, python_can
from hal.can_bus.settings import BusSettings
from hal.errors import WrongSettings
from hal.registry import SharedDevices
from tests.hal.can_bus.rig import DBC


def test_the_driver_is_imported_without_them() -> None:
    script = "import sys, hal.can_bus.board; print({'can', 'cantools'} & set(sys.modules) or 'neither')"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout.strip() == "neither"


def test_a_dbc_file_is_read_once_for_all_boards() -> None:
    shared = SharedDevices()

    assert database(DBC, shared=shared) is database(DBC, shared=shared)


@pytest.mark.parametrize(
    ("text", "words"), [(None, "cannot be read"), ("BO_ nonsense", "is no DBC file"), ("\x00\x01", "is no DBC file")]
)
def test_a_dbc_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "board.dbc"
    if text is not None:
        file.write_text(text)

    with pytest.raises(WrongSettings, match=words) as refused:
        database(file, shared=SharedDevices())

    assert refused.value.path == ("dbc",)


def test_an_interface_that_nobody_knows_is_refused_with_what_may_be_meant() -> None:
    with pytest.raises(WrongSettings, match="did you mean 'socketcan'") as refused:
        check_interface(BusSettings(channel="can0", interface="socketCan"))

    assert refused.value.path == ("bus", "interface")


def test_where_a_package_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "can", None)

    with pytest.raises(WrongSettings, match=r"evse-agent\[can\]") as refused:
        python_can()

    assert refused.value.path == ("driver",)


def test_python_can_does_not_fill_the_log_unless_it_was_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    library_log = logging.getLogger("can")
    monkeypatch.setattr(library_log, "level", logging.NOTSET)
    python_can()
    by_itself = library_log.level

    monkeypatch.setattr(library_log, "level", logging.DEBUG)
    python_can()

    assert (by_itself, library_log.level) == (logging.CRITICAL, logging.DEBUG)
