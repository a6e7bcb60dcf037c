from datetime import UTC, datetime

import pytest

from agent.ocpp.adapter import Adapter, WrongPayload
from agent.ocpp.v16.actions import NOT_SUPPORTED
from agent.ocpp.v16.adapter import Adapter16
from agent.station.commands import ClearCache, Done, GetBaseReport, Outcome


def test_it_speaks_1_6(adapter: Adapter16) -> None:
    as_protocol: Adapter = adapter

    assert as_protocol.subprotocol == "ocpp1.6"


@pytest.mark.parametrize("action", sorted(NOT_SUPPORTED))
def test_an_action_of_another_profile_is_not_supported(adapter: Adapter16, action: str) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.command(action, {})

    assert refused.value.code == "NotSupported"


@pytest.mark.parametrize("action", ["GetVariables", "reset", ""])
def test_an_action_that_1_6_does_not_have_is_not_implemented(adapter: Adapter16, action: str) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.command(action, {})

    assert refused.value.code == "NotImplemented"


def test_a_command_of_another_version_has_no_answer_here(adapter: Adapter16) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.command_answer(GetBaseReport(request_id=1, base="FullInventory"), Done(Outcome.ACCEPTED))

    assert refused.value.code == "InternalError"


def test_no_answer_promises_further_messages(adapter: Adapter16) -> None:
    now = datetime(2026, 5, 4, tzinfo=UTC)

    assert adapter.follow_ups(ClearCache(), Done(Outcome.ACCEPTED), at=now) == ()
