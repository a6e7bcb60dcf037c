"""Draining the outbox: the head is told until it is acknowledged, one at a time, in order of record.

A lost link never uses up an attempt. Failed attempts are a CALLERROR, and in 2.x also no answer in time while
connected (2.0.1 E13); they are persisted, and after the last one the fact goes to the dead letters.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from agent.clock import Clock
from agent.errors import AnswerTimeout, CallRefused, LinkLost, OwnPayloadInvalid, StoreError
from agent.log import get_logger
from agent.ocpp.adapter import FactAnswer, TransactionLedger, WrongPayload
from agent.runtime.link import Link, Speaking
from agent.station.device_model import DeviceModel
from agent.station.events import Event, TransactionAnswered
from agent.station.facts import Fact, FaultNoted, IdleMeterSampled, TransactionFact
from agent.station.standard_variables import MESSAGE_ATTEMPT_INTERVAL, MESSAGE_ATTEMPTS
from agent.store.damage import is_damage
from agent.store.outbox import OutboxRow
from agent.store.store import Store

log = get_logger(__name__)

T = TypeVar("T")

STUCK_LINK_RETRY_S = 5.0
STORE_RETRY_S = 5.0


class OutboxSender:
    """Sends facts while the link is online."""

    def __init__(
        self,
        store: Store,
        link: Link,
        *,
        clock: Clock,
        model: Callable[[], DeviceModel],
        post: Callable[[Event], None],
    ) -> None:
        self.sent = 0
        self.given_up = 0
        self.in_flight: int | None = None
        """Row id of the fact whose answer is due, or was due when its link was lost: the CSMS may have it."""
        self._store = store
        self._link = link
        self._clock = clock
        self._model = model
        self._post = post
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()

    def wake(self) -> None:
        """Something was recorded."""
        self._empty.clear()
        self._wake.set()

    async def drained(self) -> None:
        """Return once nothing is queued."""
        await self._empty.wait()

    async def run(self) -> None:
        """Drain for ever."""
        while True:
            self._wake.clear()
            if await self._store.head() is None:
                if not self._wake.is_set():  # or something was recorded while the store looked
                    self._empty.set()
                await self._wake.wait()
                continue
            self._empty.clear()
            speaking = await self._link.speaking()
            # Looked at only now: who waited through a loss of link is marked as offline by it.
            row = await self._store.head()
            if row is not None:
                await self._tell(speaking, row)

    async def _tell(self, speaking: Speaking, row: OutboxRow) -> None:
        """Tell one fact and settle it, or leave it at the head."""
        fact: Fact = row.fact
        if isinstance(fact, TransactionFact) and row.offline and not fact.offline:
            fact = replace(fact, offline=True)  # E11.FR.07
        ledger = await self._ledger(fact)
        call = speaking.adapter.encode_fact(fact, wall=self._store.mend, ledger=ledger)
        if call is None:
            await self._stored(lambda: self._store.acknowledge(row))
            return
        self.in_flight = row.id
        try:
            payload = await self._link.call(speaking, call)
        except LinkLost:
            return
        except AnswerTimeout:
            await self._unanswered(speaking, row, ledger)
            return
        except CallRefused as error:
            self.in_flight = None
            await self._failed(speaking, row, ledger, why=str(error))
            return
        except OwnPayloadInvalid as error:
            # No CSMS would take it, now or later: keep it where a person can read it, and go on.
            await self._give_up(speaking, row, ledger, why=str(error))
            return
        self.in_flight = None
        try:
            answer = speaking.adapter.fact_answer(fact, payload)
        except WrongPayload as error:
            # Taken all the same; only what the CSMS adds to it cannot be read.
            log.warning("answer to a fact unreadable", row=row.id, why=error)
            answer = FactAnswer()
        self.sent += 1
        begins = speaking.adapter.introduces(fact, ledger)
        await self._stored(lambda: self._store.acknowledge(row, id_16=answer.id_16, start_answered=begins))
        if answer.info is not None and isinstance(fact, TransactionFact) and fact.token is not None:
            self._post(TransactionAnswered(fact.transaction_id, fact.token, answer.info))

    async def _ledger(self, fact: Fact) -> TransactionLedger | None:
        if isinstance(fact, FaultNoted) or (isinstance(fact, IdleMeterSampled) and fact.transaction_id is None):
            return None
        known = await self._store.ledger(fact.transaction_id or "")
        return TransactionLedger(known.transaction_id, known.id_16, known.start_answered)

    async def _unanswered(self, speaking: Speaking, row: OutboxRow, ledger: TransactionLedger | None) -> None:
        if speaking.adapter.counts_silence:
            await self._failed(speaking, row, ledger, why="no answer in time")
            return
        # 1.6 counts only refusals: the CSMS may be slow for weeks.
        log.warning("fact unanswered", row=row.id)
        await asyncio.sleep(STUCK_LINK_RETRY_S)

    async def _failed(self, speaking: Speaking, row: OutboxRow, ledger: TransactionLedger | None, *, why: str) -> None:
        attempts = await self._stored(lambda: self._store.failed(row))
        allowed = self._model().integer(MESSAGE_ATTEMPTS) if speaking.adapter.is_retryable(row.fact) else 1
        log.warning("fact not accepted", row=row.id, attempts=attempts, allowed=allowed, why=why)
        if attempts >= allowed:
            await self._give_up(speaking, row, ledger, why=why)  # E13.FR.04
            return
        # E13.FR.03; 1.6 TransactionMessageRetryInterval
        await self._clock.sleep(self._model().integer(MESSAGE_ATTEMPT_INTERVAL) * attempts)

    async def _give_up(self, speaking: Speaking, row: OutboxRow, ledger: TransactionLedger | None, *, why: str) -> None:
        self.in_flight = None
        self.given_up += 1
        log.error("fact given up", row=row.id, fact=type(row.fact).__name__, why=why)
        begins = speaking.adapter.introduces(row.fact, ledger)
        await self._stored(lambda: self._store.give_up(row, why, start_answered=begins))

    async def _stored(self, settle: Callable[[], Awaitable[T]]) -> T:
        """What the store answers, once it does: until then nothing else is told, and nothing twice."""
        refused = False
        while True:
            try:
                return await settle()
            except StoreError as error:
                if error.__cause__ is not None and is_damage(error.__cause__):
                    raise  # the next process sets a broken file aside
                if not refused:
                    log.error("what was told cannot be noted", cause=error)
                refused = True
            await asyncio.sleep(STORE_RETRY_S)
