"""Whole charges at CSMSs that nobody here wrote; strict ones check each message by their own schemas."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.outside.conftest import Site

CARD = "CARD-0001"
pytestmark = [pytest.mark.outside, pytest.mark.slow, pytest.mark.timeout(400)]  # the first one installs
ABOUT_NOW = timedelta(seconds=20)
CHARGE_WH = 3


async def _until(site: Site, is_so: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until the EVSE stands so, by the local API."""
    async with asyncio.timeout(30):
        while not is_so(await site.evse()):  # noqa: ASYNC110 - another process, asked over HTTP
            await asyncio.sleep(0.1)


async def _metered(site: Site) -> None:
    """Wait until some more energy has flowed."""
    begin_wh = await site.register_wh()
    await _until(site, lambda evse: bool(evse["meter"]["energy_wh"] >= begin_wh + CHARGE_WH))


async def _leave(site: Site) -> int:
    """The car drives away; the register then."""
    await site.api.post("/api/v1/sim/evses/1/unplug")
    await _until(site, lambda evse: evse["status"] == "Available" and evse["transaction"] is None)
    return await site.register_wh()


async def _all_told(site: Site) -> None:
    """Wait until the CSMS has answered all that it was told; it refused nothing."""
    async with asyncio.timeout(10):
        while (outbox := (await site.api.get("/api/v1/outbox"))[1])["depth"]:  # noqa: ASYNC110 - another process, asked over HTTP
            await asyncio.sleep(0.05)
    assert outbox["dead_letters"] == []


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _of(site: Site, begun: dict[str, Any]) -> list[dict[str, Any]]:
    """All that was told of a transaction."""
    return [one for one in site.csms.events if one.get("transaction") == begun["transaction"]]


def _judge(site: Site, begun: dict[str, Any], ended: dict[str, Any]) -> None:
    """One transaction, told once and in order: registers and times only ever grow."""
    told = _of(site, begun)
    assert [one["event"] for one in told] == ["begun", *["updated"] * (len(told) - 2), "ended"]
    assert told[0] is begun
    assert told[-1] is ended
    times = [_at(one) for one in told]
    assert times == sorted(times)
    registers = [one["register_wh"] for one in told if one["register_wh"] is not None]
    assert registers == sorted(registers)
    if site.subprotocol == "ocpp2.0.1":
        assert [one["seq_no"] for one in told] == list(range(len(told)))


async def test_a_card_starts_and_ends_a_charge(site: Site) -> None:
    begin_wh = await site.register_wh()

    await site.api.charge(card=CARD)
    await _metered(site)
    await site.api.post("/api/v1/sim/tokens", {"id_token": CARD, "evse_id": 1})
    ended = await site.csms.event("ended")
    await site.api.post("/api/v1/sim/evses/1/unplug")
    await site.csms.event("status", after=site.csms.events.index(ended), evse=1, status="Available")

    begun = await site.csms.event("begun", evse=1, token=CARD)
    assert begun["register_wh"] == begin_wh
    assert ended["register_wh"] == await site.switch_off() >= begin_wh + CHARGE_WH
    assert ended["reason"] == "Local"
    assert abs(_at(ended) - datetime.now(UTC)) < ABOUT_NOW
    assert site.csms.all("authorize", token=CARD)
    _judge(site, begun, ended)


async def test_a_card_that_the_csms_refuses_starts_nothing(site: Site) -> None:
    await site.api.post("/api/v1/sim/evses/1/plug-in")
    await site.api.status(1, "Preparing")

    await site.api.post("/api/v1/sim/tokens", {"id_token": "STRANGER", "evse_id": 1})
    await site.csms.event("authorize", token="STRANGER")
    await site.api.post("/api/v1/sim/tokens", {"id_token": CARD, "evse_id": 1})
    begun = await site.csms.event("begun")

    assert begun["token"] == CARD


async def test_the_csms_starts_and_stops_a_charge(site: Site) -> None:
    is_16 = site.subprotocol == "ocpp1.6"
    await site.api.post("/api/v1/sim/evses/1/plug-in")
    await site.api.status(1, "Preparing")

    if is_16:
        answer = await site.csms.call("RemoteStartTransaction", idTag=CARD, connectorId=1)
    else:
        token = {"idToken": CARD, "type": "ISO14443"}
        answer = await site.csms.call("RequestStartTransaction", idToken=token, remoteStartId=7, evseId=1)
    begun = await site.csms.event("begun", evse=1, token=CARD)
    await site.api.status(1, "Charging")
    await _metered(site)
    if is_16:
        stopped = await site.csms.call("RemoteStopTransaction", transactionId=int(begun["transaction"]))
    else:
        stopped = await site.csms.call("RequestStopTransaction", transactionId=begun["transaction"])
    ended = await site.csms.event("ended")

    assert (answer["status"], stopped["status"]) == ("Accepted", "Accepted")
    assert ended["reason"] == "Remote"
    assert ended["register_wh"] == await site.switch_off() >= begun["register_wh"] + CHARGE_WH
    if not is_16:
        assert any(one["remote_start"] == 7 for one in _of(site, begun))
    _judge(site, begun, ended)


async def test_charges_while_the_csms_is_down_are_told_when_it_is_back(site: Site) -> None:
    first_wh = await site.register_wh()
    await site.api.charge(card=CARD)
    begun = await site.csms.event("begun", evse=1, token=CARD)
    await site.csms.event("updated")
    await _all_told(site)  # what a CSMS takes and does not answer is told again; the next sample is a second away

    await site.csms.stop()
    down_at = datetime.now(UTC)
    await _metered(site)
    between_wh = await _leave(site)
    between_at = datetime.now(UTC)
    await site.api.charge(card=CARD)
    await _metered(site)
    last_wh = await _leave(site)
    last_at = datetime.now(UTC)
    await asyncio.sleep(1.0)  # so that a time made up on return would be too late
    back = len(site.csms.events)
    await site.csms.start()
    ended = await site.csms.event("ended", register_wh=between_wh)
    begun_2 = await site.csms.event("begun", after=back)
    ended_2 = await site.csms.event("ended", register_wh=last_wh)
    await _all_told(site)

    assert (begun["register_wh"], begun_2["register_wh"]) == (first_wh, between_wh)
    assert last_wh == await site.switch_off() >= between_wh + CHARGE_WH >= first_wh + 2 * CHARGE_WH
    assert (ended["reason"], ended_2["reason"]) == ("EVDisconnected", "EVDisconnected")
    assert down_at < _at(ended) <= between_at < _at(begun_2) < _at(ended_2) <= last_at
    assert site.csms.events.index(ended) < site.csms.events.index(begun_2)
    assert len(site.csms.all("boot")) == 1, "it was accepted before"
    assert any(one["event"] == "updated" for one in site.csms.events[back:])
    if site.subprotocol == "ocpp2.0.1":
        assert not begun["offline"]
        assert [one["offline"] for one in (ended, *_of(site, begun_2))] == [True] * (1 + len(_of(site, begun_2)))
    _judge(site, begun, ended)
    _judge(site, begun_2, ended_2)
