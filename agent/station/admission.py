"""Tokens at the door: what a presented or answered token does to the EVSEs."""

from collections.abc import Sequence
from dataclasses import replace

from agent.station.authorization import (
    Ask,
    AuthorizationPolicy,
    Decision,
    Grant,
    GrantSource,
    Verdict,
    decide,
    known_group,
    same_group,
)
from agent.station.commands import RequestStart
from agent.station.effects import AskAuthorization, CacheToken, Unlock
from agent.station.events import StopPressed, TokenAnswered, TokenPresented, TransactionAnswered
from agent.station.evse import is_admitted, settle
from agent.station.facts import StopReason, Trigger
from agent.station.id_token import NO_AUTHORIZATION, IdToken, KnownToken, TokenInfo
from agent.station.standard_variables import (
    AUTH_CACHE_DISABLE_POST_AUTHORIZE,
    AUTH_CACHE_ENABLED,
    AUTH_ENABLED,
    DISABLE_REMOTE_AUTHORIZATION,
    EV_CONNECTION_TIME_OUT,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_LIST_DISABLE_POST_AUTHORIZE,
    LOCAL_LIST_ENABLED,
    LOCAL_PRE_AUTHORIZE,
    MASTER_PASS_GROUP_ID,
    MAX_ENERGY_ON_INVALID_ID,
    OFFLINE_TX_FOR_UNKNOWN_ID,
    STOP_TX_ON_INVALID_ID,
)
from agent.station.state import Evse
from agent.station.step import Step
from agent.station.transaction import Cause
from agent.units import Wh

MAX_ASKS = 16
"""Questions under way at once; a token presented beyond that is ignored (a card held on a flickering reader)."""


def policy(step: Step) -> AuthorizationPolicy:
    """The variables that decide, as they now are."""
    model = step.model
    return AuthorizationPolicy(
        enabled=model.boolean(AUTH_ENABLED),
        pre_authorize=model.boolean(LOCAL_PRE_AUTHORIZE),
        authorize_offline=model.boolean(LOCAL_AUTHORIZE_OFFLINE),
        unknown_offline=model.boolean(OFFLINE_TX_FOR_UNKNOWN_ID),
        remote_authorization=not model.boolean(DISABLE_REMOTE_AUTHORIZATION),
        cache_enabled=model.boolean(AUTH_CACHE_ENABLED),
        list_enabled=model.boolean(LOCAL_LIST_ENABLED),
        trust_cache=model.boolean(AUTH_CACHE_DISABLE_POST_AUTHORIZE),
        trust_list=model.boolean(LOCAL_LIST_DISABLE_POST_AUTHORIZE),
        master_pass_group=model.text(MASTER_PASS_GROUP_ID),
    )


def token_presented(step: Step, event: TokenPresented) -> None:
    """A reader saw a token: it stops its own transaction, or asks to start one."""
    evse_ids = event.evse_ids or tuple(evse.id for evse in step.state.evses)
    group = known_group(event.known, policy=policy(step), at=step.now.wall)
    # E07.FR.01: neither the token that started nor a known one of its group needs a question to the CSMS to stop.
    running = _running_for(step, evse_ids, token=event.token) or _running_for(step, evse_ids, group=group)
    if running is not None:
        stop_locally(step, running.id, token=event.token)
        return
    if release_cable(step, evse_ids, token=event.token) or release_cable(step, evse_ids, group=group):
        return
    _consider(step, Ask(token=event.token, evse_ids=evse_ids, known=event.known))


def _consider(step: Step, ask: Ask) -> None:
    decision = decide(ask.known, policy=policy(step), online=step.state.online, at=step.now.wall)
    if decision.verdict is Verdict.ASK_CSMS:
        if len(step.state.asks) >= MAX_ASKS or any(other.token == ask.token for _, other in step.state.asks):
            return
        ticket = step.ticket()
        step.state = replace(step.state, asks=(*step.state.asks, (ticket, ask)))
        step.emit(AskAuthorization(ticket, ask.token))
        return
    _decided(step, ask, decision)


