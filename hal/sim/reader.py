"""The `sim-reader` driver: a token reader in front of which the controls hold cards."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from hal.errors import DeviceGone
from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.sim.controls import SIM_CONTROLS_KEY, SimControls
from hal.sim.watched import Stream


@dataclass(frozen=True, slots=True)
class SimReaderSettings:
    """It has none."""


class SimReader:
    """Each presentation reaches everyone who follows `tokens`; a card held before nobody is lost, as in life."""

    Settings = SimReaderSettings
    PARTS = frozenset({"reader"})

    def __init__(self, settings: SimReaderSettings, context: DriverContext) -> None:
        self.settings = settings
        self.name = context.name
        self._presented: Stream[TokenReading] = Stream()
        context.shared.get(SIM_CONTROLS_KEY, SimControls).add_reader(self, evse_id=context.evse_id)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to release."""

    def present(self, value: str, *, type: str = "ISO14443") -> None:  # noqa: A002 - TokenReading's word
        """Hold a token in front of the reader."""
        self._presented.emit(TokenReading(value=value, type=type))

    def set_failed(self, *, failed: bool) -> None:
        """Unplug the reader, or plug it in again."""
        self._presented.fail(DeviceGone("simulated loss of the reader", device=self.name) if failed else None)

    def tokens(self) -> AsyncIterator[TokenReading]:
        """TokenReader."""
        return self._presented.follow()
