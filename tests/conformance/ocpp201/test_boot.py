"""Cases of the OCA's test specification for 2.0.1, by their ids: booting, resetting, coming back (block B).

Covered: B_01, B_02, B_03, B_20, B_21, B_22, B_23, B_28, B_29, B_30, B_41, B_51, B_52, B_57.
Where a case also asks for NotifyEvent or SecurityEventNotification, StatusNotification is looked for: this station
monitors nothing and sends no security events.
"""

import time
from pathlib import Path

import pytest

from agent.app import End
from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import answer
from hil.csms.errors import CallError
from hil.csms.server import BenchCsms
from hil.csms.tokens import stamp
from tests.conformance.ocpp201.words import (
    come_back,
    configured,
    event,
    get_variable,
    go_offline,
    named,
    set_variable,
    status,
)
from tests.fakes.running_station import (
    CARD,
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    running_station,
)

TWO_EVSES = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
OFFLINE_THRESHOLD = named("OCPPCommCtrlr", "OfflineThreshold")


def _boot_answer(csms: BenchCsms, word: str, *, interval_s: int = 1) -> dict[str, object]:
    return {"status": word, "currentTime": stamp(csms.desk.now()), "interval": interval_s}


async def test_tc_b_01_cs_cold_boot_accepted(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        boot = await station.bench.expect("BootNotification")
        told = [await station.bench.expect("StatusNotification") for _ in range(2)]

    assert boot["reason"] == "PowerUp"
    assert {(each["evseId"], each["connectorId"]) for each in told} == {(1, 1), (2, 1)}
    assert {each["connectorStatus"] for each in told} == {"Available"}
    assert_flawless(csms)


async def test_tc_b_02_cs_cold_boot_pending(csms: BenchCsms, tmp_path: Path) -> None:
    bench = csms.prepare("CP001")
    bench.script("BootNotification", answer(_boot_answer(csms, "Pending", interval_s=300)))
    async with running_station(csms, tmp_path, wait_online=False) as station:
        await bench.expect("BootNotification")
        was_set = await set_variable(station, OFFLINE_THRESHOLD, "300")
        was_read = await get_variable(station, OFFLINE_THRESHOLD)
        reported = await bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        while (await bench.expect("NotifyReport")).get("tbc", False):
            pass
        id_token = {"idToken": CARD, "type": "ISO14443"}
        started = await bench.call("RequestStartTransaction", {"idToken": id_token, "remoteStartId": 1, "evseId": 1})
        assert bench.messages.calls("StatusNotification") == []
        triggered = await bench.call("TriggerMessage", {"requestedMessage": "BootNotification"})
        again = await bench.expect("BootNotification")
        await status(station, "Available")

    assert was_set["attributeStatus"] == was_read["attributeStatus"] == "Accepted"
    assert was_read["attributeValue"] == "300"
    assert reported["status"] == triggered["status"] == "Accepted"
    assert started["status"] == "Rejected"
    assert again["reason"] == "Triggered"
    assert_flawless(csms)


async def test_tc_b_03_cs_cold_boot_rejected(csms: BenchCsms, tmp_path: Path) -> None:
    bench = csms.prepare("CP001")
    bench.script("BootNotification", answer(_boot_answer(csms, "Rejected")))
    async with running_station(csms, tmp_path, wait_online=False) as station:
        await bench.expect("BootNotification")
        began_s = time.monotonic()
        await bench.expect("BootNotification")
        waited_s = time.monotonic() - began_s
        await status(station, "Available")

    assert waited_s >= 0.9
    assert_flawless(csms)


async def test_tc_b_30_cs_whoever_was_rejected_answers_nothing(csms: BenchCsms, tmp_path: Path) -> None:
    bench = csms.prepare("CP001")
    bench.script("BootNotification", answer(_boot_answer(csms, "Rejected", interval_s=300)))
    async with running_station(csms, tmp_path, wait_online=False):
        await bench.expect("BootNotification")

        with pytest.raises(CallError) as refused:
            await bench.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})

    assert refused.value.code == "SecurityError"
    assert_flawless(csms)


async def test_tc_b_20_cs_reset_on_idle_without_transaction(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path) as station:
        reset = await station.bench.call("Reset", {"type": "OnIdle"})
        assert await station.ended() is End.RESTART

    assert reset["status"] == "Accepted"
    csms.prepare("CP001").skip_to_now()
    async with running_station(csms, tmp_path) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Available")
    assert_flawless(csms)