def token_answered(step: Step, event: TokenAnswered) -> None:
    """The CSMS's word on a token, or its silence: then the offline rules decide."""
    ask = dict(step.state.asks).get(event.ticket)
    if ask is None:
        return
    step.state = replace(
        step.state, asks=tuple((ticket, other) for ticket, other in step.state.asks if ticket != event.ticket)
    )
    if event.info is None:
        _decided(step, ask, decide(ask.known, policy=policy(step), online=False, at=step.now.wall))
        return
    remember(step, ask.token, event.info)
    accepted = event.info.is_accepted(at=step.now.wall)
    verdict = Verdict.ACCEPTED if accepted else Verdict.REJECTED
    _decided(step, ask, Decision(verdict, GrantSource.CSMS, event.info))


def remember(step: Step, token: IdToken, info: TokenInfo) -> None:
    """C10.FR.01, C10.FR.04, C10.FR.05: the cache takes every answer, whatever its status."""
    # C02.FR.03: nobody's token is no token to remember.
    if step.model.boolean(AUTH_CACHE_ENABLED) and token.type != NO_AUTHORIZATION:
        step.emit(CacheToken(token, info))


def _decided(step: Step, ask: Ask, decision: Decision) -> None:
    if decision.verdict is not Verdict.ACCEPTED or decision.info is None:
        return
    group = decision.info.group
    master = policy(step).master_pass_group
    if master and group is not None and group == IdToken(master):
        # C16.FR.02, C16.FR.03: a master pass stops everything and starts nothing.
        for evse in step.state.evses:
            if evse.active_transaction is not None:
                stop_locally(step, evse.id, token=ask.token, reason=StopReason.MASTER_PASS)
        return
    if ask.remote is None:
        same = _running_for(step, ask.evse_ids, group=group)
        if same is not None:
            stop_locally(step, same.id, token=ask.token)  # C09.FR.03, E07.FR.01b
            return
        if release_cable(step, ask.evse_ids, group=group):
            return
    source = GrantSource.REMOTE if ask.remote is not None else decision.source
    grant = Grant(
        token=ask.token,
        source=source,
        group=group,
        remote_start_id=ask.remote.remote_start_id if ask.remote is not None else None,
        profile=ask.remote.profile if ask.remote is not None else None,
    )
    place(step, grant, ask.evse_ids)


def place(step: Step, grant: Grant, evse_ids: tuple[int, ...]) -> None:
    """Give an authorization to the EVSE it is meant for, or let it wait for the first car that plugs in."""
    free = [evse for evse in (step.evse(each) for each in evse_ids) if is_free(step, evse, token=grant.token)]
    if len(free) == 1 or any(evse.plugged for evse in free):
        authorize(step, preferred(free).id, grant)
    elif free:
        due_s = step.now.mono_s + step.model.integer(EV_CONNECTION_TIME_OUT)
        step.state = replace(
            step.state,
            waiting=replace(grant, plug_by_s=due_s),
            waiting_evses=tuple(evse.id for evse in free),
        )


def preferred(free: Sequence[Evse]) -> Evse:
    """The EVSE an authorization is most likely meant for: a car that waits for it before one that has finished."""
    return min(free, key=lambda evse: (not evse.plugged, evse.record.finished, evse.record.transaction is None))


def admit_without_token(step: Step) -> None:
    """AuthCtrlr.Enabled false: whoever plugs in may charge, as nobody in particular (C02.FR.01)."""
    if step.model.boolean(AUTH_ENABLED):
        return
    grant = Grant(token=IdToken("", NO_AUTHORIZATION), source=GrantSource.NOT_NEEDED)
    for evse in step.state.evses:
        tx = evse.record.transaction
        is_new = evse.plugged and not evse.record.finished and (tx is None or tx.token is None)
        if is_new and evse.interrupted_until_s is None and is_free(step, evse, token=grant.token):
            authorize(step, evse.id, grant)


def authorize(step: Step, evse_id: int, grant: Grant) -> None:
    """Put an authorization in force on one EVSE."""
    evse = step.evse(evse_id)
    plug_by_s = None if evse.plugged else step.now.mono_s + step.model.integer(EV_CONNECTION_TIME_OUT)
    tx = evse.record.transaction
    if tx is not None:
        tx = replace(
            tx,
            token=grant.token,
            group=grant.group,
            remote_start_id=grant.remote_start_id,
            suspended=False,
            energy_limit_wh=None,
            deauthorized_by=None,
        )
    step.change_record(evse_id, grant=replace(grant, plug_by_s=plug_by_s), transaction=tx, cable_held_for=None)
    trigger = Trigger.REMOTE_START if grant.source is GrantSource.REMOTE else Trigger.AUTHORIZED
    settle(step, evse_id, Cause(trigger, token=grant.token))


