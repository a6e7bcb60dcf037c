"""A light of the maker Acme: it shows the station's looks in a file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from hal.errors import WrongSettings
from hal.registry import DriverContext


@dataclass(frozen=True, slots=True)
class LampSettings:
    """Where the light is."""

    path: str = field(metadata={"doc": "File that holds the present look."})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.path.startswith("/"):
            raise WrongSettings(f"path must be absolute, not {self.path!r}", path=("path",))


class Lamp:
    """hal.parts.Indicator."""

    Settings: ClassVar[type] = LampSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"indicator"})

    def __init__(self, settings: LampSettings, context: DriverContext) -> None:
        self._path = Path(settings.path)
        self._name = context.name

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Dark."""
        self._path.write_text("dark", encoding="utf-8")

    def show(self, look: str) -> None:
        """hal.parts.Indicator."""
        self._path.write_text(f"{self._name}: {look}", encoding="utf-8")
