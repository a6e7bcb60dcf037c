"""The settings of a board, checked against its DBC file: what is read from which frame, what is sent in which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.can_bus.settings import CanBoardSettings, LockSignals, MeterSignals, hint
from hal.can_bus.signals import Dictionary, Found, Key, Quantity, Raw, Value, limits, value_of
from hal.errors import WrongSettings
from hal.readings import PilotState

if TYPE_CHECKING:
    from cantools.database.can import Message

LOWEST_OFFER_A = 6.0  # IEC 61851-1 annex A: the least a duty cycle can offer
CYCLES = 3
"""A message is missing after so many of its cycles, where that is longer than the board's timeout."""

Address = tuple[int, bool]
"""A frame's identifier, and whether it is an extended one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands for a fault: one value of a signal, or (`value` None) any but 0."""

    found: Found
    value: Value | None
    name: str

    def is_in(self, raws: Mapping[str, Raw]) -> bool:
        """Whether a message's raw values tell of it."""
        return raws[self.found.signal.name] != 0 if self.value is None else self.value.is_in(raws)


@dataclass(frozen=True, slots=True)
class Switch:
    """A signal with a value for on and one for off."""

    on: Value
    off: Value

    @property
    def found(self) -> Found:
        """The signal."""
        return self.on.found


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured where."""

    energy: Quantity
    power: Quantity | None
    currents: tuple[Quantity, ...]
    voltages: tuple[Quantity, ...]
    frequency: Quantity | None
    temperature: Quantity | None
    timeout_s: float

    def quantities(self) -> Iterator[Quantity]:
        """All of them."""
        yield self.energy
        yield from (*self.currents, *self.voltages)
        yield from (one for one in (self.power, self.frequency, self.temperature) if one is not None)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock's command, and its end switches."""

    command: Switch
    feedback: Switch
    timeout_s: float


@dataclass(frozen=True, slots=True)
class BoardMap:
    """All that is known of a board. `watched` maps the messages that must keep coming to their timeouts."""

    pilot: Mapping[Raw, PilotState]
    pilot_at: Found
    feedback: Value | None
    faults: tuple[Fault, ...]
    meter: Meter | None
    lock: Lock | None
    alive_counter: Found | None
    heard: Mapping[Address, "Message"]
    watched: Mapping[str, float]
    limit: Quantity
    nothing: Value
    command: Switch | None
    our_counter: Found | None
    constants: tuple[Value, ...]

    def sent(self) -> dict[str, "Message"]:
        """The messages that we send, by name."""
        lock = None if self.lock is None else self.lock.command
        switches = [one for one in (self.command, lock) if one is not None]
        found = [self.limit.found, *(one.found for one in switches), *(one.found for one in self.constants)]
        if self.our_counter is not None:
            found.append(self.our_counter)
        return {one.message.name: one.message for one in found}


def board_map(settings: CanBoardSettings, dictionary: Dictionary) -> BoardMap:
    """The board's map. Raises WrongSettings at the first key that does not fit the DBC file."""
    signals, beat = settings.signals, settings.heartbeat
    pilot_at = dictionary.find(signals.pilot.signal, ("signals", "pilot", "signal"))
    limit, nothing = _limit(settings, dictionary)
    meter = None if signals.meter is None else _meter(signals.meter, dictionary)
    lock = None if signals.lock is None else _lock(signals.lock, dictionary)
    feedback = _feedback(settings, dictionary)
    faults = tuple(_fault(text, name, dictionary) for text, name in signals.faults.items())
    alive, alive_counter = _alive(settings, dictionary)
    vital = [pilot_at.message, *(fault.found.message for fault in faults)]
    vital += [feedback.found.message] if feedback else []
    vital += [alive] if alive else []
    vital += [lock.feedback.found.message] if lock else []
    measured = [quantity.found.message for quantity in meter.quantities()] if meter else []
    made = BoardMap(
        pilot=_pilot_states(signals.pilot.states, pilot_at),
        pilot_at=pilot_at,
        feedback=feedback,
        faults=faults,
        meter=meter,
        lock=lock,
        alive_counter=alive_counter,
        heard={(message.frame_id, message.is_extended_frame): message for message in (*vital, *measured)},
        watched=_watched(vital, settings, dictionary),
        limit=limit,
        nothing=nothing,
        command=_command(settings, dictionary),
        our_counter=None if beat.ours is None else dictionary.find(beat.ours, ("heartbeat", "ours")),
        constants=tuple(_constant(name, text, dictionary) for name, text in signals.constants.items()),
    )
    _check_directions(made, settings)
    return made


def _pilot_states(states: Mapping[str, str], found: Found) -> dict[Raw, PilotState]:
    where: Key = ("signals", "pilot", "states")
    choices = {str(name) for name in (found.signal.choices or {}).values()}
    named = states or {state.value: state.value for state in PilotState if state in choices}
    read: dict[Raw, PilotState] = {}
    for state, text in named.items():
        raw = value_of(found, text, (*where, state)).raw
        if raw in read:
            raise WrongSettings(f"{text} stands for {read[raw]} already", path=(*where, state))
        read[raw] = PilotState(state)
    for needed in (PilotState.A, PilotState.B, PilotState.C):
        if needed not in read.values():
            raise WrongSettings(f"no value of {found.name} stands for pilot state {needed}", path=where)
    return read


