import pytest

from agent.ocpp.adapter import Topology, WrongPayload
from agent.ocpp.v16.action import ACCEPTED_OR_REJECTED, status_encoder
from agent.station.commands import ClearCache, Done, LocalListVersion, Outcome


def test_an_outcome_that_an_action_cannot_tell_is_spelled_otherwise(topology: Topology) -> None:
    encode = status_encoder({Outcome.SCHEDULED: "Scheduled"}, otherwise="Rejected")

    assert encode(ClearCache(), Done(Outcome.SCHEDULED), topology) == {"status": "Scheduled"}
    assert encode(ClearCache(), Done(Outcome.FAILED), topology) == {"status": "Rejected"}


def test_an_answer_of_another_command_is_an_internal_error(topology: Topology) -> None:
    with pytest.raises(WrongPayload) as refused:
        ACCEPTED_OR_REJECTED(ClearCache(), LocalListVersion(3), topology)

    assert refused.value.code == "InternalError"