async def test_tc_b_21_cs_reset_on_idle_with_transaction(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path) as station:
        await station.charge(more_wh=20)
        reset = await station.bench.call("Reset", {"type": "OnIdle"})
        await station.until_metered(20)
        station.person.present_token(CARD)
        ended = await event(station, "Ended")
        assert await station.ended() is End.RESTART

    assert reset["status"] == "Scheduled"
    assert (ended["triggerReason"], ended["transactionInfo"]["stoppedReason"]) == ("StopAuthorized", "Local")
    assert_flawless(csms)


async def test_tc_b_22_cs_reset_immediate_with_transaction(csms: BenchCsms, tmp_path: Path) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.charge(more_wh=20)
        reset = await station.bench.call("Reset", {"type": "Immediate"})
        ended = await event(station, "Ended")
        assert await station.ended() is End.RESTART
    csms.prepare("CP001").skip_to_now()
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Occupied")
        await station.leave()
        await close_books(station)

    assert reset["status"] == "Accepted"
    assert ended["triggerReason"] == "ResetCommand"
    assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert ended["transactionInfo"]["chargingState"] == "EVConnected"
    assert "idToken" not in ended


async def test_tc_b_23_cs_unavailable_persists_a_reset(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        connector = {"id": 1, "connectorId": 1}
        await station.bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": connector})
        await status(station, "Unavailable")
        reset = await station.bench.call("Reset", {"type": "OnIdle"})
        assert await station.ended() is End.RESTART
    csms.prepare("CP001").skip_to_now()
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        await status(station, "Unavailable", evse=1)
        await status(station, "Available", evse=2)

    assert reset["status"] == "Accepted"
    assert_flawless(csms)


@pytest.mark.parametrize("charging", [False, True], ids=["tc_b_28_cs", "tc_b_29_cs"])
async def test_an_evse_alone_cannot_be_reset(station: RunningStation, charging: bool) -> None:
    if charging:
        await station.charge(more_wh=20)

    reset = await station.bench.call("Reset", {"type": "OnIdle", "evseId": 1})
    allowed = await get_variable(station, named("EVSE", "AllowReset", evse={"id": 1}))

    assert reset["status"] == "Rejected"
    assert allowed["attributeValue"] == "false"
    if charging:
        assert station.status() is ConnectorStatus.CHARGING
        await station.leave()


async def test_tc_b_41_cs_reset_on_idle_with_several_transactions(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        await station.charge(evse_id=1, token="CARD-0001", more_wh=10)
        await station.charge(evse_id=2, token="CARD-0002", more_wh=10)
        reset = await station.bench.call("Reset", {"type": "OnIdle"})
        station.person.present_token("CARD-0001")
        await event(station, "Ended", evse=1)
        await station.until_metered(20, evse_id=2)
        still_charging = station.status(2)
        station.person.present_token("CARD-0002")
        await event(station, "Ended", evse=2)
        assert await station.ended() is End.RESTART

    assert reset["status"] == "Scheduled"
    assert still_charging is ConnectorStatus.CHARGING
    assert_flawless(csms)


@pytest.mark.parametrize(
    ("threshold_s", "told"), [("1", [(1, "Occupied"), (2, "Available")]), ("80000", [(1, "Occupied")])],
    ids=["tc_b_51_cs", "tc_b_52_cs"],
)  # fmt: skip
async def test_status_change_during_an_offline_period(
    csms: BenchCsms, tmp_path: Path, threshold_s: str, told: list[tuple[int, str]]
) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        await configured(station, {"OCPPCommCtrlr.OfflineThreshold": threshold_s})
        for evse in (1, 2):
            await status(station, "Available", evse=evse)
        before = len(station.bench.messages.calls("StatusNotification"))

        await go_offline(station)
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)
        await station.pass_time(10)
        await come_back(station)
        await status(station, "Occupied", evse=1)
        await station.pass_time(20)

        seen = [
            (each["evseId"], each["connectorStatus"])
            for each in station.bench.messages.calls("StatusNotification")[before:]
        ]
        assert seen == told
        station.person.unplug(1)


async def test_tc_b_57_cs_reconnection_waits_its_time_and_twice_as_long_once_refused(
    csms: BenchCsms, tmp_path: Path
) -> None:
    async with running_station(csms, tmp_path) as station:
        bench = station.bench
        links = bench.links
        bench.drop()
        lost_s = time.monotonic()
        await station.until(lambda: bench.links == links + 1)
        first_s = time.monotonic() - lost_s
        await station.until_online()

        csms.refuse(status=503, times=1)
        bench.drop()
        await station.until(lambda: not station.agent.runner.state.online)
        lost_s = time.monotonic()
        await station.until_online()
        second_s = time.monotonic() - lost_s

    assert first_s >= 0.9
    assert second_s >= 1.8
