"""A link that is cut while a fact is under way: the same words again on the next link, and nothing stands still."""

import asyncio
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import close, silent
from hil.csms.frame import Payload
from hil.csms.server import BenchCsms
from hil.csms.versions import V16, V201
from tests.fakes.running_station import CARD, StationFile, assert_flawless, running_station

FIRST_FACT = {V16: "StartTransaction", V201: "TransactionEvent"}
LAST_FACT = {V16: "StopTransaction", V201: "TransactionEvent"}


@pytest.mark.parametrize("subprotocol", [V16, V201])
async def test_a_link_cut_before_the_answer_leads_to_one_identical_resend(subprotocol: str, tmp_path: Path) -> None:
    file = StationFile(ocpp=(subprotocol,), csms={"call_timeout_s": 30})
    async with BenchCsms(versions=(subprotocol,)) as csms, running_station(csms, tmp_path, file=file) as station:
        station.bench.script(FIRST_FACT[subprotocol], silent())
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)
        station.person.present_token(CARD)
        await station.bench.expect(FIRST_FACT[subprotocol])
        await asyncio.sleep(0.05)

        station.bench.drop()
        await station.until_status(ConnectorStatus.CHARGING)
        await station.until_metered(100)
        await station.leave()
        await station.until_told()

        assert_flawless(csms)
        assert [each.action for each in csms.ledger.resends] == [FIRST_FACT[subprotocol]]


@pytest.mark.parametrize("subprotocol", [V16, V201])
async def test_a_fact_whose_answer_is_lost_again_and_again_keeps_its_words(subprotocol: str, tmp_path: Path) -> None:
    file = StationFile(ocpp=(subprotocol,), csms={"call_timeout_s": 30})
    async with BenchCsms(versions=(subprotocol,)) as csms, running_station(csms, tmp_path, file=file) as station:
        await station.charge()
        await station.until_told()
        station.bench.script(LAST_FACT[subprotocol], close(), close(), close())

        await station.leave()
        await station.bench.expect(LAST_FACT[subprotocol], where=_is_end)
        await station.until_told()

        assert_flawless(csms)
        assert len(csms.ledger.resends) == 3


def _is_end(payload: Payload) -> bool:
    return bool(payload.get("eventType", "Ended") == "Ended")