def is_free(step: Step, evse: Evse, *, token: IdToken) -> bool:
    """An authorization of this token can take effect on this EVSE."""
    tx = evse.record.transaction
    if evse.record.grant is not None or evse.faulted or evse.holds_cable or not step.state.is_operative(evse):
        return False
    if tx is None:
        return is_admitted(step) and step.state.writable and step.state.reset is None
    # C01.FR.23: a transaction that was authorized once is not taken over by somebody else.
    return tx.ending is None and (tx.token is None or tx.token == token)


def _running_for(
    step: Step, evse_ids: tuple[int, ...], *, token: IdToken | None = None, group: IdToken | None = None
) -> Evse | None:
    for evse_id in evse_ids:
        evse = step.evse(evse_id)
        grant = evse.record.grant
        if grant is None or evse.active_transaction is None:
            continue
        if (token is not None and grant.token == token) or same_group(group, grant.group):
            return evse
    return None


def release_cable(
    step: Step, evse_ids: tuple[int, ...], *, token: IdToken | None = None, group: IdToken | None = None
) -> bool:
    """Unlock the cable that waits for this driver (E09.FR.03); False where none does."""
    for evse_id in evse_ids:
        evse = step.evse(evse_id)
        held_for = evse.record.cable_held_for
        if held_for is None or not evse.holds_cable:
            continue
        if (token is not None and held_for.token == token) or same_group(group, held_for.group):
            step.change_record(evse_id, cable_held_for=None)
            step.change(evse_id, locked=False)
            step.emit(Unlock(evse_id))
            return True
    return False


def stop_locally(
    step: Step, evse_id: int, *, token: IdToken | None = None, reason: StopReason = StopReason.LOCAL
) -> None:
    """The driver ends the authorization at the station (E07.FR.01, E07.FR.02, E07.FR.05)."""
    evse = step.change_record(evse_id, grant=None)
    if evse.locked and not evse.plugged:
        step.emit(Unlock(evse_id))
        step.change(evse_id, locked=False)
    settle(step, evse_id, Cause(Trigger.STOP_AUTHORIZED, reason, token=token))


def stop_pressed(step: Step, event: StopPressed) -> None:
    """The stop button of an EVSE."""
    if step.evse(event.evse_id).active_transaction is not None:
        stop_locally(step, event.evse_id)


def transaction_answered(step: Step, event: TransactionAnswered) -> None:
    """The CSMS's word on the token of a transaction (E05, C10.FR.05, C12.FR.03)."""
    remember(step, event.token, event.info)
    evse = next(
        (
            each
            for each in step.state.evses
            if each.active_transaction is not None and each.active_transaction.id == event.transaction_id
        ),
        None,
    )
    tx = evse.active_transaction if evse is not None else None
    if evse is None or tx is None or tx.token != event.token or evse.record.grant is None:
        return
    if event.info.is_accepted(at=step.now.wall):
        group = event.info.group or tx.group
        step.change_record(
            evse.id,
            transaction=replace(tx, group=group, energy_limit_wh=None),
            grant=replace(evse.record.grant, group=group),
        )
        return
    if step.model.boolean(STOP_TX_ON_INVALID_ID):
        step.change_record(evse.id, grant=None)  # E05.FR.09, E05.FR.10
        settle(step, evse.id, Cause(Trigger.DEAUTHORIZED, StopReason.DE_AUTHORIZED))
        return
    if tx.energy_limit_wh is not None:
        return  # told again: the allowance runs already
    allowance_wh = step.model.integer(MAX_ENERGY_ON_INVALID_ID)
    if allowance_wh > 0 and evse.sample is not None:
        limit_wh = Wh(evse.sample.energy_wh + allowance_wh)  # E05.FR.03
        step.change_record(evse.id, transaction=replace(tx, energy_limit_wh=limit_wh))
        return
    suspend(step, evse.id)


def suspend(step: Step, evse_id: int) -> None:
    """No more energy for this transaction, yet it goes on: told by its charging state alone (E05.FR.02)."""
    tx = step.evse(evse_id).active_transaction
    if tx is not None:
        step.change_record(evse_id, transaction=replace(tx, suspended=True))


def remote_start(step: Step, command: RequestStart, evse_ids: tuple[int, ...], known: KnownToken) -> None:
    """Authorize a remote start like a local one (F01.FR.01)."""
    _consider(step, Ask(token=command.token, evse_ids=evse_ids, known=known, remote=command))
