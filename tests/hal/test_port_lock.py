from hal.errors import DeviceGone
from hal.port_devices import Device
from hal.port_faults import FaultLedger
from hal.port_lock import CableLock
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Mover


def make() -> tuple[CableLock, Mover, FaultLedger, Device]:
    lock, ledger = Mover(ManualClock()), FaultLedger(lambda *_: None)
    device = Device(lock)
    return CableLock(lock, device=device, ledger=ledger, timeout_s=1.0), lock, ledger, device


async def test_a_confirmed_move_is_known() -> None:
    cable, lock, _, _ = make()

    moved = await cable.move(locked=True)

    assert moved
    assert cable.locked
    assert lock.moves == ["lock"]


async def test_a_move_that_is_not_confirmed_leaves_the_lock_unknown_and_is_a_fault_until_the_next_car() -> None:
    cable, lock, ledger, _ = make()
    lock.is_refusing = True

    moved = await cable.move(locked=True)
    failed = ledger.active
    cable.next_car()

    assert (moved, cable.locked) == (False, None)
    assert failed == ("ConnectorLockFailure",)
    assert ledger.active == ()


async def test_a_lock_that_was_gone_is_opened_anew_by_the_next_move() -> None:
    cable, lock, ledger, device = make()
    await cable.move(locked=True)
    lock.is_gone = True
    gone = await cable.move(locked=False)

    lock.is_gone = False
    found = await cable.move(locked=False)

    assert (gone, found) == (False, True)
    assert device.opened == 2
    assert ledger.active == ()


def test_a_device_that_cannot_be_opened_is_a_fault_that_no_next_car_mends() -> None:
    cable, _, ledger, _ = make()

    cable.device_lost(DeviceGone("pulled out"))
    cable.next_car()
    after = ledger.active
    cable.device_opened()

    assert after == ("ConnectorLockFailure",)
    assert ledger.active == ()


async def test_where_there_is_no_lock_every_move_is_done() -> None:
    cable = CableLock(None, device=None, ledger=FaultLedger(lambda *_: None), timeout_s=1.0)

    assert await cable.move(locked=True)
    assert not cable.is_there
