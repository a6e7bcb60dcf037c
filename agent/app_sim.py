"""The simulator's controls of a running agent: cars, cards, faults and the network cable."""

from agent.app import Agent
from agent.log import get_logger
from agent.station.id_token import IdToken
from hal.sim.controls import NotSimulated, SimControls, SimEvseControls, SimEvseView, sim_controls

log = get_logger(__name__)


class Simulation:
    """What a person standing before the charger could do to it."""

    def __init__(self, agent: Agent, controls: SimControls) -> None:
        self._agent = agent
        self._controls = controls

    def plug_in(self, evse_id: int) -> None:
        """A car is connected. Raises NotSimulated for an EVSE without simulated parts."""
        self._evse(evse_id).plug_in()

    def unplug(self, evse_id: int) -> None:
        """The car leaves."""
        self._evse(evse_id).unplug()

    def set_ev(
        self,
        evse_id: int,
        *,
        wants_energy: bool | None = None,
        max_current_a: float | None = None,
        phases: int | None = None,
        battery_kwh: float | None = None,
        soc_percent: float | None = None,
        ignores_offer: bool | None = None,
    ) -> None:
        """Change the car; None leaves it as it is. Raises ValueError for what no car can be."""
        self._evse(evse_id).set_ev(
            wants_energy=wants_energy,
            max_current_a=max_current_a,
            phases=phases,
            battery_kwh=battery_kwh,
            soc_percent=soc_percent,
            ignores_offer=ignores_offer,
        )

    def set_fault(self, evse_id: int, name: str, *, active: bool) -> None:
        """Begin or end a fault of hal.readings.FAULT_NAMES. Raises ValueError for any other."""
        self._evse(evse_id).set_fault(name, active=active)

    def present_token(self, value: str, *, type: str = "ISO14443", evse_id: int | None = None) -> None:  # noqa: A002 - OCPP's word
        """Hold a card before the reader."""
        log.info("card presented", token=IdToken(value, type))
        self._controls.present_token(value, type, evse_id)

    def set_network(self, *, online: bool) -> None:
        """Pull or plug the network cable."""
        self._agent.link.set_network(online=online)

    def view(self, evse_id: int) -> SimEvseView:
        """How the simulated EVSE stands."""
        return self._evse(evse_id).view()

    def _evse(self, evse_id: int) -> SimEvseControls:
        return self._controls.evse(evse_id)


def simulation_of(agent: Agent) -> Simulation | None:
    """The controls, or None where this station has a real part that they could not move."""
    if not agent.plan.settings.is_simulated:
        return None
    controls = sim_controls(agent.shared)
    return Simulation(agent, controls) if controls is not None else None


__all__ = ["NotSimulated", "Simulation", "simulation_of"]
