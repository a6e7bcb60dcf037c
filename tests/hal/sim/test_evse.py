import asyncio
from pathlib import Path
from typing import Any

import pytest

from hal.board import EvseSpec, PartSpec, build_evse
from hal.errors import NotConfirmed
from hal.registry import DriverContext, SharedDevices
from hal.sim.board import BoardSettings
from hal.sim.clock import ManualClock
from hal.sim.evse import MAX_LOOKS, SimEvse


def make(**settings: Any) -> tuple[SimEvse, ManualClock]:
    clock = ManualClock()
    return SimEvse(BoardSettings(**settings), DriverContext("EVSE 1", 1, clock)), clock


def test_one_entry_makes_all_parts_of_an_evse() -> None:
    spec = EvseSpec(evse_id=1, max_current_a=32.0, phases=3, parts={"all": PartSpec("sim", BoardSettings())})

    parts = build_evse(spec, clock=ManualClock(), shared=SharedDevices())

    assert isinstance(parts.pilot, SimEvse)
    assert id(parts.lock) == id(parts.meter) == id(parts.pilot)
    assert parts.drivers == (parts.pilot,)


def test_parts_that_are_named_one_by_one_share_the_board() -> None:
    shared, clock = SharedDevices(), ManualClock()
    first = SimEvse(BoardSettings(), DriverContext("EVSE 1 pilot", 1, clock, shared=shared))
    second = SimEvse(BoardSettings(register_wh=5), DriverContext("EVSE 1 meter", 1, clock, shared=shared))
    other = SimEvse(BoardSettings(), DriverContext("EVSE 2", 2, clock, shared=shared))

    assert first.board is second.board
    assert first.board is not other.board


async def test_the_lock_moves_in_its_time() -> None:
    evse, clock = make()
    locking = asyncio.create_task(evse.lock(), name="lock")

    await clock.advance(0.2)
    meanwhile = evse.board.locked
    await clock.advance(0.2)

    assert not meanwhile
    assert locking.done()
    assert evse.board.locked


async def test_a_broken_lock_does_not_confirm_and_stays_where_it_was() -> None:
    evse, clock = make(lock_s=0.0)
    await evse.lock()
    evse.board.set_fault("ConnectorLockFailure", active=True)

    with pytest.raises(NotConfirmed):
        await evse.unlock()

    assert evse.board.locked
    assert clock.monotonic() == 1000.0


async def test_the_fault_input_tells_active_faults_first_and_then_each_change() -> None:
    evse, _ = make()
    evse.board.set_fault("GroundFailure", active=True)
    reader = evse.faults()
    first = await anext(reader)

    evse.board.set_fault("EmergencyStop", active=True)
    evse.board.set_fault("GroundFailure", active=False)
    rest = [await anext(reader), await anext(reader)]

    assert (first.fault, first.active) == ("GroundFailure", True)
    assert [(one.fault, one.active) for one in rest] == [("EmergencyStop", True), ("GroundFailure", False)]


async def test_the_contactor_opens_whoever_says_so_from_whatever_thread() -> None:
    evse, clock = make()
    await evse.start()
    evse.close()
    await clock.advance(0.2)
    closed = evse.board.position.value

    await asyncio.to_thread(evse.open)
    await clock.advance(0.2)

    assert closed
    assert not evse.board.position.value
    await evse.stop()


async def test_stopping_leaves_the_board_safe() -> None:
    evse, _ = make()
    await evse.start()
    evse.close()
    evse.offer(16.0)

    await evse.stop()

    assert not evse.board.contactor.commanded_closed
    assert evse.board.offer_a is None


def test_the_indicator_keeps_the_last_looks() -> None:
    evse, _ = make()

    for number in range(MAX_LOOKS + 1):
        evse.show(f"look {number}")

    assert len(evse.looks) == MAX_LOOKS
    assert evse.looks[-1] == f"look {MAX_LOOKS}"


async def test_the_draw_of_the_car_is_shown_for_rigs() -> None:
    evse, _ = make(plugged=True, ev_phases=1)
    evse.offer(10.0)
    evse.power_available(True)

    evse.board.advance(10.0)

    assert evse.draw_a == (10.0, 0.0, 0.0)


async def test_register_and_car_outlive_a_restart_where_there_is_a_data_directory(tmp_path: Path) -> None:
    clock = ManualClock()
    first = SimEvse(BoardSettings(register_wh=700), DriverContext("EVSE 1", 1, clock, data_dir=tmp_path))
    first.board.set_plugged(True)
    other = SimEvse(BoardSettings(register_wh=5), DriverContext("EVSE 2", 2, clock, data_dir=tmp_path))

    second = SimEvse(BoardSettings(register_wh=0), DriverContext("EVSE 1", 1, clock, data_dir=tmp_path))

    assert (second.board.register_wh, second.board.plugged) == (700, True)
    assert (other.board.register_wh, other.board.plugged) == (5, False)
