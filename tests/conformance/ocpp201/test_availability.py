"""Cases of the OCA's test specification for 2.0.1, by their ids: availability (block G).

Covered: G_01 to G_19, G_21. G_20 asks for NotifyEvent of a lock's Problem, which is not monitored here.
"""

from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.conformance.ocpp201.words import event, plugged, status, told_status
from tests.fakes.running_station import (
    CARD,
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    running_station,
)

TWO_EVSES = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}), keeps_car=True)
TARGETS: dict[str, dict[str, int] | None] = {
    "evse": {"id": 1},
    "station": None,
    "connector": {"id": 1, "connectorId": 1},
}


async def _change(station: RunningStation, target: str, *, operative: bool) -> str:
    evse = TARGETS[target]
    where = {} if evse is None else {"evse": evse}
    word = "Operative" if operative else "Inoperative"
    answer = await station.bench.call("ChangeAvailability", {"operationalStatus": word, **where})
    return str(answer["status"])


async def test_tc_g_01_and_g_02_cs_available_to_occupied_and_back(station: RunningStation) -> None:
    await status(station, "Available")

    await plugged(station)
    station.person.unplug(1)

    await status(station, "Available")


@pytest.mark.parametrize(
    "target",
    list(TARGETS),
    ids=["tc_g_03_04_09_10_cs", "tc_g_05_06_12_13_cs", "tc_g_07_08_15_16_cs"],
)
async def test_out_of_service_and_back_each_said_twice(station: RunningStation, target: str) -> None:
    await status(station, "Available")

    out = await _change(station, target, operative=False)
    told = await status(station, "Unavailable")
    out_again = await _change(station, target, operative=False)
    still_out = station.status()
    back = await _change(station, target, operative=True)
    await status(station, "Available")
    back_again = await _change(station, target, operative=True)

    assert (out, out_again, back, back_again) == ("Accepted",) * 4
    assert (told["evseId"], told["connectorId"]) == (1, 1)
    assert still_out is ConnectorStatus.UNAVAILABLE
    assert station.status() is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize("target", list(TARGETS), ids=["tc_g_11_cs", "tc_g_14_cs", "tc_g_17_cs"])
async def test_out_of_service_with_an_ongoing_transaction(csms: BenchCsms, tmp_path: Path, target: str) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        for evse in (1, 2):
            await status(station, "Available", evse=evse)
        await station.charge(more_wh=10)
        since = station.bench.messages.end

        answer = await _change(station, target, operative=False)
        if target == "station":
            await told_status(station, "Unavailable", evse=2, since=since)
        await station.until_metered(30)
        still = station.status()
        station.person.present_token(CARD)
        await event(station, "Ended", trigger="StopAuthorized")
        await told_status(station, "Unavailable", evse=1, since=since)

        assert answer == "Scheduled"
        assert still is ConnectorStatus.CHARGING
        station.person.unplug(1)
        await close_books(station)


@pytest.mark.parametrize("target", list(TARGETS), ids=["tc_g_18_cs", "tc_g_21_cs", "tc_g_19_cs"])
async def test_out_of_service_outlives_a_restart(csms: BenchCsms, tmp_path: Path, target: str) -> None:
    clock = SystemClock(speed=SPEED)
    async with running_station(csms, tmp_path, file=TWO_EVSES, clock=clock) as station:
        await _change(station, target, operative=False)
        await status(station, "Unavailable")
    csms.prepare("CP001").skip_to_now()

    async with running_station(csms, tmp_path, file=TWO_EVSES, clock=clock) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Unavailable", evse=1)
        await status(station, "Unavailable" if target == "station" else "Available", evse=2)
    assert_flawless(csms)


async def test_g03_an_evse_that_is_not_there(station: RunningStation) -> None:
    answer = await station.bench.call("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 9}})

    assert answer["status"] == "Rejected"
