"""What breaks, what the CSMS is told of it, and how it goes on."""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, StationFile, close_books, running_station
from tests.journeys.dialects import Dialect, Payload

ENDING = [
    ("GroundFailure", "GroundFailure", "CX002", "GroundFault"),
    ("EmergencyStop", "OtherError", "CX008", "EmergencyStop"),
    ("DiodeFault", "OtherError", "CX014", "Other"),
    ("OtherError", "OtherError", "OtherError", "Other"),
]


def event_of(payload: Payload) -> tuple[str, bool, str | None]:
    """techCode, cleared and transactionId of a NotifyEvent."""
    (event,) = payload["eventData"]
    return event["techCode"], event["cleared"], event.get("transactionId")


@pytest.mark.parametrize(("fault", "code", "tech_code", "reason"), ENDING, ids=[row[0] for row in ENDING])
async def test_a_fault_ends_the_charge_and_the_station_works_again_once_it_is_over(
    station: RunningStation, dialect: Dialect, fault: str, code: str, tech_code: str, reason: str
) -> None:
    await station.charge(more_wh=50)

    station.person.set_fault(1, fault, active=True)
    faulted = await dialect.status(station.bench, "Faulted")
    ended = await dialect.ended(station.bench)
    if dialect.is_16:
        assert (faulted["errorCode"], faulted["vendorErrorCode"]) == (code, tech_code)
        assert dialect.stopped_reason(ended) in (reason, "Other")
    else:
        assert dialect.stopped_reason(ended) == reason
        assert ended["triggerReason"] == "AbnormalCondition"
    station.person.set_fault(1, fault, active=False)
    station.person.unplug(1)
    recovered = await dialect.status(station.bench, "Available")

    if dialect.is_16:
        assert recovered["errorCode"] == "NoError"
    await station.until_told()
    told = [event_of(call) for call in station.bench.messages.calls("NotifyEvent")]
    if not dialect.is_16:
        transaction_id = ended["transactionInfo"]["transactionId"]
        assert told == [(tech_code, False, transaction_id), (tech_code, True, told[1][2])]
    await station.charge(more_wh=20)
    await station.leave()


@pytest.mark.parametrize("fault", ["UnderVoltage", "OverVoltage", "HighTemperature"])
async def test_a_passing_fault_pauses_the_charge(station: RunningStation, dialect: Dialect, fault: str) -> None:
    await station.charge(more_wh=50)

    station.person.set_fault(1, fault, active=True)
    await dialect.status(station.bench, "Faulted")
    await station.until(lambda: not station.evse().view().contactor_closed)
    paused_wh = station.evse().view().register_wh
    station.person.set_fault(1, fault, active=False)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until(lambda: station.evse().view().register_wh > paused_wh)
    await station.leave()
    await station.until_told()

    assert len(station.csms.ledger.transactions) == 1


async def test_a_fault_on_one_evse_leaves_the_other_alone(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, data_dir, file=file) as station:
        await station.charge(evse_id=2, more_wh=20)

        station.person.set_fault(1, "GroundFailure", active=True)
        await dialect.status(station.bench, "Faulted", evse_id=1)
        await station.until_metered(50, evse_id=2)

        assert station.status(2) is ConnectorStatus.CHARGING
        await station.leave(evse_id=2)
        await close_books(station)


async def test_a_faulted_evse_takes_no_remote_start(station: RunningStation, dialect: Dialect) -> None:
    station.person.set_fault(1, "GroundFailure", active=True)
    await dialect.status(station.bench, "Faulted")

    answer = await dialect.remote_start("REMOTE-0001", evse_id=1).to(station.bench)

    assert answer["status"] == "Rejected"


async def test_a_fault_that_came_and_went_while_offline_is_told_afterwards(
    station: RunningStation, dialect: Dialect
) -> None:
    station.person.set_network(online=False)
    await station.bench.wait_disconnected()

    station.person.set_fault(1, "GroundFailure", active=True)
    await station.until_status(ConnectorStatus.FAULTED)
    station.person.set_fault(1, "GroundFailure", active=False)
    await station.until_status(ConnectorStatus.AVAILABLE)
    station.person.set_network(online=True)
    await station.until_told()

    calls = station.bench.messages.calls("NotifyEvent")
    assert [event_of(call)[:2] for call in calls] == ([] if dialect.is_16 else [("CX002", False), ("CX002", True)])
    history = await station.agent.store.faults(10)
    assert [(past.fault, past.ended is None) for past in history] == [("GroundFailure", False)]
