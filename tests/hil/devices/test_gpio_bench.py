"""The emulated wiring, on wires of its own."""

import asyncio
from collections.abc import Callable

import pytest

from hil.devices.gpio_bench import Condition, Contact, LockMotor, Relay

SHORT_S = 0.005


class PlainWire:
    """A wire with a pull-up: `write` is the controller's side."""

    def __init__(self) -> None:
        self.outside: bool | None = None
        self.inside: bool | None = None
        self.followers: list[Callable[[], None]] = []

    @property
    def level(self) -> bool:
        if self.inside is not None:
            return self.inside
        return True if self.outside is None else self.outside

    def drive(self, high: bool | None) -> None:
        self.outside = high

    def follow(self, moved: Callable[[], None]) -> None:
        self.followers.append(moved)

    def write(self, high: bool) -> None:
        self.inside = high
        for moved in self.followers:
            moved()


@pytest.fixture
def coil() -> PlainWire:
    wire = PlainWire()
    wire.write(False)
    return wire


async def test_a_relay_and_its_mirror_contact_follow_the_coil(coil: PlainWire) -> None:
    mirror = PlainWire()
    relay = Relay(coil, mirrors=(mirror,), operate_s=SHORT_S)
    relay.attach(asyncio.get_running_loop())
    states = [(relay.closed, mirror.level)]

    for level in (True, False):
        coil.write(level)
        await relay.moved()
        states.append((relay.closed, mirror.level))

    assert states == [(False, False), (True, True), (False, False)]


async def test_a_welded_relay_stays_closed_until_it_is_repaired(coil: PlainWire) -> None:
    relay = Relay(coil, operate_s=SHORT_S)
    relay.attach(asyncio.get_running_loop())
    coil.write(True)
    await relay.moved()
    relay.condition = Condition.WELDED
    coil.write(False)
    await relay.moved()
    was_closed = relay.closed

    relay.repair()

    assert was_closed
    assert not relay.closed


async def test_a_relay_with_a_broken_coil_stays_open(coil: PlainWire) -> None:
    relay = Relay(coil, operate_s=SHORT_S)
    relay.attach(asyncio.get_running_loop())
    relay.condition = Condition.STUCK_OPEN

    coil.write(True)
    await relay.moved()

    assert relay.is_commanded
    assert not relay.closed


class MotorRig:
    def __init__(self, *, is_pulsed: bool = True) -> None:
        self.locking, self.unlocking, self.locked, self.free = (PlainWire() for _ in range(4))
        self.locking.write(False)
        self.unlocking.write(False)
        self.motor = LockMotor(
            self.locking,
            self.unlocking if is_pulsed else None,
            locked_switch=self.locked,
            unlocked_switch=self.free,
            travel_s=SHORT_S,
        )
        self.motor.attach(asyncio.get_running_loop())

    async def pulse(self, wire: PlainWire, *, seconds: float = 4 * SHORT_S) -> None:
        wire.write(True)
        await asyncio.sleep(seconds)
        wire.write(False)
        await asyncio.sleep(0)

    @property
    def switches(self) -> tuple[bool, bool]:
        return self.locked.level, self.free.level


async def test_a_pulse_each_way_moves_the_motor_and_its_end_switches() -> None:
    rig = MotorRig()
    seen = [rig.switches]

    await rig.pulse(rig.locking)
    seen.append(rig.switches)
    await rig.pulse(rig.unlocking)
    seen.append(rig.switches)

    assert seen == [(False, True), (True, False), (False, True)]
    assert rig.motor.pulses == 2


async def test_a_pulse_that_is_too_short_moves_nothing() -> None:
    rig = MotorRig()

    await rig.pulse(rig.locking, seconds=0.0)
    await asyncio.sleep(4 * SHORT_S)

    assert not rig.motor.locked


async def test_a_slow_motor_needs_a_second_pulse_and_a_jammed_one_never_moves() -> None:
    rig = MotorRig()
    rig.motor.condition = Condition.SLOW
    moved = []

    await rig.pulse(rig.locking)
    moved.append(rig.motor.locked)
    await rig.pulse(rig.locking)
    moved.append(rig.motor.locked)
    rig.motor.condition = Condition.JAMMED
    await rig.pulse(rig.unlocking)
    moved.append(rig.motor.locked)

    assert moved == [False, True, True]


async def test_both_directions_at_once_are_remembered() -> None:
    rig = MotorRig()

    rig.locking.write(True)
    rig.unlocking.write(True)

    assert rig.motor.was_shorted
    assert rig.motor.has_current


async def test_a_bolt_with_a_spring_goes_back_by_itself() -> None:
    rig = MotorRig(is_pulsed=False)
    rig.locking.write(True)
    await asyncio.sleep(4 * SHORT_S)
    was_locked = rig.motor.locked

    rig.locking.write(False)
    await asyncio.sleep(4 * SHORT_S)

    assert was_locked
    assert not rig.motor.locked


@pytest.mark.parametrize(
    ("normally_closed", "levels"), [(False, [True, False, True, True]), (True, [False, True, True, False])]
)
def test_a_contact_to_ground_acts_is_let_go_and_its_wire_breaks(normally_closed: bool, levels: list[bool]) -> None:
    wire = PlainWire()
    contact = Contact(wire, normally_closed=normally_closed)
    seen = [wire.level]

    contact.act()
    seen.append(wire.level)
    contact.cut()
    seen.append(wire.level)
    contact.act(active=False)
    contact.mend()
    seen.append(wire.level)

    assert seen == levels


def test_a_bouncing_contact_ends_as_it_acts() -> None:
    wire = PlainWire()

    Contact(wire, to_supply=True).bounce()

    assert wire.outside is True
