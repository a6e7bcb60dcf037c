"""python-can and cantools, imported only where a CAN board is configured: together they take a quarter of a second."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from hal.can_bus.settings import BusSettings, hint
from hal.errors import WrongSettings
from hal.registry import SharedDevices

if TYPE_CHECKING:
    from cantools.database.can import Database


def python_can() -> ModuleType:
    """The package `can`. Raises WrongSettings where it is not installed."""
    with _telling_how_to_install():
        import can
    library_log = logging.getLogger("can")
    if library_log.level == logging.NOTSET:
        # It logs every failed attempt by itself; the driver tells once, and counts.
        library_log.setLevel(logging.CRITICAL)
    return can


def check_interface(settings: BusSettings) -> None:
    """Raise WrongSettings where python-can knows no such interface."""
    with _telling_how_to_install():
        from can.interfaces import BACKENDS
    if settings.interface not in BACKENDS:
        known = ", ".join(sorted(BACKENDS))
        raise WrongSettings(
            f"python-can has no interface {settings.interface!r}{hint(settings.interface, BACKENDS)} (known: {known})",
            path=("bus", "interface"),
        )


def database(path: Path, *, shared: SharedDevices) -> "Database":
    """The DBC file, read once for all boards. Raises WrongSettings where it cannot be."""
    return shared.get(("dbc", str(path)), lambda: _load(path))


def _load(path: Path) -> "Database":
    with _telling_how_to_install():
        from cantools.database import load_string
        from cantools.database.errors import Error
    try:
        text = path.read_text(encoding="cp1252")
        loaded = load_string(text, database_format="dbc")
    except OSError as error:
        raise WrongSettings(f"{path}: cannot be read: {error.strerror}", path=("dbc",)) from error
    except (Error, ValueError) as error:
        raise WrongSettings(f"{path}: is no DBC file that can be used: {error}", path=("dbc",)) from error
    return loaded  # type: ignore[return-value]  # a DBC file is never a diagnostics database


@contextmanager
def _telling_how_to_install() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise WrongSettings(
            f"driver 'can-board' needs {error.name!r}, which is not installed: pip install 'evse-agent[can]'",
            path=("driver",),
        ) from error
