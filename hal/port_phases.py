"""The phase switch of a port."""

import asyncio
import logging

from hal.errors import HalError
from hal.parts import PhaseSwitch
from hal.port_devices import Device, call

log = logging.getLogger(__name__)

COUNTS = (1, 3)


class Phases:
    """Moves the switch; whether it may be moved now is its caller's to know."""

    def __init__(self, switch: PhaseSwitch | None, *, device: Device | None, timeout_s: float, name: str) -> None:
        self.connected: int | None = None
        """How many phases are connected; None where that is not known."""
        self._switch = switch
        self._device = device
        self._timeout_s = timeout_s
        self._name = name

    @property
    def can_switch(self) -> bool:
        """Whether there is a switch at all."""
        return self._switch is not None

    async def use(self, count: int) -> bool:
        """Connect 1 or 3 phases; False where the switch does not confirm it in time."""
        switch = self._switch
        if switch is None:
            return False
        self.connected = None
        try:
            async with asyncio.timeout(self._timeout_s):
                await call(self._device, lambda: switch.use_phases(count))
        except (HalError, TimeoutError) as error:
            log.warning("%s: %d phases not confirmed: %s", self._name, count, str(error) or "no answer in time")
            return False
        self.connected = count
        return True
