"""The EVSE DIN driver: the contracts of its parts, and what is special about this board."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent, HalError, WrongSettings
from hal.modbus.boards.evse_din import EvseDinSettings, state_of
from hal.modbus.meter import ModbusMeter, ModbusMeterSettings
from hal.readings import FaultReading, PilotState
from hal.registry import DriverContext, SharedDevices, driver_class
from hil.devices.evse_din import EmulatedEvseDin
from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine
from tests.contracts.board_charge import charging
from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.pilot import PilotContract
from tests.contracts.waiting import Wall, eventually, following, following_item, until
from tests.hal.modbus.boards.rig import EvseDinRig, evse_din_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[EvseDinRig]:
    async with evse_din_rig(tmp_path) as rig:
        yield rig


class TestEvseDinPilot(PilotContract):
    @pytest.fixture
    async def bench(self, rig: EvseDinRig) -> EvseDinRig:
        return rig


class TestEvseDinContactor(ContactorContract):
    @pytest.fixture
    async def bench(self, rig: EvseDinRig) -> EvseDinRig:
        return rig


class TestEvseDinFaults(FaultContract):
    @pytest.fixture
    async def bench(self, rig: EvseDinRig) -> EvseDinRig:
        return rig


def test_it_is_found_by_its_name() -> None:
    assert driver_class("evse-din").Settings is EvseDinSettings


@pytest.mark.parametrize(("key", "value"), [("poll_s", 0.0), ("device_id", 300), ("parity", "X"), ("port", None)])
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: Any) -> None:
    with pytest.raises(WrongSettings) as refused:
        EvseDinSettings(**({"port": "/dev/ttyUSB0"} | {key: value}))

    assert refused.value.path == (key,)


async def test_nothing_is_offered_after_start_although_the_board_came_up_with_an_offer(rig: EvseDinRig) -> None:
    rig.vehicle(PilotState.C)

    assert rig.board.offers_a is None
    assert not rig.board.is_energised


async def test_an_offer_is_rounded_down_and_never_above_what_was_asked(rig: EvseDinRig) -> None:
    rig.vehicle(PilotState.B)
    rig.driver.offer(13.9)

    await eventually(lambda: rig.board.offers_a == 13)


async def test_a_board_that_counts_in_hundredths_is_offered_them(tmp_path: Path) -> None:
    async with evse_din_rig(tmp_path, board=EmulatedEvseDin(hundredths=True)) as rig:
        rig.vehicle(PilotState.B)
        rig.driver.offer(13.909)

        await eventually(lambda: rig.board.offers_a == 13.9)


async def test_firmware_that_does_not_know_hundredths_is_not_asked_for_them(tmp_path: Path) -> None:
    board = EmulatedEvseDin(hundredths=True, firmware=16)
    async with evse_din_rig(tmp_path, board=board) as rig:
        rig.vehicle(PilotState.B)
        rig.driver.offer(13.0)

        await eventually(lambda: (1000, 13) in board.writes)


async def test_a_hard_stop_turns_the_board_off_and_the_pilot_can_be_seen_afterwards(rig: EvseDinRig) -> None:
    await charging(rig)

    rig.driver.open()
    await eventually(lambda: not rig.board.is_energised)
    rig.vehicle(PilotState.B)

    async with following(rig.driver.states()) as states:
        await until(states, PilotState.B)
    await eventually(lambda: rig.board.image()["holding", 1004] == 0)
    assert not rig.board.is_energised


async def test_a_hard_stop_overtakes_what_waits_on_the_line(rig: EvseDinRig) -> None:
    await charging(rig)

    rig.driver.open()

    await eventually(lambda: not rig.board.is_energised, limit_s=0.1)


async def test_a_lost_hard_stop_is_repeated(rig: EvseDinRig) -> None:
    await charging(rig)
    rig.misbehave(Mood.SILENT)
    await asyncio.sleep(0.01)

    rig.driver.open()
    await asyncio.sleep(0.02)
    rig.misbehave(Mood.NORMAL)

    await eventually(lambda: not rig.board.is_energised)


async def test_a_board_that_restarts_is_told_again_what_it_may_offer(rig: EvseDinRig) -> None:
    await charging(rig, current_a=10.0)

    rig.board.reboot()

    assert rig.board.offers_a == 32
    await eventually(lambda: rig.board.offers_a == 10)


async def test_the_boards_own_faults_have_our_names(rig: EvseDinRig) -> None:
    names = {"rcd": "GroundFailure", "diode": "DiodeFault", "ventilation": "InvalidVehicleMode"}
    async with following(rig.driver.faults()) as faults:
        for kind, name in names.items():
            rig.board.fault = kind
            began = await following_item(faults)
            rig.board.fault = None
            ended = await following_item(faults)

            assert (began.fault, began.active) == (name, True)
            assert ended == FaultReading(name, active=False)


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (Mood.SILENT, DeviceSilent),
        (Mood.NOISE, HalError),
        (Mood.HALF, HalError),
        (Mood.WRONG_CRC, HalError),
        (Mood.EXCEPTION, HalError),
        (Mood.OTHER_UNIT, HalError),
        (Mood.SHORT, HalError),
    ],
)
async def test_a_board_that_says_nothing_sound_is_an_error_with_its_name_and_is_taken_up_again(
    rig: EvseDinRig, mood: Mood, error: type[HalError]
) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)
        rig.misbehave(mood)
        with pytest.raises(error, match="EVSE 1"):
            await until(states, PilotState.E)

    rig.misbehave(Mood.NORMAL)
    await asyncio.sleep(0.3)
    await rig.driver.stop()
    await started_again(rig)
    async with following(rig.driver.states()) as states:
        assert await following_item(states) is PilotState.A


async def test_an_adapter_that_vanishes_and_returns_is_taken_up_again(rig: EvseDinRig) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)
        rig.line.unplug()
        with pytest.raises(HalError):
            await until(states, PilotState.E)
    await rig.driver.stop()
    with pytest.raises(DeviceGone):
        await rig.driver.start()

    rig.line.plug()

    await started_again(rig)


async def test_nothing_can_be_stopped_where_there_is_no_line(rig: EvseDinRig) -> None:
    await charging(rig)
    rig.line.unplug()

    with pytest.raises(DeviceGone):
        await stopping(rig)


async def test_boards_and_meters_share_a_line_and_a_dead_one_does_not_stop_the_others(tmp_path: Path) -> None:
    boards = [EmulatedEvseDin(unit_id=1), EmulatedEvseDin(unit_id=2)]
    meters = [
        MeterDevice(read_map("eastron-sdm630"), unit_id=unit, load=MeteredLoad(import_kwh=unit)) for unit in (11, 12)
    ]
    server, shared = MeterLine(*boards, *meters), SharedDevices()
    async with PtyLine(tmp_path / "ttyRS485") as line:
        await server.start_serial(line.device)
        drivers: list[Any] = []
        for number, (board, meter) in enumerate(zip(boards, meters, strict=True), start=1):
            context = DriverContext(name=f"EVSE {number}", evse_id=number, clock=Wall(), shared=shared)
            keys: dict[str, Any] = {"port": str(line.path), "baudrate": 115200, "timeout_s": 0.1, "retries": 1}
            drivers += [
                driver_class("evse-din")(EvseDinSettings(device_id=board.unit_id, poll_s=0.05, **keys), context),
                ModbusMeter(ModbusMeterSettings(map="eastron-sdm630", device_id=meter.unit_id, **keys), context),
            ]
        for driver in drivers:
            await driver.start()
        meters[0].misbehave(Mood.SILENT)
        boards[1].vehicle.connected = boards[1].vehicle.wants = True

        async with following(drivers[2].states()) as states:
            await until(states, PilotState.B)
            drivers[2].offer(13.0)
            await until(states, PilotState.C)
        reading = await drivers[3].read()
        with pytest.raises(DeviceSilent):
            await drivers[1].read()

        assert reading.energy_import_wh == 12_000
        assert boards[0].offers_a is None
        for driver in reversed(drivers):
            await driver.stop()
        await server.stop()


def test_a_vehicle_state_that_nobody_knows_is_no_state() -> None:
    with pytest.raises(BadReading, match="vehicle state 9"):
        state_of([16, 16, 9, 32, 0, 17, 2, 0], device="EVSE 1")


def test_a_failure_without_a_name_is_pilot_e() -> None:
    assert state_of([16, 0, 5, 32, 0, 17, 1, 0], device="EVSE 1").pilot is PilotState.E


def test_a_test_of_the_residual_current_device_is_no_fault() -> None:
    assert state_of([16, 0, 1, 32, 0, 17, 1, 16], device="EVSE 1").faults == {}
    assert "GroundFailure" in state_of([16, 0, 5, 32, 0, 17, 1, 16], device="EVSE 1").faults


async def stopping(rig: EvseDinRig) -> None:
    """Until somebody notices that there is nobody to be stopped."""
    async with asyncio.timeout(2):
        while True:
            rig.driver.open()
            await asyncio.sleep(0.01)


async def started_again(rig: EvseDinRig) -> None:
    """What the port does with a board that it lost: start until it succeeds."""
    async with asyncio.timeout(8):
        while True:
            try:
                await rig.driver.start()
                return
            except HalError:
                await asyncio.sleep(0.05)
