"""Messages as stations tell them, and a ledger that hears them."""

from typing import Any

from hil.csms.ledger import Ledger

T0 = "2026-01-01T10:00:00Z"
T1 = "2026-01-01T10:15:00Z"
T2 = "2026-01-01T10:30:00Z"
T3 = "2026-01-01T10:45:00Z"


def start_16(ledger: Ledger, *, at: str = T0, wh: int = 1000, connector: int = 1, tag: str = "T1") -> int:
    """StartTransaction with the transactionId the ledger assigns."""
    payload = {"connectorId": connector, "idTag": tag, "meterStart": wh, "timestamp": at}
    number = ledger.assign_transaction_id("CP001", payload)
    reply = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    ledger.told("CP001", "ocpp1.6", "StartTransaction", payload, reply=reply)
    return number


def values_16(ledger: Ledger, number: int | None, *, at: str = T1, wh: int = 2000, connector: int = 1) -> None:
    """MeterValues with one register sample."""
    payload: dict[str, Any] = {
        "connectorId": connector,
        "meterValue": [{"timestamp": at, "sampledValue": [{"value": str(wh)}]}],
    }
    if number is not None:
        payload["transactionId"] = number
    ledger.told("CP001", "ocpp1.6", "MeterValues", payload, reply={})


def stop_16(ledger: Ledger, number: int, *, at: str = T2, wh: int = 3000, **more: Any) -> None:  # noqa: ANN401 - JSON
    """StopTransaction."""
    payload = {"transactionId": number, "meterStop": wh, "timestamp": at, **more}
    ledger.told("CP001", "ocpp1.6", "StopTransaction", payload, reply={})


def event_2(
    ledger: Ledger,
    kind: str,
    seq_no: int,
    *,
    at: str,
    wh: float | None = None,
    transaction: str = "tx-1",
    evse: int = 1,
) -> None:
    """TransactionEvent."""
    context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}.get(kind, "Sample.Periodic")
    payload: dict[str, Any] = {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": transaction},
    }
    if kind == "Started":
        payload["evse"] = {"id": evse, "connectorId": 1}
        payload["idToken"] = {"idToken": "T1", "type": "ISO14443"}
    if wh is not None:
        payload["meterValue"] = [{"timestamp": at, "sampledValue": [{"value": wh, "context": context}]}]
    ledger.told("CP001", "ocpp2.0.1", "TransactionEvent", payload, reply={})
