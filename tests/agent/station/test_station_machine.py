"""The station under random treatment: whatever happens, no energy flows that no transaction accounts for."""

import contextlib
from collections.abc import Iterator

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.station.commands import (
    ChangeAvailability,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.connector import ConnectorStatus
from agent.station.effects import AskAuthorization, Effect, PermitEnergy, Record, ReportStatus, Restart, WithdrawEnergy
from agent.station.events import (
    BootAnswered,
    FaultCleared,
    FaultRaised,
    LeaseLapsed,
    LimitMoved,
    LinkChanged,
    StopPressed,
    StorageChanged,
    TokenAnswered,
    TokenPresented,
    TransactionAnswered,
)
from agent.station.facts import TransactionEnded, TransactionFact, TransactionStarted
from agent.station.faults import Fault
from agent.station.id_token import AuthorizationStatus, IdToken, KnownToken, TokenInfo
from agent.station.pilot import PilotState
from tests.fakes.station_rig import ACCEPTED, Rig

GRID_A = 40.0
TOKENS = tuple(IdToken(value) for value in ("CARD-0001", "CARD-0002", "CARD-0003"))
GROUPED = TokenInfo(AuthorizationStatus.ACCEPTED, group=IdToken("FLEET"))
INVALID = TokenInfo(AuthorizationStatus.INVALID)
POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer", "EVConnected,Authorized")

_S = ConnectorStatus
FORBIDDEN = {
    (_S.CHARGING, _S.PREPARING),
    (_S.SUSPENDED_EV, _S.PREPARING),
    (_S.SUSPENDED_EVSE, _S.PREPARING),
}
"""Cells of the table in 1.6 section 4.9 that are empty, and that this station must not fill either."""

evse_numbers = st.sampled_from((1, 2))
tokens = st.sampled_from(TOKENS)
words = st.sampled_from((ACCEPTED, GROUPED, INVALID, None))
known = st.sampled_from(
    (KnownToken(), KnownToken(listed=ACCEPTED), KnownToken(cached=GROUPED), KnownToken(cached=INVALID))
)


class StationMachine(RuleBasedStateMachine):
    """Two EVSEs, one grid that does not carry both at full current, a CSMS and drivers without manners."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(grid_max_current_a=GRID_A)
        self.seen = 0
        self.asks: list[AskAuthorization] = []
        self.open: dict[int, str] = {}
        self.facts: dict[str, list[TransactionFact]] = {}
        self.permitted: dict[int, float | None] = {1: None, 2: None}
        self.statuses: dict[int, ConnectorStatus] = {}
        self.delivered: dict[str, int] = {}
        self.blind: set[str] = set()
        """Transactions whose meter was silent, or whose contactor stuck, at some time."""

    @initialize(
        start=st.sampled_from(POINTS),
        stop=st.sampled_from(POINTS),
        resumption_s=st.sampled_from(("0", "60")),
        has_lock=st.booleans(),
        accepted=st.sampled_from((True, True, True, False)),
    )
    def power_up(self, start: str, stop: str, resumption_s: str, has_lock: bool, accepted: bool) -> None:
        variables = {
            "TxCtrlr.TxStartPoint": start,
            "TxCtrlr.TxStopPoint": stop,
            "TxCtrlr.ResumptionTimeout": resumption_s,
        }
        self.rig = Rig(
            grid_max_current_a=GRID_A, variables=variables, has_lock=has_lock, accepted=accepted, online=accepted
        )
        with self.watched():
            self.rig.start()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Do something to the rig, then look at every effect it had."""
        yield
        effects, self.seen = self.rig.effects[self.seen :], len(self.rig.effects)
        for effect in effects:
            self.look_at(effect)

    def look_at(self, effect: Effect) -> None:
        match effect:
            case Record(TransactionFact() as fact):
                self.check_fact(fact)
            case PermitEnergy(evse_id, limit_a):
                assert evse_id in self.open, "energy permitted before its transaction is on record"
                assert limit_a >= 6.0 or (limit_a == 0.0 and self.permitted[evse_id] is not None)
                self.permitted[evse_id] = limit_a
                assert sum(each or 0.0 for each in self.permitted.values()) <= GRID_A
            case WithdrawEnergy(evse_id):
                self.permitted[evse_id] = None
            case ReportStatus(evse_id=evse_id, status=status, forced=False):
                assert (self.statuses.get(evse_id), status) not in FORBIDDEN
                self.statuses[evse_id] = status
            case AskAuthorization():
                self.asks.append(effect)
            case _:
                pass

    def check_fact(self, fact: TransactionFact) -> None:
        before = self.facts.setdefault(fact.transaction_id, [])
        assert isinstance(fact, TransactionStarted) == (not before), "Started comes first, and once"
        assert not any(isinstance(each, TransactionEnded) for each in before), "nothing comes after Ended"
        assert fact.seq_no == len(before)
        assert fact.register_wh is not None
        if before:
            last_wh = before[-1].register_wh
            assert last_wh is not None
            assert fact.register_wh >= last_wh
        before.append(fact)
        if isinstance(fact, TransactionStarted):
            assert fact.evse_id not in self.open
            self.open[fact.evse_id] = fact.transaction_id
        elif isinstance(fact, TransactionEnded):
            assert self.open.pop(fact.evse_id) == fact.transaction_id
            begin_wh = before[0].register_wh
            assert begin_wh is not None
            counted_wh = fact.register_wh - begin_wh
            if fact.transaction_id not in self.blind:
                assert counted_wh == self.delivered.get(fact.transaction_id, 0)

    def note_blindness(self) -> None:
        for evse_id, transaction_id in self.open.items():
            socket = self.rig.sockets[evse_id]
            if socket.is_meter_silent or socket.is_welded:
                self.blind.add(transaction_id)

    @rule(seconds=st.sampled_from((1, 3, 8, 35, 70)))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.note_blindness()
            for evse_id, socket in self.rig.sockets.items():
                if not socket.closed:
                    continue
                assert evse_id in self.open or socket.is_welded, "energy flows that nobody accounts for"
                if evse_id in self.open:
                    transaction_id = self.open[evse_id]
                    self.delivered[transaction_id] = self.delivered.get(transaction_id, 0) + 3
            with self.watched():
                self.rig.pass_time(1, charging_w=10_800.0)

    @rule(evse_id=evse_numbers, state=st.sampled_from(tuple(PilotState)))
    def pilot_moves(self, evse_id: int, state: PilotState) -> None:
        with self.watched():
            self.rig.pilot(evse_id, state)

    @rule(evse_id=evse_numbers)
    def car_comes_and_wants(self, evse_id: int) -> None:
        with self.watched():
            self.rig.plug(evse_id)

    @rule(evse_id=evse_numbers, token=tokens, seconds=st.sampled_from((1, 7, 70)))
    def a_charge_is_wanted(self, evse_id: int, token: IdToken, seconds: int) -> None:
        """The ordinary case, which random steps seldom meet."""
        with self.watched():
            self.rig.feed(StorageChanged(writable=True))
            self.rig.ask(ChangeAvailability(operative=True))
            self.rig.ask(ChangeAvailability(operative=True, evse_id=evse_id))
            self.rig.sockets[evse_id].is_meter_silent = False
            self.rig.sample(evse_id)
            self.rig.plug(evse_id)
            if evse_id not in self.open or self.rig.station.state.evses[evse_id - 1].record.grant is None:
                self.rig.swipe(token.value, evse_ids=(evse_id,))
        self.asks.clear()
        self.time_passes(seconds=seconds)

    @rule(token=tokens, evse_ids=st.sampled_from(((), (1,), (2,))), word=words, known=known)
    def card_is_shown(
        self, token: IdToken, evse_ids: tuple[int, ...], word: TokenInfo | None, known: KnownToken
    ) -> None:
        with self.watched():
            self.rig.swipe(token.value, evse_ids=evse_ids, known=known, answer=word)
        self.asks.clear()

    @rule(token=tokens)
    def card_is_shown_and_the_csms_thinks(self, token: IdToken) -> None:
        with self.watched():
            self.rig.feed(TokenPresented(token))

    @precondition(lambda self: self.asks)
    @rule(word=words)
    def csms_answers_late(self, word: TokenInfo | None) -> None:
        ask = self.asks.pop()
        with self.watched():
            self.rig.feed(TokenAnswered(ask.ticket, word))

    @rule(evse_id=evse_numbers)
    def stop_is_pressed(self, evse_id: int) -> None:
        with self.watched():
            self.rig.feed(StopPressed(evse_id))

    @rule(evse_id=evse_numbers, limit_a=st.sampled_from((None, 0.0, 5.9, 6.0, 10.0, 63.0)))
    def devices_limit(self, evse_id: int, limit_a: float | None) -> None:
        with self.watched():
            self.rig.feed(LimitMoved(evse_id, limit_a))

    @rule(evse_id=evse_numbers)
    def lease_lapses(self, evse_id: int) -> None:
        with self.watched():
            self.rig.feed(LeaseLapsed(evse_id))

    @precondition(lambda self: self.open)
    @rule(token=tokens, word=st.sampled_from((ACCEPTED, INVALID)))
    def csms_judges_a_transaction(self, token: IdToken, word: TokenInfo) -> None:
        with self.watched():
            self.rig.feed(TransactionAnswered(next(iter(self.open.values())), token, word))

    @rule(evse_id=st.sampled_from((None, 1, 2)), fault=st.sampled_from(tuple(Fault)))
    def fault_begins(self, evse_id: int | None, fault: Fault) -> None:
        with self.watched():
            self.rig.feed(FaultRaised(evse_id, fault))

    @rule()
    def faults_end(self) -> None:
        with self.watched():
            for evse in self.rig.station.state.evses:
                for fault in evse.faults:
                    self.rig.feed(FaultCleared(evse.id, fault))

    @rule(evse_id=st.sampled_from((None, 1, 2, 3)), token=tokens)
    def csms_starts(self, evse_id: int | None, token: IdToken) -> None:
        with self.watched():
            self.rig.ask(RequestStart(token, evse_id, remote_start_id=7))

    @rule(evse_id=evse_numbers)
    def csms_stops(self, evse_id: int) -> None:
        with self.watched():
            self.rig.ask(RequestStop(self.open.get(evse_id, "tx-unknown")))

    @rule(evse_id=st.sampled_from((None, 1, 2)), operative=st.booleans())
    def csms_changes_availability(self, evse_id: int | None, operative: bool) -> None:
        with self.watched():
            self.rig.ask(ChangeAvailability(operative, evse_id))

    @rule(evse_id=evse_numbers, stops=st.booleans())
    def csms_unlocks(self, evse_id: int, stops: bool) -> None:
        with self.watched():
            self.rig.ask(UnlockConnector(evse_id, 1, stops))

    @rule(message=st.sampled_from(tuple(TriggeredMessage)))
    def csms_triggers(self, message: TriggeredMessage) -> None:
        with self.watched():
            self.rig.ask(TriggerMessage(message))

    @rule(kind=st.sampled_from(tuple(ResetKind)))
    def csms_resets(self, kind: ResetKind) -> None:
        with self.watched():
            self.rig.ask(Reset(kind))

    @precondition(lambda self: any(isinstance(effect, Restart) for effect in self.rig.effects))
    @rule()
    def the_reset_is_carried_out(self) -> None:
        self.power_fails(away_s=5.0, boot="boot-1", order="meter last")

    @rule(online=st.booleans())
    def link_changes(self, online: bool) -> None:
        with self.watched():
            if online:
                self.rig.feed(BootAnswered(accepted=True))
            self.rig.feed(LinkChanged(online))

    @rule(writable=st.booleans())
    def storage_changes(self, writable: bool) -> None:
        with self.watched():
            self.rig.feed(StorageChanged(writable))

    @rule(evse_id=evse_numbers, silent=st.booleans())
    def meter_changes(self, evse_id: int, silent: bool) -> None:
        self.rig.sockets[evse_id].is_meter_silent = silent

    @rule(evse_id=evse_numbers)
    def contactor_welds(self, evse_id: int) -> None:
        self.rig.sockets[evse_id].is_welded = True

    @rule(evse_id=evse_numbers)
    def contactor_is_freed(self, evse_id: int) -> None:
        self.note_blindness()
        self.rig.sockets[evse_id].is_welded = False
        with self.watched():
            self.rig.move_contactor(evse_id)

    @rule(
        change=st.sampled_from(
            (
                *(("TxCtrlr.TxStartPoint", points) for points in POINTS),
                *(("TxCtrlr.TxStopPoint", points) for points in POINTS),
                ("TxCtrlr.StopTxOnEVSideDisconnect", "false"),
                ("TxCtrlr.StopTxOnInvalidId", "false"),
                ("TxCtrlr.MaxEnergyOnInvalidId", "100"),
                ("TxCtrlr.EVConnectionTimeOut", "5"),
                ("TxCtrlr.TxBeforeAcceptedEnabled", "true"),
                ("AuthCtrlr.Enabled", "false"),
                ("AuthCtrlr.Enabled", "true"),
                ("AuthCtrlr.AuthorizeRemoteStart", "true"),
                ("AuthCtrlr.LocalPreAuthorize", "true"),
                ("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true"),
                ("SampledDataCtrlr.TxUpdatedInterval", "5"),
                ("SampledDataCtrlr.TxEndedInterval", "3"),
                ("AlignedDataCtrlr.Interval", "60"),
            )
        )
    )
    def csms_changes_a_variable(self, change: tuple[str, str]) -> None:
        with self.watched():
            self.rig.set_variable(*change)

    @rule(
        away_s=st.sampled_from((1.0, 30.0, 300.0)),
        boot=st.sampled_from(("boot-1", "boot-2")),
        order=st.sampled_from(("meter last", "pilot last", "contactor last")),
    )
    def power_fails(self, away_s: float, boot: str, order: str) -> None:
        self.note_blindness()
        self.rig = self.rig.restart(away_s=away_s, boot=boot)
        self.seen = 0
        self.asks.clear()
        self.permitted = {1: None, 2: None}
        self.statuses.clear()
        with self.watched():
            self.rig.start(last=order)

    @invariant()
    def energy_is_permitted_only_where_it_is_accounted_for(self) -> None:
        for evse in self.rig.station.state.evses:
            assert evse.permitted_a == self.permitted[evse.id]
            if evse.permitted_a is None:
                continue
            tx = evse.record.transaction
            assert tx is not None
            assert tx.ending is None
            assert tx.id == self.open[evse.id]
            assert evse.record.grant is not None
            assert evse.plugged
            assert not evse.powerless

    @invariant()
    def the_ledger_and_the_station_agree(self) -> None:
        for evse in self.rig.station.state.evses:
            tx = evse.record.transaction
            assert self.open.get(evse.id) == (tx.id if tx is not None else None)

    @invariant()
    def charging_is_shown_only_while_the_contactor_is_closed(self) -> None:
        for evse in self.rig.station.state.evses:
            if evse.status is ConnectorStatus.CHARGING:
                assert evse.contactor_closed

    @invariant()
    def no_due_time_stays_due(self) -> None:
        due_s = self.rig.station.next_due_s()
        assert due_s is None or due_s > self.rig.mono_s - 1.0

    @invariant()
    def no_transaction_is_left_alone(self) -> None:
        """Nobody authorized and no EV there: such a transaction could never end."""
        for evse in self.rig.station.state.evses:
            tx = evse.active_transaction
            if tx is not None and evse.interrupted_until_s is None:
                assert evse.plugged or evse.record.grant is not None


TestStationMachine = StationMachine.TestCase
TestStationMachine.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
