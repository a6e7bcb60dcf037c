"""The emulated CAN board, by its frames; and that config/can-board.dbc describes them."""

import struct
from pathlib import Path

import pytest
from cantools.database import load_string
from cantools.database.can import Database
from cantools.database.namedsignalvalue import NamedSignalValue

from hil.devices.can_board import (
    AGENT_BEAT,
    BOARD_BEAT,
    COMMAND,
    ENERGY,
    FAULTS,
    HELD,
    NO_DIODE,
    PERIODS_S,
    STATUS,
    CanFrame,
    EmulatedCanBoard,
    Mood,
)

DBC = Path(__file__).parents[3] / "config" / "can-board.dbc"


class Bench:
    """A board in a time of its own, with an agent that may beat."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.board = EmulatedCanBoard(clock=lambda: self.now_s)
        self.beats = True
        self.limit_a = 0.0
        self.closed = self.locked = False
        self._count = 0

    def run(self, seconds: float) -> list[CanFrame]:
        """What the board says meanwhile."""
        said: list[CanFrame] = []
        for _ in range(round(seconds / 0.01)):
            self.now_s += 0.01
            if self.beats and round(self.now_s * 100) % 10 == 0:
                self._count += 1
                self.board.feed(CanFrame(AGENT_BEAT, bytes((self._count % 256,))))
                switches = int(self.closed) | int(self.locked) << 1
                self.board.feed(CanFrame(COMMAND, bytes((int(self.limit_a * 2), switches, 0))))
            said += self.board.tick()
        return said

    def charge(self) -> None:
        self.board.vehicle.connected = self.board.vehicle.wants = True
        self.limit_a, self.closed = 16.0, True
        self.run(0.5)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def dbc() -> Database:
    database = load_string(DBC.read_text(), database_format="dbc")
    assert isinstance(database, Database)
    return database


def last(frames: list[CanFrame], identifier: int) -> bytes:
    return [frame.data for frame in frames if frame.identifier == identifier][-1]


def test_every_message_comes_as_often_as_the_dbc_file_says(bench: Bench, dbc: Database) -> None:
    bench.run(0.2)

    said = bench.run(2.0)

    for identifier in PERIODS_S:
        message = dbc.get_message_by_frame_id(identifier)
        assert message.cycle_time is not None
        expected = 2000 / message.cycle_time
        assert sum(frame.identifier == identifier for frame in said) == pytest.approx(expected, rel=0.2)
        assert {len(frame.data) for frame in said if frame.identifier == identifier} == {message.length}


def test_the_dbc_file_explains_the_frames(bench: Bench, dbc: Database) -> None:
    bench.charge()
    bench.locked = True
    bench.board.faults.add("MeterFailed")
    bench.board.energy_wh = 70_000.5
    bench.board.temperature_c = None

    decoded: dict[str, object] = {}
    for frame in bench.run(0.3):
        decoded |= dbc.decode_message(frame.identifier, frame.data)  # type: ignore[arg-type]

    assert {
        name: str(decoded[name]) for name in ("PilotState", "LockFeedback", "Temperature", "ContactorFeedback")
    } == {
        "PilotState": "B",
        "LockFeedback": "Held",
        "Temperature": "NotAvailable",
        "ContactorFeedback": "Open",
    }
    assert (decoded["MeterFailed"], decoded["ResidualCurrent"]) == (1, 0)
    assert decoded["EnergyImport"] == 70_000
    assert decoded["VoltageL3"] == pytest.approx(230)
    assert decoded["Frequency"] == pytest.approx(50)
    assert bench.board.lock_state == HELD


def test_our_command_as_the_dbc_file_packs_it_is_obeyed(bench: Bench, dbc: Database) -> None:
    bench.charge()
    order: dict[str, int | float | str | NamedSignalValue] = {
        "CurrentLimit": 12.5,
        "Contactor": "Open",
        "Lock": "Hold",
        "Mode": "SelfClosing",
    }

    bench.board.feed(CanFrame(COMMAND, dbc.encode_message("AgentCommand", order)))

    assert bench.board.offers_a == 12.5
    assert bench.board.contactor_on
    assert bench.board.self_closing


def test_the_dbc_file_explains_itself(dbc: Database) -> None:
    for message in dbc.messages:
        assert message.comment, message.name
        assert message.cycle_time, message.name
        for signal in message.signals:
            assert signal.unit or signal.choices or signal.length in (1, 8), f"{message.name}.{signal.name}"


def test_it_charges_while_all_is_well(bench: Bench) -> None:
    bench.charge()

    assert bench.board.is_energised
    assert bench.board.power_w == pytest.approx(16 * 690)


def test_without_the_agents_sign_of_life_it_opens_after_half_a_second(bench: Bench) -> None:
    bench.charge()
    bench.beats = False

    bench.run(0.4)
    before = bench.board.is_energised
    bench.run(0.2)

    assert (before, bench.board.is_energised, bench.board.offers_a) == (True, False, None)


def test_a_sign_of_life_that_stands_still_is_none(bench: Bench) -> None:
    bench.charge()
    bench.beats = False

    for _ in range(8):
        bench.board.feed(CanFrame(AGENT_BEAT, b"\x05"))
        bench.run(0.1)

    assert bench.board.agent_lost


@pytest.mark.parametrize("fault", ["ResidualCurrent", "EmergencyStop"])
def test_a_fault_opens_it_and_is_said_at_once(bench: Bench, fault: str) -> None:
    bench.charge()

    bench.board.faults.add(fault)
    said = bench.run(0.01)

    assert not bench.board.is_energised
    assert any(last(said, FAULTS))


def test_a_missing_diode_is_pilot_state_f(bench: Bench) -> None:
    bench.charge()
    bench.board.pilot_fault = NO_DIODE

    assert last(bench.run(0.1), STATUS)[0] == 5


def test_energy_is_counted_from_the_load(bench: Bench) -> None:
    bench.charge()
    before_wh = bench.board.energy_wh
    bench.board.vehicle.draws_a = 10.0

    bench.board.advance(3600)

    assert bench.board.energy_wh - before_wh == pytest.approx(6900, rel=0.001)
    assert struct.unpack("<Ii", last(bench.run(0.1), ENERGY))[1] == 69_000


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.MUTE])
def test_silence(bench: Bench, mood: Mood) -> None:
    bench.board.mood = mood

    assert bench.run(0.5) == []


def test_a_frozen_counter_stands_still(bench: Bench) -> None:
    bench.run(0.2)
    bench.board.mood = Mood.FROZEN_COUNTER

    counts = {frame.data[0] for frame in bench.run(1.0) if frame.identifier == BOARD_BEAT}

    assert len(counts) == 1


def test_frozen_values_stand_still_whatever_happens(bench: Bench) -> None:
    bench.charge()
    bench.board.mood = Mood.FROZEN

    bench.board.vehicle.connected = False
    states = {frame.data[0] for frame in bench.run(0.5) if frame.identifier == STATUS}

    assert states == {2}


def test_wrong_lengths(bench: Bench) -> None:
    bench.board.mood = Mood.WRONG_LENGTH

    assert {len(frame.data) for frame in bench.run(0.1) if frame.identifier == STATUS} == {3}


def test_late_frames(bench: Bench) -> None:
    bench.board.mood, bench.board.late_by_s = Mood.LATE, 0.3

    assert bench.run(0.25) == []
    assert bench.run(0.2)


def test_noise_comes_beside_the_boards_own_frames(bench: Bench) -> None:
    bench.board.mood = Mood.NOISE

    said = bench.run(0.2)

    assert {frame.identifier for frame in said} > set(PERIODS_S)
    assert any(frame.is_extended for frame in said)


def test_bus_off_is_one_error_frame_and_then_nothing(bench: Bench) -> None:
    bench.board.mood = Mood.BUS_OFF

    said = bench.run(0.5)

    assert [frame.is_error for frame in said] == [True]


def test_frames_that_are_not_for_it_change_nothing(bench: Bench) -> None:
    bench.charge()

    for frame in (
        CanFrame(COMMAND, b"\x00\x00"),
        CanFrame(COMMAND, b"\x00\x00\x00", is_extended=True),
        CanFrame(0x040, bytes(8), is_error=True),
        CanFrame(0x300, b"\x00"),
    ):
        bench.board.feed(frame)

    assert bench.board.is_energised


def test_a_lock_that_is_stuck_stays_between_its_ends(bench: Bench) -> None:
    bench.board.lock_is_stuck = True
    bench.locked = True

    assert last(bench.run(0.5), STATUS)[1] >> 1 == 2
