"""The RAPI driver on an emulated OpenEVSE board."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent, HalError, WrongSettings
from hal.rapi.board import RapiBoard, RapiSettings
from hal.readings import FaultReading, PilotState
from hal.registry import DriverContext, driver_class
from hil.devices.rapi_board import DIODE, DISABLED, HOT, SLEEPING, STUCK_RELAY, EmulatedRapiBoard, Mood
from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.meter import MeterContract
from tests.contracts.pilot import PilotContract
from tests.contracts.waiting import Wall, eventually, following, following_item, until
from tests.hal.rapi.rig import RapiRig, rapi_rig


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


async def charging(rig: RapiRig, *, current_a: float = 16.0) -> None:
    """A vehicle charges, by the ways of the port."""
    rig.vehicle(PilotState.C)
    async with following(rig.driver.states()) as states:
        await until(states, PilotState.B)
        rig.driver.offer(current_a)
        await until(states, PilotState.C)
        rig.driver.close()
    async with following(rig.driver.positions()) as positions:
        await until(positions, True)


def board_state(rig: RapiRig) -> int:
    with rig.wire.hands_on() as board:
        return board.state


def commands(rig: RapiRig) -> list[str]:
    with rig.wire.hands_on() as board:
        return list(board.commands)


def set_mood(rig: RapiRig, mood: Mood, *, late_by_s: float = 0.0) -> None:
    with rig.wire.hands_on() as board:
        board.mood, board.late_by_s = mood, late_by_s


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


@pytest.mark.parametrize(
    ("mood", "error"),
    [(Mood.SILENT, DeviceSilent), (Mood.NOISE, DeviceSilent), (Mood.WRONG_CHECKSUM, BadReading)],
)
async def test_a_board_that_says_nothing_sound_is_an_error_with_its_name(
    rig: RapiRig, mood: Mood, error: type[HalError]
) -> None:
    async with following(rig.driver.positions()) as positions:
        await following_item(positions)

        set_mood(rig, mood)

        with pytest.raises(error, match="EVSE 1"):
            await following_item(positions)


async def test_a_contactor_that_cannot_be_seen_may_not_be_closed(rig: RapiRig) -> None:
    set_mood(rig, Mood.SILENT)
    async with following(rig.driver.positions()) as positions:
        with pytest.raises(HalError):
            await until(positions, True)

    with pytest.raises(DeviceGone):
        rig.driver.close()


async def test_a_board_that_went_deaf_is_still_told_to_open(rig: RapiRig) -> None:
    await charging(rig)
    set_mood(rig, Mood.DEAF_ANSWERS)
    async with following(rig.driver.states()) as states:
        with pytest.raises(HalError):
            await until(states, PilotState.A)

    rig.driver.open()

    assert not rig.is_energised()


async def test_half_a_line_costs_one_repetition_and_nothing_else(rig: RapiRig) -> None:
    set_mood(rig, Mood.HALF)
    await asyncio.sleep(0.1)
    set_mood(rig, Mood.NORMAL)

    rig.vehicle(PilotState.B)

    async with following(rig.driver.states()) as states:
        await until(states, PilotState.B)


@pytest.mark.parametrize("sequence_ids", [True, False])
async def test_late_answers_are_not_taken_for_others(tmp_path: Path, sequence_ids: bool) -> None:
    async with rapi_rig(tmp_path, sequence_ids=sequence_ids, timeout_s=0.1) as rig:
        set_mood(rig, Mood.LATE, late_by_s=0.14)
        await asyncio.sleep(0.25)
        set_mood(rig, Mood.NORMAL)
        await asyncio.sleep(0.3)

        reading_or_error: object
        try:
            reading_or_error = (await rig.driver.read()).energy_import_wh
        except HalError as error:
            reading_or_error = error

        assert reading_or_error == 1000


async def test_an_adapter_that_vanishes_and_returns_is_taken_up_again(rig: RapiRig) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)
        rig.wire.unplug()
        with pytest.raises(DeviceGone):
            await until(states, PilotState.F)
    await rig.driver.stop()
    with pytest.raises(DeviceGone):
        await rig.driver.start()

    rig.wire.plug()
    await rig.driver.start()

    async with following(rig.driver.states()) as states:
        assert await following_item(states) is PilotState.A


async def test_a_lost_board_is_not_logged_again_and_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with rapi_rig(tmp_path, timeout_s=0.05, start=False) as rig:
        set_mood(rig, Mood.SILENT)
        caplog.clear()

        for _ in range(5):
            with pytest.raises(DeviceSilent):
                await rig.driver.start()

    assert not [record for record in caplog.records if record.name.startswith("hal")]


async def test_the_board_is_put_to_sleep_with_the_stop(rig: RapiRig) -> None:
    await charging(rig)

    await rig.driver.stop()

    assert board_state(rig) in (SLEEPING, DISABLED)
    await eventually(lambda: board_state(rig) == SLEEPING)


async def test_the_board_hears_a_heartbeat(tmp_path: Path) -> None:
    async with rapi_rig(tmp_path, heartbeat_s=1) as rig:
        await charging(rig)

        await asyncio.sleep(1.2)

        with rig.wire.hands_on() as board:
            assert (board.trigger, board.capacity_a) == (0, 16)
            assert board.commands.count("SY") >= 2


async def test_a_missed_heartbeat_is_taken_up_without_raising_the_current(tmp_path: Path) -> None:
    async with rapi_rig(tmp_path, heartbeat_s=1) as rig:
        await charging(rig, current_a=10.0)
        with rig.wire.hands_on() as board:
            board.trigger, board.capacity_a = 2, 6

        await eventually(lambda: rig.offered_a() == 10.0)

        await asyncio.sleep(0.5)
        assert "SY 165" not in commands(rig)
        with rig.wire.hands_on() as board:
            assert board.trigger == 0


async def test_firmware_without_a_heartbeat_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    board = EmulatedRapiBoard(clock=time.monotonic, supervised=False)
    async with rapi_rig(tmp_path, board=board) as rig:
        await rig.driver.stop()
        await rig.driver.start()

    assert caplog.text.count("no heartbeat supervision") == 1


async def test_older_firmware_with_sums_for_checksums_is_understood(tmp_path: Path) -> None:
    board = EmulatedRapiBoard(clock=time.monotonic, checksum="*")
    async with rapi_rig(tmp_path, board=board) as rig:
        rig.vehicle(PilotState.B)

        async with following(rig.driver.states()) as states:
            await until(states, PilotState.B)


async def test_the_meter_counts_on_over_sessions(rig: RapiRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.advance(3600)
    during = await rig.driver.read()

    rig.vehicle(PilotState.A)
    async with following(rig.driver.states()) as states:
        await until(states, PilotState.A)
    after = await rig.driver.read()

    assert during.energy_import_wh == pytest.approx(4680, abs=5)
    assert after.energy_import_wh == pytest.approx(during.energy_import_wh, abs=2)


async def test_a_board_without_an_ammeter_tells_no_power(rig: RapiRig) -> None:
    with rig.wire.hands_on() as board:
        board.has_ammeter = False

    reading = await rig.driver.read()

    assert (reading.power_w, reading.current_a) == (None, ())


async def test_the_hottest_sensor_is_the_temperature(rig: RapiRig) -> None:
    with rig.wire.hands_on() as board:
        board.temperatures = [312, 455, -2560]

    assert (await rig.driver.read()).temperature_c == 45.5


async def test_a_count_that_went_back_is_no_reading(rig: RapiRig) -> None:
    await rig.driver.read()
    with rig.wire.hands_on() as board:
        board.total_wh = 0

    with pytest.raises(BadReading, match="went back"):
        await rig.driver.read()


async def test_nothing_can_be_read_before_start(tmp_path: Path) -> None:
    driver = RapiBoard(RapiSettings(port=str(tmp_path / "none")), DriverContext(name="EVSE 1", evse_id=1, clock=Wall()))

    with pytest.raises(DeviceGone):
        await driver.read()
