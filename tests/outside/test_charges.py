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


async def _until(site: Site, is_so: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until the EVSE stands so, by the local API."""
    async with asyncio.timeout(30):
        while not is_so(await site.evse()):  # noqa: ASYNC110 - another process, asked over HTTP
            await asyncio.sleep(0.1)


async def _metered(site: Site, more_wh: int) -> None:
    """Wait until so much more energy has flowed."""
    begin_wh = await site.register_wh()
    await _until(site, lambda evse: bool(evse["meter"]["energy_wh"] >= begin_wh + more_wh))


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _judge(site: Site, begun: dict[str, Any], ended: dict[str, Any]) -> None:
    """One transaction, told once and in order: registers and times only ever grow."""
    name = begun["transaction"]
    told = [one for one in site.csms.events if one.get("transaction") == name]
    assert [one["event"] for one in told] == ["begun", *["updated"] * (len(told) - 2), "ended"], site.story
    assert told[-1] is ended
    times = [_at(one) for one in told]
    assert times == sorted(times), site.story
    registers = [one["register_wh"] for one in told if one["register_wh"] is not None]
    assert registers == sorted(registers), site.story
    if site.subprotocol == "ocpp2.0.1":
        assert [one["seq_no"] for one in told] == list(range(len(told))), site.story


async def test_a_card_starts_and_ends_a_charge(site: Site) -> None:
    begin_wh = await site.register_wh()

    await site.api.charge(card=CARD)
    await _metered(site, more_wh=10)
    await site.api.post("/api/v1/sim/tokens", {"id_token": CARD, "evse_id": 1})
    ended = await site.csms.event("ended")
    await site.api.post("/api/v1/sim/evses/1/unplug")
    await site.csms.event("status", after=site.csms.events.index(ended), evse=1, status="Available")

    begun = await site.csms.event("begun", evse=1, token=CARD)
    assert begun["register_wh"] == begin_wh
    assert ended["register_wh"] == await site.register_wh() >= begin_wh + 10
    assert ended["reason"] == "Local"
    assert abs(_at(ended) - datetime.now(UTC)) < ABOUT_NOW
    assert site.csms.all("authorize", token=CARD)
    _judge(site, begun, ended)


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
    await _metered(site, more_wh=5)
    if is_16:
        stopped = await site.csms.call("RemoteStopTransaction", transactionId=int(begun["transaction"]))
    else:
        stopped = await site.csms.call("RequestStopTransaction", transactionId=begun["transaction"])
    ended = await site.csms.event("ended")

    assert (answer["status"], stopped["status"]) == ("Accepted", "Accepted")
    assert ended["reason"] == "Remote"
    assert ended["register_wh"] == await site.register_wh() > begun["register_wh"]
    if not is_16:
        assert begun["remote_start"] == 7
    _judge(site, begun, ended)


async def test_a_charge_that_ends_while_the_csms_is_down_is_told_when_it_is_back(site: Site) -> None:
    begin_wh = await site.register_wh()
    await site.api.charge(card=CARD)
    begun = await site.csms.event("begun", evse=1, token=CARD)
    await site.csms.event("updated")

    await site.csms.stop()
    await _metered(site, more_wh=10)
    await site.api.post("/api/v1/sim/evses/1/unplug")
    await _until(site, lambda evse: evse["status"] == "Available" and evse["transaction"] is None)
    left_at = datetime.now(UTC)
    end_wh = await site.register_wh()
    await asyncio.sleep(1.0)  # so that a time made up on return would be too late
    back = len(site.csms.events)
    await site.csms.start()
    ended = await site.csms.event("ended")

    assert begun["register_wh"] == begin_wh
    assert ended["register_wh"] == end_wh >= begin_wh + 10
    assert ended["reason"] == "EVDisconnected"
    assert _at(ended) <= left_at
    assert site.csms.all("boot") == site.csms.all("boot")[:1], "it was accepted before"
    assert any(one["event"] == "updated" for one in site.csms.events[back:])
    _judge(site, begun, ended)