def _limit(settings: CanBoardSettings, dictionary: Dictionary) -> tuple[Quantity, Value]:
    key: Key = ("signals", "limit", "signal")
    limit = dictionary.quantity(settings.signals.limit.signal, "current", key)
    low_a, high_a = limit.range()
    if not low_a <= LOWEST_OFFER_A <= high_a:
        raise WrongSettings(
            f"{limit.found.name} cannot carry {LOWEST_OFFER_A:g} A: its range is {low_a:g} to {high_a:g} A", path=key
        )
    return limit, value_of(limit.found, settings.signals.limit.nothing, ("signals", "limit", "nothing"))


def _command(settings: CanBoardSettings, dictionary: Dictionary) -> Switch | None:
    contactor = settings.signals.contactor
    if contactor.command is None:
        return None
    found = dictionary.find(contactor.command, ("signals", "contactor", "command"))
    return _switch(found, (contactor.closed, contactor.open), ("closed", "open"), ("signals", "contactor"))


def _feedback(settings: CanBoardSettings, dictionary: Dictionary) -> Value | None:
    contactor = settings.signals.contactor
    if contactor.feedback is None:
        return None
    found = dictionary.find(contactor.feedback, ("signals", "contactor", "feedback"))
    return value_of(found, contactor.feedback_closed, ("signals", "contactor", "feedback_closed"))


def _switch(found: Found, texts: tuple[str, str], keys: tuple[str, str], where: Key) -> Switch:
    on, off = (value_of(found, text, (*where, key)) for text, key in zip(texts, keys, strict=True))
    if on.raw == off.raw:
        raise WrongSettings(f"{keys[0]} and {keys[1]} are the same value", path=(*where, keys[1]))
    return Switch(on, off)


def _lock(lock: LockSignals, dictionary: Dictionary) -> Lock:
    where: Key = ("signals", "lock")
    command = dictionary.find(lock.command, (*where, "command"))
    feedback = dictionary.find(lock.feedback, (*where, "feedback"))
    return Lock(
        command=_switch(command, (lock.locked, lock.unlocked), ("locked", "unlocked"), where),
        feedback=_switch(
            feedback, (lock.feedback_locked, lock.feedback_unlocked), ("feedback_locked", "feedback_unlocked"), where
        ),
        timeout_s=lock.timeout_s,
    )


def _meter(meter: MeterSignals, dictionary: Dictionary) -> Meter:
    where: Key = ("signals", "meter")

    def one(text: str | None, kind: str) -> Quantity | None:
        return None if text is None else dictionary.quantity(text, kind, (*where, kind))

    def each(texts: tuple[str, ...], kind: str, key: str) -> tuple[Quantity, ...]:
        return tuple(dictionary.quantity(text, kind, (*where, key, at)) for at, text in enumerate(texts))

    return Meter(
        energy=dictionary.quantity(meter.energy, "energy", (*where, "energy")),
        power=one(meter.power, "power"),
        currents=each(meter.currents, "current", "currents"),
        voltages=each(meter.voltages, "voltage", "voltages"),
        frequency=one(meter.frequency, "frequency"),
        temperature=one(meter.temperature, "temperature"),
        timeout_s=meter.timeout_s,
    )


def _fault(text: str, name: str, dictionary: Dictionary) -> Fault:
    key: Key = ("signals", "faults", text)
    signal, equals, value = text.partition("=")
    found = dictionary.find(signal, key)
    return Fault(found, value_of(found, value.strip(), key) if equals else None, name)


def _constant(name: str, text: str, dictionary: Dictionary) -> Value:
    key: Key = ("signals", "constants", name)
    return value_of(dictionary.find(name, key), text, key)


def _alive(settings: CanBoardSettings, dictionary: Dictionary) -> tuple["Message | None", Found | None]:
    theirs, key = settings.heartbeat.theirs, ("heartbeat", "theirs")
    if theirs is None:
        return None, None
    if "." not in theirs:
        return dictionary.message(theirs, key), None
    found = dictionary.find(theirs, key)
    return found.message, found


def _watched(vital: list["Message"], settings: CanBoardSettings, dictionary: Dictionary) -> dict[str, float]:
    beat = settings.heartbeat
    names = {message.name for message in vital}
    for name in beat.timeouts_s:
        key: Key = ("heartbeat", "timeouts_s", name)
        if dictionary.message(name, key).name not in names:
            raise WrongSettings(f"message {name} tells nothing that is waited for{hint(name, names)}", path=key)
    timeouts = {
        message.name: beat.timeouts_s.get(message.name, max(beat.timeout_s, CYCLES * (message.cycle_time or 0) / 1000))
        for message in vital
    }
    watched = {name: timeout_s for name, timeout_s in timeouts.items() if timeout_s}
    if not watched:
        raise WrongSettings(
            "no message is left that tells whether the board is there", path=("heartbeat", "timeouts_s")
        )
    return watched


def _check_directions(made: BoardMap, settings: CanBoardSettings) -> None:
    sent = made.sent()
    for message in made.heard.values():
        if message.name in sent:
            raise WrongSettings(f"message {message.name} would be both sent and received", path=("signals",))
    for message in sent.values():
        if message.is_multiplexed():
            raise WrongSettings(f"message {message.name} is multiplexed: such messages are not sent", path=("signals",))
    if made.our_counter is not None and limits(made.our_counter.signal)[1] < 1:
        raise WrongSettings(f"{settings.heartbeat.ours} is too small to count", path=("heartbeat", "ours"))
