"""A CSMS that answers late, never, wrongly, or goes away in the middle of a message."""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import Scripted, answer, call_error, close, close_after, garbage, late, silent
from hil.csms.server import BenchCsms
from tests.fakes.running_station import (
    CARD,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    energy_told_wh,
    running_station,
)
from tests.journeys.dialects import Dialect

NO_WAIT_BETWEEN_ATTEMPTS = {"OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "1"}


@pytest.mark.parametrize("way", [close(), close_after(), silent()], ids=["close", "close after", "silent"])
@pytest.mark.parametrize("part", ["start", "sample", "end"])
async def test_a_link_lost_in_the_middle_of_a_message_costs_nothing(
    station: RunningStation, dialect: Dialect, part: str, way: Scripted
) -> None:
    action = {"start": dialect.start, "sample": dialect.sampled, "end": dialect.end}[part]
    if part == "start":
        station.bench.script(action, way)
        await station.charge(more_wh=30)
    else:
        await station.charge(more_wh=30)
        await station.until_told()
        station.bench.script(action, way)
        if part == "sample":
            await station.until_metered(100)
    await station.leave()
    await close_books(station)

    assert len(station.csms.ledger.transactions) == 1
    assert len(station.csms.ledger.resends) <= 1


@pytest.mark.parametrize("action", ["BootNotification", "StatusNotification", "Authorize", "Heartbeat"])
async def test_a_link_lost_in_the_middle_of_other_messages_is_made_anew(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, action: str
) -> None:
    csms.prepare("CP001").script(action, close())
    file = StationFile(variables={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
    async with running_station(csms, data_dir, file=file) as station:
        if action == "Heartbeat":
            await dialect.trigger("Heartbeat").to(station.bench)
        await station.charge(more_wh=30)
        await station.until(lambda: station.bench.links >= 2)
        await station.leave()
        await station.until_online()
        await close_books(station)


async def test_late_answers_are_waited_for(station: RunningStation, dialect: Dialect) -> None:
    station.bench.always(dialect.start, late(0.2))

    await station.charge(more_wh=30)
    await station.leave()
    await dialect.ended(station.bench)
    await station.until_told()

    assert station.csms.ledger.resends == []
    assert not station.bench.overlaps


async def test_a_refused_message_is_told_again_and_nothing_is_lost(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    file = StationFile(variables=NO_WAIT_BETWEEN_ATTEMPTS)
    async with running_station(csms, data_dir, file=file) as station:
        refusal = call_error("InternalError", "the database is away")
        station.bench.script(dialect.start, refusal, refusal)

        await station.charge(more_wh=30)
        await station.leave()
        await close_books(station)

        assert station.agent.sender.given_up == 0


async def test_what_is_refused_for_good_is_kept_as_a_dead_letter_and_does_not_block_the_rest(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    file = StationFile(variables=NO_WAIT_BETWEEN_ATTEMPTS)
    async with running_station(csms, data_dir, file=file) as station:
        await station.charge(more_wh=30)
        await station.until_told()
        station.bench.always(dialect.sampled, call_error("InternalError", "no room"))

        await station.until(lambda: station.agent.sender.given_up >= 1)
        station.bench.always(dialect.sampled, None)
        await station.leave()
        await station.until_told()

        assert len(await station.agent.store.dead_letters(100)) == station.agent.sender.given_up
        assert energy_told_wh(csms) == [station.evse().view().register_wh - 1_234_567]


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "[3]", '[3,"{id}"]', '[3,"{id}",7]', '[4,"{id}","What"]', "\x00"])
async def test_nonsense_in_place_of_an_answer_is_survived(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, nonsense: str
) -> None:
    async with running_station(csms, data_dir, file=StationFile(variables=NO_WAIT_BETWEEN_ATTEMPTS)) as station:
        station.bench.script(dialect.start, garbage(nonsense))

        await station.charge(more_wh=30)
        await station.leave()
        await station.until_told()

        assert station.agent.sender.given_up == 0
        assert energy_told_wh(csms) == [station.evse().view().register_wh - 1_234_567]


@pytest.mark.parametrize(
    "nonsense",
    ["hello", "[", "[]", "null", "[2]", '[2,"x","Reset"]', '[9,"x",{}]', '[3,"nobody asked",{}]', "[" * 200],
)
async def test_unasked_nonsense_does_not_end_the_charge(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, nonsense: str
) -> None:
    async with running_station(csms, data_dir) as station:
        await station.charge(more_wh=30)

        await station.bench.send_raw(nonsense)
        answered = await dialect.trigger("StatusNotification", evse_id=1).to(station.bench)

        assert answered["status"] == "Accepted"
        assert station.status() is ConnectorStatus.CHARGING
        assert station.bench.links == 1
        await station.leave()
        await station.until_told()
    assert csms.ledger.findings() == []
    # A CALLERROR to what was no call is all that may be said about it.
    assert {violation.problem for violation in csms.violations} <= {"an answer to no call"}


async def test_a_half_open_link_is_noticed_and_replaced(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    # The pings notice it, long before the first message goes unanswered.
    file = StationFile(csms={"ping_interval_s": 1, "call_timeout_s": 20}, ping_timeout_s=2.0)
    async with running_station(csms, data_dir, file=file) as station:
        await station.charge(more_wh=30)

        links = station.bench.links
        station.bench.silence()
        await station.until(lambda: station.bench.links > links, within_s=20)
        await station.leave()
        await station.until_online()
        await close_books(station)


async def test_an_answer_without_its_members_is_not_taken_for_a_yes(station: RunningStation, dialect: Dialect) -> None:
    station.bench.script("Authorize", answer({}, unchecked=True))
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await station.until(lambda: not station.agent.runner.state.asks)

    assert station.transaction() is None


async def test_a_csms_that_is_pending_is_told_nothing_but_what_it_asks_for(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    bench = csms.prepare("CP001")
    pending = {"status": "Pending", "currentTime": csms.desk.now().isoformat(), "interval": 1}
    bench.script("BootNotification", answer(pending))
    async with running_station(csms, data_dir, wait_online=False) as station:
        await bench.expect("BootNotification")
        station.person.plug_in(1)
        await bench.expect("BootNotification")

        await dialect.status(bench, "Preparing")
        assert len(bench.messages.calls("BootNotification")) == 2
        station.person.unplug(1)
        await station.until_status(ConnectorStatus.AVAILABLE)
    assert_flawless(csms)


async def test_a_csms_that_is_pending_can_neither_start_nor_stop_a_charge(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    bench = csms.prepare("CP001")
    pending = {"status": "Pending", "currentTime": csms.desk.now().isoformat(), "interval": 600}
    bench.script("BootNotification", answer(pending))
    variables = {"TxCtrlr.TxBeforeAcceptedEnabled": "true", "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
    async with running_station(csms, data_dir, file=StationFile(variables=variables), wait_online=False) as station:
        await bench.expect("BootNotification")
        await station.charge(more_wh=30)
        transaction = station.transaction()
        assert transaction is not None

        number: str | int = 1 if dialect.is_16 else transaction.id
        action = "RemoteStopTransaction" if dialect.is_16 else "RequestStopTransaction"
        stopped = await bench.call(action, {"transactionId": number})
        started = await dialect.remote_start(CARD, evse_id=1).to(bench)
        await station.until_metered(30)

        assert (started["status"], stopped["status"]) == ("Rejected", "Rejected")
        assert station.status() is ConnectorStatus.CHARGING
        await dialect.trigger("BootNotification").to(bench)
        await station.until_online()
        await station.leave()
        await close_books(station)
