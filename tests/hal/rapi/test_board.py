"""The RAPI driver on an emulated OpenEVSE board."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.rapi.board import RapiBoard, RapiSettings
from hal.readings import FaultReading, PilotState
from hal.registry import driver_class
from hil.devices.rapi_board import DIODE, HOT, SLEEPING, STUCK_RELAY, Mood
from tests.contracts.board_charge import charging
from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.meter import MeterContract
from tests.contracts.pilot import PilotContract
from tests.contracts.waiting import eventually, following, following_item, until
from tests.hal.rapi.rig import RapiRig, board_state, commands, rapi_rig, set_mood


class MeterRig(RapiRig):
    async def draw(self, *, power_w: float, seconds: float) -> None:
        with self.wire.hands_on() as board:
            board.vehicle.draws_a = power_w / 230
            board.advance(seconds)

    async def cut(self) -> None:  # type: ignore[override]  # the meter's contract waits for it
        self.wire.unplug()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[RapiRig]:
    async with rapi_rig(tmp_path) as made:
        yield made


class TestRapiContactor(ContactorContract):
    @pytest.fixture
    async def bench(self, rig: RapiRig) -> RapiRig:
        return rig


class TestRapiPilot(PilotContract):
    @pytest.fixture
    async def bench(self, rig: RapiRig) -> RapiRig:
        return rig


class TestRapiFaults(FaultContract):
    @pytest.fixture
    async def bench(self, rig: RapiRig) -> RapiRig:
        return rig


class TestRapiMeter(MeterContract):
    @pytest.fixture
    async def bench(self, rig: RapiRig) -> MeterRig:
        await charging(rig)
        return MeterRig(rig.driver, rig.wire)


def test_it_is_found_by_its_name() -> None:
    assert driver_class("rapi") is RapiBoard


@pytest.mark.parametrize(
    ("key", "value"),
    [("baudrate", 1), ("timeout_s", 0.0), ("poll_s", 9.0), ("heartbeat_s", -1), ("heartbeat_limit_a", 99)],
)
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: Any) -> None:
    with pytest.raises(WrongSettings) as refused:
        RapiSettings(port="/dev/ttyUSB0", **{key: value})

    assert refused.value.path == (key,)


def test_an_ammeter_stands_for_one_or_three_phases() -> None:
    with pytest.raises(WrongSettings, match="1 or 3"):
        RapiSettings(port="/dev/ttyUSB0", meter_phases=2)


async def test_the_board_sleeps_after_start_although_it_was_enabled(rig: RapiRig) -> None:
    assert board_state(rig) == SLEEPING


async def test_an_offer_is_not_written_to_the_eeprom(rig: RapiRig) -> None:
    await charging(rig, current_a=10.0)

    with rig.wire.hands_on() as board:
        assert (board.capacity_a, board.eeprom_a) == (10, 32)


async def test_the_current_is_set_before_the_board_is_enabled(rig: RapiRig) -> None:
    await charging(rig)

    said = commands(rig)
    assert said.index("SC 16 V") < said.index("FE")


async def test_the_vehicles_wish_is_reported_before_the_position(rig: RapiRig) -> None:
    seen: list[object] = []

    async def follow(items: AsyncIterator[object]) -> None:
        async with following(items) as followed:
            async for item in followed:
                seen.append(item)
                if item is PilotState.C:
                    rig.driver.close()

    watchers = [asyncio.create_task(follow(items)) for items in (rig.driver.states(), rig.driver.positions())]
    rig.vehicle(PilotState.C)
    rig.driver.offer(16.0)
    await eventually(lambda: True in seen)

    assert seen.index(PilotState.C) < seen.index(True)
    for watcher in watchers:
        watcher.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)


async def test_a_relay_that_nobody_asked_for_is_reported_all_the_same(rig: RapiRig) -> None:
    rig.vehicle(PilotState.C)

    rig.driver.offer(16.0)  # and nobody calls `close`

    async with following(rig.driver.positions()) as positions:
        await until(positions, True)


async def test_taking_the_offer_back_lets_the_vehicle_leave_by_itself(rig: RapiRig) -> None:
    await charging(rig)

    rig.driver.offer(None)

    await eventually(lambda: not rig._energised())
    assert "FD" not in commands(rig)
    assert board_state(rig) == SLEEPING


async def test_opening_is_the_hard_stop_and_ends_where_the_pilot_can_be_seen(rig: RapiRig) -> None:
    await charging(rig)
    rig.driver.offer(None)

    rig.driver.open()

    await eventually(lambda: "FD" in commands(rig))
    await eventually(lambda: board_state(rig) == SLEEPING)


async def test_a_vehicle_that_pauses_keeps_its_offer(rig: RapiRig) -> None:
    await charging(rig)
    rig.vehicle(PilotState.B)
    async with following(rig.driver.positions()) as positions:
        await until(positions, False)

    rig.driver.open()  # as the port does when the vehicle leaves C

    await asyncio.sleep(0.2)
    assert rig.offered_a() == 16.0


async def test_after_a_hard_stop_the_offer_comes_back_only_when_the_vehicle_rests(rig: RapiRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.vehicle.holds = True

    rig.driver.open()
    await eventually(lambda: board_state(rig) == SLEEPING)
    await asyncio.sleep(0.2)
    assert rig.offered_a() is None
    with rig.wire.hands_on() as board:
        board.vehicle.holds = False

    await eventually(lambda: rig.offered_a() == 16.0)


async def test_a_stop_from_another_thread_beats_an_enabling_that_is_under_way(rig: RapiRig) -> None:
    await charging(rig)

    for _ in range(5):
        rig.driver.offer(16.0)
        rig.driver.close()
        await asyncio.to_thread(rig.driver.open)
        assert not rig.is_energised()


async def test_a_lost_hard_stop_is_repeated(rig: RapiRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.vehicle.holds = True
    set_mood(rig, Mood.SILENT)
    rig.driver.open()
    await asyncio.sleep(0.05)

    set_mood(rig, Mood.NORMAL)

    await eventually(lambda: not rig._energised())


async def test_a_board_that_grants_less_is_asked_once(rig: RapiRig, caplog: pytest.LogCaptureFixture) -> None:
    with rig.wire.hands_on() as board:
        board.highest_a = board.capacity_a = 24

    await charging(rig, current_a=32.0)
    await asyncio.sleep(0.3)

    assert rig.offered_a() == 24.0
    assert commands(rig).count("SC 32 V") == 1
    assert caplog.text.count("grants 24 A") == 1


async def test_a_current_that_somebody_else_raised_is_set_back(rig: RapiRig) -> None:
    await charging(rig, current_a=8.0)

    with rig.wire.hands_on() as board:
        board.capacity_a = 32

    await eventually(lambda: rig.offered_a() == 8.0)


async def test_a_board_that_somebody_else_enabled_is_put_back_to_sleep(rig: RapiRig) -> None:
    rig.vehicle(PilotState.C)

    with rig.wire.hands_on() as board:
        board.feed(b"$FE^27\r")

    await eventually(lambda: board_state(rig) == SLEEPING)


async def test_a_board_that_restarts_while_it_may_charge_is_set_up_anew(rig: RapiRig) -> None:
    await charging(rig, current_a=10.0)

    with rig.wire.hands_on() as board:
        board.reboot()

    await eventually(lambda: rig.offered_a() == 10.0)
    with rig.wire.hands_on() as board:
        assert board.interval_s == 10


async def test_a_board_that_restarts_without_an_offer_goes_to_sleep(rig: RapiRig) -> None:
    rig.vehicle(PilotState.C)

    with rig.wire.hands_on() as board:
        board.reboot()

    await eventually(lambda: board_state(rig) == SLEEPING)


@pytest.mark.parametrize(
    ("state", "fault"), [(DIODE, "DiodeFault"), (HOT, "HighTemperature"), (STUCK_RELAY, "WeldedContactor")]
)
async def test_the_boards_own_faults_have_our_names(rig: RapiRig, state: int, fault: str) -> None:
    async with following(rig.driver.faults()) as faults:
        first = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)

        with rig.wire.hands_on() as board:
            board.set_fault(state)

        reading = await first
    assert (reading.fault, reading.active) == (fault, True)


async def test_a_ground_fault_tells_the_trips_so_far(rig: RapiRig) -> None:
    async with following(rig.driver.faults()) as faults:
        first: asyncio.Future[FaultReading] = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)

        rig.break_it()

        assert "GFI 1" in (await first).detail


async def test_a_stuck_relay_is_a_closed_one_and_stays_reported(rig: RapiRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.set_fault(STUCK_RELAY)
    await asyncio.sleep(0.2)

    rig.driver.open()
    await asyncio.sleep(0.2)

    assert board_state(rig) == STUCK_RELAY
    async with following(rig.driver.positions()) as positions:
        assert await following_item(positions) is True
