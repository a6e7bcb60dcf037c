"""The 2.0.1 CSMS over a real link."""

from typing import Any

from hil.csms.server import BenchCsms
from hil.csms.tokens import token_table
from tests.hil.csms.raw_station import BOOT_201, plugged


def event(kind: str, seq_no: int, wh: float, **more: Any) -> dict[str, Any]:
    at = f"2026-01-01T10:{seq_no:02}:00Z"
    return {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "Authorized",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "tx-1"},
        "meterValue": [{"timestamp": at, "sampledValue": [{"value": wh}]}],
        **more,
    }


async def test_a_session_from_boot_to_end_leaves_the_ledger_in_order(csms: BenchCsms) -> None:
    token = {"idToken": "T1", "type": "ISO14443"}

    async with plugged(csms, versions=("ocpp2.0.1",)) as raw:
        await raw.call("BootNotification", BOOT_201)
        started = await raw.call("TransactionEvent", event("Started", 0, 10.5, idToken=token, evse={"id": 1}))
        updated = await raw.call("TransactionEvent", event("Updated", 1, 11))
        await raw.call("TransactionEvent", event("Ended", 2, 20.5))

    assert started[2] == {"idTokenInfo": {"status": "Accepted"}}
    assert updated[2] == {}
    assert csms.ledger.energy_wh(csms.ledger.transactions[0]) == 10
    assert csms.ledger.findings() == []
    assert csms.violations == []


async def test_no_authorization_is_accepted_whatever_the_table_says() -> None:
    async with BenchCsms(tokens=token_table({})) as csms, plugged(csms, versions=("ocpp2.0.1",)) as raw:
        free = await raw.call("Authorize", {"idToken": {"idToken": "", "type": "NoAuthorization"}})
        other = await raw.call("Authorize", {"idToken": {"idToken": "T1", "type": "ISO14443"}})

    assert free[2]["idTokenInfo"]["status"] == "Accepted"
    assert other[2]["idTokenInfo"]["status"] == "Invalid"


async def test_21_is_spoken_when_asked_for() -> None:
    async with BenchCsms(versions=("ocpp2.1",)) as csms, plugged(csms, versions=("ocpp2.1",)) as raw:
        await raw.call("BootNotification", BOOT_201)
        await raw.ws.send(
            '[6,"s1","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-01-01T10:00:00Z","data":[{"t":0,"v":"1"}]}]'
        )
        reply = await raw.call("Heartbeat", {})

    assert reply[0] == 3
    assert csms.violations == []
