"""The 1.6 CSMS over a real link."""

from hil.csms.behaviours import call_error, close
from hil.csms.server import BenchCsms
from hil.csms.tokens import token_table
from tests.hil.csms.raw_station import BOOT_16, plugged

START = {"connectorId": 1, "idTag": "T1", "meterStart": 100, "timestamp": "2026-01-01T10:00:00Z"}
STOP = {"transactionId": 40, "meterStop": 600, "timestamp": "2026-01-01T11:00:00Z", "reason": "Local"}


async def test_a_session_from_boot_to_stop_leaves_the_ledger_in_order() -> None:
    async with BenchCsms(first_transaction_id=40) as csms, plugged(csms) as raw:
        await raw.call("BootNotification", BOOT_16)
        await raw.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"})
        start = await raw.call("StartTransaction", START)
        stop = await raw.call("StopTransaction", STOP)

        assert start[2] == {"transactionId": 40, "idTagInfo": {"status": "Accepted"}}
        assert stop[2] == {}
        assert [csms.ledger.energy_wh(transaction) for transaction in csms.ledger.transactions] == [500]
        assert csms.ledger.findings() == []
        assert csms.violations == []


async def test_a_start_sent_again_after_a_lost_answer_gets_the_same_number(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("StartTransaction", close())
    async with plugged(csms) as raw:
        await raw.ws.send('[2,"x1","StartTransaction",' + str(START).replace("'", '"') + "]")
        await raw.ws.wait_closed()

    async with plugged(csms) as raw:
        reply = await raw.call("StartTransaction", START)

    assert reply[2]["transactionId"] == 1
    assert len(csms.ledger.resends) == 1


async def test_a_start_refused_by_call_error_is_not_in_the_ledger(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("StartTransaction", call_error("InternalError"))

    async with plugged(csms) as raw:
        await raw.call("StartTransaction", START)

    assert csms.ledger.transactions == []


async def test_tokens_of_a_table_are_told_by_their_status() -> None:
    tokens = token_table({"T1": "Accepted", "T2": "Blocked"})

    async with BenchCsms(tokens=tokens) as csms, plugged(csms) as raw:
        statuses = [
            (await raw.call("Authorize", {"idTag": tag}))[2]["idTagInfo"]["status"] for tag in ("T1", "T2", "T3")
        ]
        stop = await raw.call("StopTransaction", {**STOP, "idTag": "T2"})

    assert statuses == ["Accepted", "Blocked", "Invalid"]
    assert stop[2]["idTagInfo"]["status"] == "Blocked"
