"""The RAPI driver on a board that misbehaves, is lost, restarted or of another age; and on its own meter."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent, HalError
from hal.rapi.board import RapiBoard, RapiSettings
from hal.readings import PilotState
from hal.registry import DriverContext
from hil.devices.rapi_board import DISABLED, SLEEPING, EmulatedRapiBoard, Mood
from tests.contracts.board_charge import charging
from tests.contracts.waiting import Wall, eventually, following, following_item, until
from tests.hal.rapi.rig import RapiRig, board_state, commands, rapi_rig, set_mood


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[RapiRig]:
    async with rapi_rig(tmp_path) as made:
        yield made


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


async def test_a_board_whose_values_stand_still_under_load_is_no_meter(tmp_path: Path) -> None:
    clock = Hurried()
    async with rapi_rig(tmp_path, clock=clock) as rig:
        await charging(rig)
        set_mood(rig, Mood.FROZEN)
        await rig.driver.read()

        clock.ahead_s += 3600.0

        with pytest.raises(BadReading, match="not one value has moved"):
            await rig.driver.read()
        set_mood(rig, Mood.NORMAL)
        with rig.wire.hands_on() as board:
            board.advance(3600.0)
        assert (await rig.driver.read()).energy_import_wh > 4000


class Hurried(Wall):
    """The wall's clock, put forward by hand."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s
