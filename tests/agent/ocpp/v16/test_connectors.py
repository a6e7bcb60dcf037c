from agent.ocpp.adapter import Topology
from agent.ocpp.v16.connectors import NO_SUCH_EVSE, located


def test_a_connector_id_is_counted_through_all_evses(topology: Topology) -> None:
    assert [located(number, topology) for number in (1, 2, 3)] == [(1, 1), (1, 2), (3, 1)]


def test_a_connector_that_does_not_exist_is_not_mistaken_for_an_evse_with_that_id() -> None:
    topology = Topology(evses=((1, (1,)), (3, (1,))))

    assert located(3, topology)[0] == NO_SUCH_EVSE
    assert located(0, topology)[0] == NO_SUCH_EVSE
    assert located(-1, topology)[0] == NO_SUCH_EVSE
