"""The adapter as the rest of the agent sees it."""

from datetime import UTC, datetime

import pytest

from agent.clock import Moment
from agent.ocpp.adapter import Adapter, BootReason, FactAnswer, Registration, StationIdentity, Topology, WrongPayload
from agent.ocpp.v201.adapter import Adapter21, Adapter201
from agent.station.commands import ClearCache, Done, GetBaseReport, Outcome, Report
from agent.station.connector import ConnectorStatus
from agent.station.device_model import DeviceModel
from agent.station.effects import ReportStatus
from agent.station.facts import ChargingState, IdleMeterSampled, TransactionStarted, Trigger
from agent.station.id_token import AuthorizationStatus, IdToken
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from agent.units import Wh
from tests.agent.ocpp.v201.schema_check import Sent, Wall

TOPOLOGY = Topology(((1, (1,)), (2, (1,))))


@pytest.fixture(params=[Adapter201, Adapter21])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    made: Adapter = request.param(TOPOLOGY)
    return made


@pytest.fixture
def started(moment: Moment) -> TransactionStarted:
    return TransactionStarted(
        transaction_id="t1",
        seq_no=0,
        at=moment,
        evse_id=1,
        connector_id=1,
        trigger=Trigger.AUTHORIZED,
        charging_state=ChargingState.EV_CONNECTED,
        register_wh=Wh(5),
        token=IdToken("AA"),
    )


@pytest.fixture
def idle(moment: Moment) -> IdleMeterSampled:
    energy = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 5, "Wh")
    return IdleMeterSampled(at=moment, evse_id=1, values=(MeterValue(moment, Context.SAMPLE_CLOCK, (energy,)),))


def test_the_two_speak_under_their_own_names() -> None:
    assert Adapter201(TOPOLOGY).subprotocol == "ocpp2.0.1"
    assert Adapter21(TOPOLOGY).subprotocol == "ocpp2.1"


def test_what_the_station_asks_fits(adapter: Adapter, at: datetime, moment: Moment, sent: Sent) -> None:
    sent(adapter.boot_notification(StationIdentity("V", "M"), BootReason.WATCHDOG))
    sent(adapter.heartbeat())
    sent(adapter.authorize(IdToken("AA")))
    sent(adapter.status_notification(ReportStatus(1, 1, ConnectorStatus.CHARGING, moment), at=at))


def test_what_the_csms_answers_is_understood(adapter: Adapter) -> None:
    new_year = "2026-01-01T00:00:00Z"

    boot = adapter.boot_answer({"status": "Accepted", "interval": 60, "currentTime": new_year})

    assert boot.status is Registration.ACCEPTED
    assert adapter.heartbeat_answer({"currentTime": new_year}) == datetime(2026, 1, 1, tzinfo=UTC)
    assert adapter.authorize_answer({"idTokenInfo": {"status": "Expired"}}).status is AuthorizationStatus.EXPIRED


def test_facts_become_their_messages(
    adapter: Adapter, started: TransactionStarted, idle: IdleMeterSampled, wall: Wall, sent: Sent
) -> None:
    started_call = adapter.encode_fact(started, wall=wall, ledger=None)
    idle_call = adapter.encode_fact(idle, wall=wall, ledger=None)

    assert sent(started_call)["eventType"] == "Started"
    assert sent(idle_call)["evseId"] == 1


def test_only_a_transaction_fact_teaches_something(
    adapter: Adapter, started: TransactionStarted, idle: IdleMeterSampled
) -> None:
    answer = adapter.fact_answer(started, {"idTokenInfo": {"status": "Invalid"}})

    assert answer.info is not None
    assert answer.info.status is AuthorizationStatus.INVALID
    assert adapter.fact_answer(idle, {}) == FactAnswer()


def test_only_transaction_facts_are_tried_again(
    adapter: Adapter, started: TransactionStarted, idle: IdleMeterSampled
) -> None:
    assert adapter.is_retryable(started)
    assert not adapter.is_retryable(idle)


def test_a_command_goes_in_and_its_answer_out(adapter: Adapter, at: datetime) -> None:
    command = adapter.command("ClearCache", {})

    assert command == ClearCache()
    assert adapter.command_answer(command, Done(Outcome.ACCEPTED)) == {"status": "Accepted"}
    assert adapter.follow_ups(command, Done(Outcome.ACCEPTED), at=at) == ()


def test_a_report_follows_its_answer(adapter: Adapter, at: datetime, sent: Sent) -> None:
    command = adapter.command("GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"})
    report = Report(3, DeviceModel.build(TOPOLOGY.evses).report("FullInventory") or ())

    calls = adapter.follow_ups(command, report, at=at)

    assert command == GetBaseReport(3, "FullInventory")
    assert adapter.command_answer(command, report) == {"status": "Accepted"}
    assert [sent(call)["seqNo"] for call in calls] == list(range(len(calls)))


@pytest.mark.parametrize(("action", "code"), [("ReserveNow", "NotSupported"), ("MakeCoffee", "NotImplemented")])
def test_other_actions_are_refused(adapter: Adapter, action: str, code: str) -> None:
    with pytest.raises(WrongPayload) as raised:
        adapter.command(action, {})

    assert raised.value.code == code


def test_the_newer_version_recognises_more() -> None:
    codes = []
    for adapter in (Adapter201(TOPOLOGY), Adapter21(TOPOLOGY)):
        with pytest.raises(WrongPayload) as raised:
            adapter.command("SetDefaultTariff", {})
        codes.append(raised.value.code)

    assert codes == ["NotImplemented", "NotSupported"]
