"""From specs to parts, with drivers that only remember what they were given."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from hal.board import EvseParts, EvseSpec, PartSpec, build_evse, build_reader
from hal.errors import WrongSettings
from hal.readings import FaultReading, MeterReading, PilotState, TokenReading
from hal.registry import DRIVERS, DriverContext, SharedDevices


@dataclass(frozen=True, slots=True)
class Number:
    number: int = 0


class Device:
    """What all of these have in common."""

    Settings = Number
    PARTS: frozenset[str] = frozenset()

    def __init__(self, settings: Number, context: DriverContext) -> None:
        if settings.number < 0:
            raise WrongSettings("number must not be negative", path=("number",))
        self.settings = settings
        self.context = context

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Meter(Device):
    PARTS = frozenset({"meter"})

    async def read(self) -> MeterReading:
        return MeterReading(mono_s=0, energy_import_wh=self.settings.number)


class Board(Meter):
    """A whole controller board."""

    PARTS = frozenset({"pilot", "contactor", "meter", "faults", "indicator"})

    def offer(self, current_a: float | None) -> None: ...

    async def states(self) -> AsyncIterator[PilotState]:
        yield PilotState.A

    def open(self) -> None: ...

    def close(self) -> None: ...

    async def positions(self) -> AsyncIterator[bool]:
        yield False

    async def faults(self) -> AsyncIterator[FaultReading]:
        yield FaultReading(fault="GroundFailure", active=False)

    def show(self, look: str) -> None: ...


class Reader(Device):
    PARTS = frozenset({"reader"})

    async def tokens(self) -> AsyncIterator[TokenReading]:
        yield TokenReading(value="04AABBCC")


class Liar(Device):
    PARTS = frozenset({"contactor", "meter"})

    async def read(self) -> MeterReading:
        return MeterReading(mono_s=0, energy_import_wh=0)


class StillClock:
    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0 * seconds)


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("bench_drivers")
    for name, kind in {"t-meter": Meter, "t-board": Board, "t-reader": Reader, "t-liar": Liar}.items():
        setattr(module, kind.__name__, kind)
        monkeypatch.setitem(DRIVERS, name, f"bench_drivers:{kind.__name__}")
    monkeypatch.setitem(sys.modules, "bench_drivers", module)


def part(driver: str, number: int = 0) -> PartSpec:
    return PartSpec(driver=driver, settings=Number(number=number))


def build(**parts: PartSpec) -> EvseParts:
    spec = EvseSpec(evse_id=2, max_current_a=16, phases=1, parts=parts)
    return build_evse(spec, clock=StillClock(), shared=SharedDevices())


def as_device(found: Any) -> Device:
    assert isinstance(found, Device)
    return found


def test_one_driver_may_provide_everything() -> None:
    parts = build(all=part("t-board"))

    (board,) = parts.drivers
    provided = (parts.pilot, parts.contactor, parts.meter, parts.indicator, *parts.faults)
    assert {id(one) for one in provided} == {id(board)}
    assert parts.lock is None


def test_a_part_that_is_named_wins_over_the_driver_of_all() -> None:
    parts = build(all=part("t-board"), meter=part("t-meter", 7))

    assert isinstance(parts.contactor, Board)
    assert as_device(parts.meter).settings.number == 7
    assert len(parts.drivers) == 2


def test_equal_specs_share_one_driver_and_others_do_not() -> None:
    parts = build(pilot=part("t-board"), contactor=part("t-board"), meter=part("t-board", 1))

    assert id(parts.pilot) == id(parts.contactor) != id(parts.meter)
    assert len(parts.drivers) == 2


def test_every_driver_that_can_tell_faults_is_listened_to() -> None:
    parts = build(pilot=part("t-board"), contactor=part("t-board"), meter=part("t-meter"))

    assert [id(one) for one in parts.faults] == [id(parts.pilot)]


def test_a_driver_is_told_where_it_belongs() -> None:
    parts = build(all=part("t-board"), meter=part("t-meter"))

    board, meter = as_device(parts.pilot).context, as_device(parts.meter).context
    assert (board.name, meter.name) == ("EVSE 2", "EVSE 2 meter")
    assert (meter.evse_id, meter.max_current_a, meter.phases) == (2, 16, 1)
    assert board.shared is meter.shared


def test_an_evse_may_have_several_fault_inputs_and_knows_each_by_its_number() -> None:
    spec = EvseSpec(
        evse_id=2,
        max_current_a=16,
        phases=1,
        parts={"all": part("t-board")},
        several=(("faults", part("t-board", 1)), ("faults", part("t-board", 2))),
    )

    parts = build_evse(spec, clock=StillClock(), shared=SharedDevices())

    assert [as_device(one).context.name for one in parts.faults] == ["EVSE 2", "EVSE 2 faults 1", "EVSE 2 faults 2"]


def test_a_second_fault_input_that_does_not_fit_is_named_by_its_number() -> None:
    spec = EvseSpec(
        evse_id=2,
        max_current_a=16,
        phases=1,
        parts={"all": part("t-board")},
        several=(("faults", part("t-board", 1)), ("faults", part("t-meter", 2))),
    )

    with pytest.raises(WrongSettings, match="provides no faults") as refused:
        build_evse(spec, clock=StillClock(), shared=SharedDevices())

    assert refused.value.path == ("faults", 1, "driver")


def test_there_is_one_contactor_only() -> None:
    board = part("t-board")
    spec = EvseSpec(evse_id=2, max_current_a=16, phases=1, parts={"all": board}, several=(("contactor", board),))

    with pytest.raises(WrongSettings, match="has one contactor only"):
        build_evse(spec, clock=StillClock(), shared=SharedDevices())


@pytest.mark.parametrize("missing", ["pilot", "contactor", "meter"])
def test_an_evse_needs_pilot_contactor_and_meter(missing: str) -> None:
    parts = {name: part("t-board") for name in ("pilot", "contactor", "meter") if name != missing}

    with pytest.raises(WrongSettings, match=f"EVSE 2 has no {missing}") as refused:
        build(**parts)

    assert refused.value.path == (missing,)


@pytest.mark.parametrize(
    ("parts", "path", "complaint"),
    [
        ({"all": part("t-board"), "lock": part("t-meter")}, ("lock", "driver"), "provides no lock"),
        ({"all": part("t-board"), "meter": part("t-metre")}, ("meter", "driver"), "did you mean 't-meter'"),
        ({"all": part("t-board"), "meter": part("t-meter", -1)}, ("meter", "number"), "not be negative"),
        ({"all": part("t-board"), "reader": part("t-reader")}, ("reader",), "no part 'reader'"),
        ({"all": part("t-board"), "contactor": part("t-liar")}, ("contactor", "driver"), "lacks open, close"),
        ({"all": PartSpec(driver="t-board", settings=object())}, ("all",), "takes Number, not object"),
    ],
)
def test_a_spec_that_does_not_fit_names_the_key(
    parts: dict[str, PartSpec], path: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(WrongSettings, match=complaint) as refused:
        build(**parts)

    assert refused.value.path == path


def test_a_reader_is_built_on_its_own() -> None:
    shared = SharedDevices()

    reader = build_reader(part("t-reader"), name="reader 1", clock=StillClock(), shared=shared)

    context = as_device(reader).context
    assert (context.name, context.evse_id, context.shared) == ("reader 1", None, shared)


def test_a_meter_is_no_reader() -> None:
    with pytest.raises(WrongSettings, match="provides no reader"):
        build_reader(part("t-meter"), name="reader 1", clock=StillClock(), shared=SharedDevices())
