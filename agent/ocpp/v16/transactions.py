"""Facts as StartTransaction, MeterValues and StopTransaction (1.6 sections 4.7, 4.8 and 4.10)."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from agent.clock import Moment
from agent.log import get_logger
from agent.ocpp.adapter import Call, FactAnswer, JsonObject, Topology, TransactionLedger
from agent.ocpp.v16.authorization import id_tag, token_info
from agent.ocpp.v16.metering import import_register_wh, meter_value_list, meter_values
from agent.ocpp.v16.timestamps import format_time
from agent.station.facts import (
    EnergySampled,
    Fact,
    FaultNoted,
    IdleMeterSampled,
    StopReason,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
    TransactionUpdated,
)
from agent.station.id_token import NO_AUTHORIZATION, IdToken

log = get_logger(__name__)

Wall = Callable[[Moment], datetime]

NEVER_NUMBERED = -1
"""transactionId where StartTransaction was given up: the CSMS takes it as a valid one (errata 3.18)."""

# 1.6 section 7.36; every reason it lacks is Other.
_REASONS: dict[StopReason, str] = {
    StopReason.DE_AUTHORIZED: "DeAuthorized",
    StopReason.EMERGENCY_STOP: "EmergencyStop",
    StopReason.EV_DISCONNECTED: "EVDisconnected",
    StopReason.IMMEDIATE_RESET: "HardReset",
    StopReason.LOCAL: "Local",
    StopReason.POWER_LOSS: "PowerLoss",
    StopReason.REBOOT: "Reboot",
    StopReason.REMOTE: "Remote",
    StopReason.SOFT_RESET: "SoftReset",
    StopReason.UNLOCK_COMMAND: "UnlockCommand",
}


def encode_fact(fact: Fact, *, topology: Topology, wall: Wall, ledger: TransactionLedger | None) -> Call | None:
    """The message that tells a fact, or None where 1.6 has none.

    1.6 knows a transaction from its first token on, so the first fact with one is the StartTransaction, and what
    is measured before belongs to the connector only.
    """
    match fact:
        case IdleMeterSampled():
            return meter_values(
                fact.values,
                connector=topology.connector_number(fact.evse_id, None),
                transaction=_number(ledger) if fact.transaction_id is not None else None,
                wall=wall,
            )
        case FaultNoted():
            return None  # told by StatusNotification
        case TransactionEnded():
            return _stop_transaction(fact, wall=wall, ledger=ledger)
        case TransactionStarted() | TransactionUpdated() | EnergySampled():
            if fact.token is not None and is_start(fact, ledger):
                return _start_transaction(fact, token=fact.token, topology=topology, wall=wall)
            if isinstance(fact, TransactionStarted):
                return None
            return meter_values(
                fact.values,
                connector=topology.connector_number(fact.evse_id, fact.connector_id),
                transaction=_number(ledger),
                wall=wall,
            )
        case _:
            assert_never(fact)


def is_start(fact: Fact, ledger: TransactionLedger | None) -> bool:
    """Whether this fact is the first with a token, and so the StartTransaction."""
    if isinstance(fact, IdleMeterSampled | FaultNoted | TransactionEnded):
        return False
    return fact.token is not None and not _is_known(ledger)


def fact_answer(payload: JsonObject) -> FactAnswer:
    """What StartTransaction.conf or StopTransaction.conf says; MeterValues.conf says nothing."""
    info, number = payload.get("idTagInfo"), payload.get("transactionId")
    return FactAnswer(
        info=token_info(info) if info is not None else None, id_16=int(number) if number is not None else None
    )


def _start_transaction(fact: TransactionFact, *, token: IdToken, topology: Topology, wall: Wall) -> Call:
    payload: JsonObject = {
        "connectorId": topology.connector_number(fact.evse_id, fact.connector_id),
        "idTag": id_tag(token),
        "meterStart": _register_wh(fact),
        "timestamp": format_time(wall(fact.at)),
    }
    if fact.reservation_id is not None:
        payload["reservationId"] = fact.reservation_id
    return Call("StartTransaction", payload)


def _stop_transaction(fact: TransactionEnded, *, wall: Wall, ledger: TransactionLedger | None) -> Call | None:
    number = _number(ledger)
    if number is None:
        # Ended before anybody was authorized: 1.6 never heard of it.
        return None
    payload: JsonObject = {
        "transactionId": number,
        "meterStop": _register_wh(fact),
        "timestamp": format_time(wall(fact.at)),
        "reason": _REASONS.get(fact.stop_reason, "Other"),
    }
    if fact.token is not None and fact.token.type != NO_AUTHORIZATION:
        payload["idTag"] = id_tag(fact.token)
    # The fact carries what the StopTxn lists ask for, so nothing where they are empty (errata 3.14.5).
    data = meter_value_list(fact.values, wall=wall)
    if data:
        payload["transactionData"] = data
    return Call("StopTransaction", payload)


def _is_known(ledger: TransactionLedger | None) -> bool:
    return ledger is not None and (ledger.start_answered or ledger.id_16 is not None)


def _number(ledger: TransactionLedger | None) -> int | None:
    """The transactionId to send; None while 1.6 does not know of the transaction."""
    if ledger is None or not _is_known(ledger):
        return None
    return NEVER_NUMBERED if ledger.id_16 is None else ledger.id_16


def _register_wh(fact: TransactionFact) -> int:
    """meterStart or meterStop, which 1.6 requires.

    Without a reading it is the newest register among the values, else 0: a number that is plainly no reading
    (and a stop below its start, which nobody bills). The station starts nothing without a reading.
    """
    if fact.register_wh is not None:
        return int(fact.register_wh)
    found = import_register_wh(fact.values)
    if found is None:
        log.warning("register unknown and told as 0", transaction=fact.transaction_id, seq_no=fact.seq_no)
    return found or 0
