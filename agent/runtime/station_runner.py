"""The one consumer of events: resolve, decide, commit, act - in this order, one event at a time.

Record, then act: the new state and the facts of one event are committed before its effects are carried out.
Only WithdrawEnergy does not wait, because stopping is always safe.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from agent.clock import Clock
from agent.errors import StoreError
from agent.log import get_logger
from agent.runtime.unsaved import Unsaved
from agent.station.commands import (
    Answer,
    Command,
    GetBaseReport,
    GetLocalListVersion,
    GetTransactionStatus,
    GetVariables,
    RequestStart,
    SendLocalList,
)
from agent.station.effects import Effect, PermitEnergy, Record, Reply, StoreLocalList, WithdrawEnergy
from agent.station.events import (
    CsmsAsked,
    Event,
    LocalListStored,
    MeterSampled,
    StorageChanged,
    TokenPresented,
)
from agent.station.facts import TransactionStarted
from agent.station.standard_variables import AUTH_CACHE_LIFE_TIME
from agent.station.state import StationState
from agent.station.station import Station
from agent.store.store import Store

log = get_logger(__name__)

MAX_WAITING = 4096
"""Events waiting at once. Samples are dropped long before (a later one says more); the rest must never pile up."""
MAX_WAITING_SAMPLES = 64
RETRY_COMMIT_S = 5.0
MAX_RETRY_COMMIT_S = 300.0
"""Where nothing waits to be stored, only the next begin of a transaction can tell whether the store takes it."""
COMMAND_ANSWERED_WITHIN_S = 25.0
"""A CSMS waits 30 s by default."""

Observer = Callable[[Event, Sequence[Effect]], None]


class StationRunner:
    """Owns the station core; everything that happens is posted here."""

    def __init__(self, station: Station, store: Store, *, clock: Clock, act: Callable[[Effect], None]) -> None:
        self.station = station
        self.samples_dropped = 0
        self.commits = 0
        self.commit_failures = 0
        self._store = store
        self._clock = clock
        self._act = act
        self._inbox: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING)
        self._unsaved = Unsaved(station.state)
        self._observers: list[Observer] = []
        self._tickets = count(1)
        self._replies: dict[int, asyncio.Future[Answer]] = {}
        self._retry_s = RETRY_COMMIT_S
        self._retry_due_s = 0.0
        self._complained = False
        self._unreadable = False
        self._rests = False
        """Every event is committed and carried out: the state may be read."""
        self.handled = asyncio.Event()
        """Set after each event: what waits for a due time looks again."""

    @property
    def state(self) -> StationState:
        """The station as it now is."""
        return self.station.state

    def observe(self, observer: Observer) -> None:
        """Call `observer` after each event has been carried out."""
        self._observers.append(observer)

    def post(self, event: Event) -> None:
        """Hand in an event; from the loop's thread only. Never blocks."""
        if isinstance(event, MeterSampled) and self._inbox.qsize() > MAX_WAITING_SAMPLES:
            self.samples_dropped += 1
            return
        self._inbox.put_nowait(event)

    async def ask(self, command: Command) -> Answer:
        """Let the station answer a CSMS's command. Raises TimeoutError after 25 s."""
        if isinstance(command, GetVariables | GetBaseReport) and self._rests and self._inbox.empty():
            return self.station.look_up(command, self._clock.now())
        ticket = next(self._tickets)
        reply: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._replies[ticket] = reply
        try:
            self.post(CsmsAsked(ticket, command))
            async with asyncio.timeout(COMMAND_ANSWERED_WITHIN_S):
                return await reply
        finally:
            del self._replies[ticket]

    async def run(self) -> None:
        """Take in events for ever."""
        while True:
            event = await self._next()
            if event is None:
                await self._retry_commit()
            else:
                await self.take(event)

    async def _next(self) -> Event | None:
        """The next event; None where it is time to try the store again."""
        if self._unsaved.is_stuck:
            try:
                async with asyncio.timeout_at(self._retry_due_s):
                    return await self._inbox.get()
            except TimeoutError:
                return None
        self._rests = True
        try:
            return await self._inbox.get()
        finally:
            self._rests = False

    async def take(self, event: Event) -> None:
        """One event, whole."""
        resolved = await self._resolve(event)
        if resolved is None:
            return
        effects = await self._decide_and_commit(resolved)
        for effect in effects:
            if isinstance(effect, Reply):
                self._reply(effect)
            elif not isinstance(effect, WithdrawEnergy):
                self._act(effect)
        for observer in self._observers:
            observer(resolved, effects)
        self.handled.set()

    async def _decide_and_commit(self, event: Event) -> Sequence[Effect]:
        before = self.station.state
        effects = self._decide(event)
        if await self._commit(effects):
            return effects
        # Energy that nobody could bill must not flow, so nothing began. But what was seen was seen (a car that
        # plugged in), and who asked is answered: the same event, to a station that cannot begin anything.
        self._undo(before)
        effects = self._decide(StorageChanged(writable=False) if isinstance(event, StorageChanged) else event)
        if await self._commit(effects):
            return effects
        self._undo(before)
        return ()

    def _undo(self, before: StationState) -> None:
        self._unsaved.drop_last()
        self.station.state = replace(before, writable=False)
        for evse in before.evses:
            if evse.permitted_a is not None:
                self._act(PermitEnergy(evse.id, evse.permitted_a))

    def _decide(self, event: Event) -> Sequence[Effect]:
        effects = self.station.handle(event, self._clock.now())
        for effect in effects:
            if isinstance(effect, WithdrawEnergy):
                self._act(effect)
        return effects

    async def _resolve(self, event: Event) -> Event | None:
        """Add what only the store knows: events are complete in themselves. None where it must be known and is not."""
        try:
            completed = await self._complete(event)
        except StoreError as error:
            if not self._unreadable:
                # Once until it works again, as with commits.
                log.error("the store cannot be read", cause=error, asked_for=type(event).__name__)
            self._unreadable = True
        else:
            if completed is not event:
                self._unreadable = False
            return completed
        # A card that is not looked up is an unknown one: it may still end the charge that it began.
        return event if isinstance(event, TokenPresented) else None

    async def _complete(self, event: Event) -> Event:
        match event:
            case TokenPresented():
                lifetime_s = self.state.model.integer(AUTH_CACHE_LIFE_TIME)
                known = await self._store.known(event.token, lifetime_s=lifetime_s, now=self._clock.now().wall)
                return replace(event, known=known)
            case CsmsAsked(command=RequestStart() as command):
                lifetime_s = self.state.model.integer(AUTH_CACHE_LIFE_TIME)
                known = await self._store.known(command.token, lifetime_s=lifetime_s, now=self._clock.now().wall)
                return replace(event, known=known)
            case CsmsAsked(command=GetTransactionStatus()):
                return replace(event, queued=await self._store.queued_transactions())
            case CsmsAsked(command=GetLocalListVersion() | SendLocalList()):
                return replace(event, local_list_version=await self._store.local_list_version())
            case _:
                return event

    async def _commit(self, effects: Sequence[Effect]) -> bool:
        """Store what changed; False where a transaction would have begun and could not be stored."""
        self._unsaved.add(self.station.state, effects, moment=self._clock.now())
        if self._unsaved.is_empty:
            return True
        try:
            await self._store.commit(self._unsaved.changes())
        except StoreError as error:
            return self._not_committed(effects, error)
        self._committed()
        self._tell_list_stored(effects, stored=True)
        return True

    def _committed(self) -> None:
        was_stuck = self._unsaved.is_stuck
        self.commits += 1
        self._unsaved.saved()
        self._retry_s = RETRY_COMMIT_S
        self._complained = False
        if was_stuck:
            log.info("the store takes commits again")
            self.post(StorageChanged(writable=True))

    def _not_committed(self, effects: Sequence[Effect], error: StoreError) -> bool:
        self.commit_failures += 1
        if not self._complained:
            # Once until it works again: a full disk must not fill the log.
            log.error("commit failed", cause=error, unsaved_facts=self._unsaved.fact_count)
            self._complained = True
        if not self._unsaved.is_stuck:
            self._retry_due_s = asyncio.get_running_loop().time() + self._retry_s
            self.post(StorageChanged(writable=False))
        self._tell_list_stored(effects, stored=False)
        if any(isinstance(effect, Record) and isinstance(effect.fact, TransactionStarted) for effect in effects):
            return False
        # Stops and samples count even so; they stay in memory until the store takes them.
        self._unsaved.keep()
        return True

    def _tell_list_stored(self, effects: Sequence[Effect], *, stored: bool) -> None:
        for effect in effects:
            if isinstance(effect, StoreLocalList):
                self.post(LocalListStored(effect.ticket, stored))

    async def _retry_commit(self) -> None:
        self._retry_due_s = asyncio.get_running_loop().time() + self._retry_s
        if self._unsaved.is_empty:
            self._retry_s = min(2 * self._retry_s, MAX_RETRY_COMMIT_S)
            self._unsaved.saved()
            self.post(StorageChanged(writable=True))
            return
        try:
            await self._store.commit(self._unsaved.changes())
        except StoreError:
            self.commit_failures += 1
            return
        self._committed()

    def _reply(self, effect: Reply) -> None:
        reply = self._replies.get(effect.ticket)
        if reply is not None and not reply.done():
            reply.set_result(effect.answer)
