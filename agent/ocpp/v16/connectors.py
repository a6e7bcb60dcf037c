"""1.6 counts connectors through; the station knows EVSEs with connectors."""

from agent.ocpp.adapter import Topology

NO_SUCH_EVSE = -1
"""Stands for a connectorId that does not exist, so that the station rejects it.

The number itself will not do: it may be the id of another EVSE.
"""


def located(number: int, topology: Topology) -> tuple[int, int]:
    """EVSE and connector of a connectorId; NO_SUCH_EVSE where there is no such connector."""
    return topology.connector_at(number) or (NO_SUCH_EVSE, number)
