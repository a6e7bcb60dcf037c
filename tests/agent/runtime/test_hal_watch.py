"""From iron to events: what ports and readers say, what is too old to be said, and what is said only once."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from agent.runtime.hal_watch import REOPEN_AFTER_S, STEADY_AFTER_S, Leases, PortWatch, ReaderWatch, sample_of
from agent.station.events import (
    ContactorMoved,
    Event,
    FaultCleared,
    FaultRaised,
    LeaseLapsed,
    LimitMoved,
    MeterSampled,
    PilotChanged,
    StopPressed,
    TokenPresented,
)
from agent.station.faults import Fault
from agent.station.id_token import IdToken
from agent.station.pilot import PilotState
from agent.station.samples import Measurand
from hal import port_events, readings
from hal.errors import DeviceGone, DeviceRefused
from hal.registry import DriverContext, SharedDevices
from hal.sim.reader import SimReader, SimReaderSettings
from tests.fakes.manual_moments import ManualMoments
from tests.fakes.port_bench import port_bench

READING = readings.MeterReading(
    mono_s=1000.0,
    energy_import_wh=1_234,
    energy_export_wh=5,
    power_w=11_040.04,
    phase_power_w=(3_680.0, 3_679.999, 3_680.0),
    current_a=(16.0, 16.001, 15.999),
    voltage_v=(230.0, 231.0, 229.0),
    frequency_hz=50.0,
    power_factor=0.99,
    soc_percent=40.0,
    temperature_c=31.5,
)


class Watched:
    """A port watch, its clock and what it posted."""

    def __init__(self) -> None:
        self.clock = ManualMoments()
        self.posted: list[Event] = []
        self.watch = PortWatch(2, self.clock, self.posted.append)


class Reader:
    """A reader whose every opening and every reading goes as it is told: an error, or a token."""

    def __init__(self, *openings: Sequence[readings.TokenReading | DeviceGone], opens: bool = True) -> None:
        self.opens = opens
        self.openings = list(openings)
        self.started = 0
        self.stopped = 0
        self.stop_error: DeviceRefused | None = None

    async def start(self) -> None:
        """Open it."""
        self.started += 1
        if not self.opens:
            raise DeviceGone("no such device", device="reader 1")

    async def stop(self) -> None:
        """Close it."""
        self.stopped += 1
        if self.stop_error is not None:
            raise self.stop_error

    async def tokens(self) -> AsyncIterator[readings.TokenReading]:
        """What this opening was told to bring, then silence."""
        for said in self.openings.pop(0) if self.openings else []:
            if isinstance(said, DeviceGone):
                raise said
            yield said
        await asyncio.Event().wait()


class WatchedReader:
    """A reader watch at work, its clock and what it posted."""

    def __init__(self, reader: Reader | SimReader, clock: ManualMoments, posted: list[Event]) -> None:
        self.reader = reader
        self.clock = clock
        self.posted = posted

    @property
    def faults(self) -> list[Event]:
        """Faults raised and cleared, in order."""
        return [event for event in self.posted if isinstance(event, FaultRaised | FaultCleared)]


@asynccontextmanager
async def watching(reader: Reader | SimReader, *, evse_ids: tuple[int, ...] = (1,)) -> AsyncIterator[WatchedReader]:
    """Watch a reader as long as the block lasts."""
    clock = ManualMoments()
    posted: list[Event] = []
    watch = ReaderWatch(reader, name="reader 1", evse_ids=evse_ids, clock=clock, post=posted.append)
    task = asyncio.create_task(watch.run(), name="reader under test")
    await clock.settle()
    try:
        yield WatchedReader(reader, clock, posted)
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


GONE = DeviceGone("unplugged", device="reader 1")
CARD = readings.TokenReading("04AABBCC")


def test_what_a_port_reports_becomes_an_event_of_its_evse() -> None:
    watched = Watched()

    watched.watch.report(port_events.PilotMoved(readings.PilotState.C))
    watched.watch.report(port_events.ContactorMoved(closed=True))
    watched.watch.report(port_events.FaultMoved("GroundFailure", active=True, detail="6 mA"))
    watched.watch.report(port_events.FaultMoved("GroundFailure", active=False))
    watched.watch.report(port_events.LimitMoved(13.0, "hot cable"))
    watched.watch.report(port_events.StopPressed())
    watched.watch.report(port_events.LeaseLapsed())

    assert watched.posted == [
        PilotChanged(2, PilotState.C),
        ContactorMoved(2, closed=True),
        FaultRaised(2, Fault("GroundFailure"), "6 mA"),
        FaultCleared(2, Fault("GroundFailure")),
        LimitMoved(2, 13.0),
        StopPressed(2),
        LeaseLapsed(2),
    ]


@pytest.mark.parametrize("name", readings.FAULT_NAMES)
def test_every_fault_that_a_port_knows_the_station_knows_too(name: str) -> None:
    watched = Watched()

    watched.watch.report(port_events.FaultMoved(name, active=True))

    assert watched.posted == [FaultRaised(2, Fault(name), "")]


@pytest.mark.parametrize("state", list(readings.PilotState))
def test_every_pilot_state_is_the_stations(state: readings.PilotState) -> None:
    watched = Watched()

    watched.watch.report(port_events.PilotMoved(state))

    assert watched.posted == [PilotChanged(2, PilotState(state.value))]


def test_a_reading_carries_all_that_the_meter_measures() -> None:
    sample = sample_of(2, READING, at=ManualMoments().now())

    told = {(one.measurand, one.phase): (one.value, one.unit) for one in sample.quantities}
    assert (sample.evse_id, sample.energy_wh) == (2, 1_234)
    assert told[Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, None] == (1_234, "Wh")
    assert told[Measurand.ENERGY_ACTIVE_EXPORT_REGISTER, None] == (5, "Wh")
    assert told[Measurand.POWER_ACTIVE_IMPORT, None] == (11_040.0, "W")
    assert told[Measurand.POWER_ACTIVE_IMPORT, "L2"] == (3_680.0, "W")
    assert told[Measurand.CURRENT_IMPORT, "L3"] == (16.0, "A")
    assert told[Measurand.VOLTAGE, "L2-N"] == (231.0, "V")
    assert told[Measurand.FREQUENCY, None] == (50.0, "Hz")
    assert told[Measurand.POWER_FACTOR, None] == (0.99, "")
    assert told[Measurand.SOC, None] == (40.0, "Percent")
    assert told[Measurand.TEMPERATURE, None] == (31.5, "Celsius")


def test_what_a_meter_does_not_measure_is_not_made_up() -> None:
    bare = readings.MeterReading(mono_s=1000.0, energy_import_wh=7, current_a=(6.0,))

    sample = sample_of(1, bare, at=ManualMoments().now())

    assert [(one.measurand, one.phase) for one in sample.quantities] == [
        (Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, None),
        (Measurand.CURRENT_IMPORT, "L1"),
    ]


async def test_a_reading_that_was_long_on_its_way_keeps_its_age() -> None:
    watched = Watched()
    await watched.clock.advance(7.5)

    watched.watch.report(port_events.MeterRead(READING))

    (event,) = watched.posted
    assert isinstance(event, MeterSampled)
    assert event.sample.at.mono_s == 1000.0
    assert event.sample.at.wall == watched.clock.now().wall - timedelta(seconds=7.5)


def test_a_reading_from_a_clock_that_is_ahead_is_of_now() -> None:
    watched = Watched()
    ahead = readings.MeterReading(mono_s=1003.0, energy_import_wh=7)

    sample = watched.watch.sample(ahead)

    assert sample.at == watched.clock.now()


async def test_a_meter_that_falls_silent_brings_a_fault_and_no_old_value() -> None:
    async with port_bench() as bench:
        controls = bench.iron[1].controls
        controls.set_fault("PowerMeterFailure", active=True)
        bench.events.clear()
        await bench.pass_time(20.0)
        silent = [event for event in bench.events if _is_of(event, 1)]
        controls.set_fault("PowerMeterFailure", active=False)
        mended_s = bench.clock.monotonic()
        bench.events.clear()
        await bench.pass_time(60.0)
        loud = [event for event in bench.events if _is_of(event, 1)]

    assert [(type(event), getattr(event, "fault", None)) for event in silent] == [(FaultRaised, Fault.POWER_METER)]
    assert FaultCleared(1, Fault.POWER_METER) in loud
    fresh = [event.sample.at.mono_s for event in loud if isinstance(event, MeterSampled)]
    assert min(fresh) >= mended_s


def _is_of(event: Event, evse_id: int) -> bool:
    """Whether an event concerns an EVSE."""
    return (event.sample.evse_id if isinstance(event, MeterSampled) else getattr(event, "evse_id", None)) == evse_id


async def test_a_token_is_presented_at_the_evses_that_its_reader_serves() -> None:
    async with watching(Reader([CARD, CARD]), evse_ids=(1, 2)) as watched:
        assert watched.posted == [TokenPresented(IdToken("04AABBCC", "ISO14443"), (1, 2))] * 2


async def test_a_reader_that_is_not_there_is_a_fault_once_and_is_looked_for_ever_more_rarely(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = Reader(opens=False)

    async with watching(reader, evse_ids=(1, 2)) as watched:
        tries = [reader.started]
        for wait_s in (*REOPEN_AFTER_S, REOPEN_AFTER_S[-1]):
            await watched.clock.advance(wait_s - 0.01)
            tries.append(reader.started)
            await watched.clock.advance(0.01)
            tries.append(reader.started)

    assert tries == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    why = "reader 1: no such device"
    assert watched.posted == [FaultRaised(1, Fault.READER, why), FaultRaised(2, Fault.READER, why)]
    assert caplog.messages.count("reader failed") == 1
    assert reader.stopped == reader.started


async def test_a_reader_that_comes_back_works_again_and_its_fault_ends() -> None:
    async with watching(Reader([CARD, GONE], [])) as watched:
        await watched.clock.advance(REOPEN_AFTER_S[0] + STEADY_AFTER_S)

        assert watched.faults == [FaultRaised(1, Fault.READER, "reader 1: unplugged"), FaultCleared(1, Fault.READER)]


async def test_a_token_proves_that_the_reader_works() -> None:
    async with watching(Reader([GONE], [CARD])) as watched:
        await watched.clock.advance(REOPEN_AFTER_S[0])

        assert watched.posted[-2:] == [FaultCleared(1, Fault.READER), TokenPresented(IdToken("04AABBCC"), (1,))]


async def test_a_reader_that_opens_and_fails_at_once_floods_nobody(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader(*[[GONE] for _ in range(1000)])

    async with watching(reader) as watched:
        await watched.clock.advance(600.0)

    assert watched.faults == [FaultRaised(1, Fault.READER, "reader 1: unplugged")]
    assert [caplog.messages.count(event) for event in ("reader failed", "reader works again")] == [1, 0]
    assert reader.started < 600.0 / REOPEN_AFTER_S[-1] + len(REOPEN_AFTER_S) + 1


async def test_a_simulated_reader_that_was_unplugged_for_long_reads_again() -> None:
    clock = ManualMoments()
    reader = SimReader(SimReaderSettings(), DriverContext("reader 1", None, clock, shared=SharedDevices()))

    async with watching(reader, evse_ids=()) as watched:
        reader.set_failed(failed=True)
        await watched.clock.advance(100.0)
        reader.set_failed(failed=False)
        await watched.clock.advance(REOPEN_AFTER_S[-1] + STEADY_AFTER_S)
        reader.present("CARD-0001")
        await watched.clock.settle()

    assert [type(event) for event in watched.posted] == [FaultRaised, FaultCleared, TokenPresented]
    assert isinstance(watched.posted[0], FaultRaised)
    assert watched.posted[0].evse_id is None


async def test_a_reader_that_does_not_close_is_opened_again_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader([GONE], [CARD])
    reader.stop_error = DeviceRefused("busy")

    async with watching(reader) as watched:
        await watched.clock.advance(REOPEN_AFTER_S[0])

        assert TokenPresented(IdToken("04AABBCC"), (1,)) in watched.posted
    assert "reader did not close" in caplog.messages


async def test_a_lease_is_renewed_at_once_and_then_steadily() -> None:
    renewed_s: list[float] = []
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def renew() -> None:
        renewed_s.append(loop.time())
        if len(renewed_s) == 4:
            enough.set()

    begun_s = loop.time()
    task = asyncio.create_task(Leases(renew, every_s=0.02).run(), name="leases")
    await enough.wait()
    task.cancel()
    await asyncio.wait([task])

    assert renewed_s[0] - begun_s < 0.02
    assert renewed_s[3] - renewed_s[0] >= 3 * 0.02 - 0.001


async def test_a_loop_that_was_held_up_knows_by_how_much() -> None:
    lags_s: list[float] = []
    twice = asyncio.Event()

    def renew() -> None:
        lags_s.append(leases.loop_lag_s)
        if len(lags_s) == 2:
            twice.set()

    leases = Leases(renew, every_s=0.01)
    task = asyncio.create_task(leases.run(), name="leases")
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - a driver that blocks the loop is what this is about
    await twice.wait()
    task.cancel()
    await asyncio.wait([task])

    assert lags_s[0] == 0.0
    assert 0.05 < lags_s[1] < 5.0
