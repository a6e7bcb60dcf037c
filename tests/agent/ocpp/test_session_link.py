"""The life of a link: floods, keep-alive, half-open peers, closing, and what is left behind (nothing)."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from agent.errors import AnswerTimeout, LinkError, LinkLost
from agent.ocpp.adapter import JsonObject
from agent.ocpp.session import MAX_UNSENT_BYTES, LinkEnd, Session, connect
from tests.fakes.loopback_csms import (
    NOW,
    answer_heartbeats,
    csms_of,
    link,
    no_handler,
    session_at,
    silent_csms,
    until,
)


async def endless(action: str, payload: JsonObject) -> JsonObject:
    await asyncio.Event().wait()
    return {}


async def test_a_flood_of_calls_is_held_back_and_all_are_answered() -> None:
    running, most = 0, 0
    answered: list[int] = []

    async def flood(csms: ServerConnection) -> None:
        for number in range(200):
            await csms.send(json.dumps([2, f"r{number}", "ClearCache", {}]))
        answered.extend([json.loads(await csms.recv())[0] for _ in range(200)])

    async def handler(action: str, payload: JsonObject) -> JsonObject:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return {"status": "Accepted"}

    async with csms_of(flood) as url, session_at(url, handler, max_handlers=4) as session:
        await until(lambda: len(answered) == 200)

        assert most == 4
        assert answered == [3] * 200
        assert session.counts.overloads == 0


async def test_a_flood_never_keeps_the_answer_from_a_handler_that_calls() -> None:
    frames: list[Any] = []
    box: list[Session] = []

    async def flood(csms: ServerConnection) -> None:
        for number in range(10):
            await csms.send(json.dumps([2, f"r{number}", "ClearCache", {}]))
        async for text in csms:
            frame = json.loads(text)
            frames.append(frame)
            if frame[0] == 2:
                await csms.send(json.dumps([3, frame[1], NOW]))

    async def calling(action: str, payload: JsonObject) -> JsonObject:
        await box[0].call("Heartbeat", {})
        return {"status": "Accepted"}

    async with csms_of(flood) as url:
        session = await connect(link(url, max_handlers=2))
        box.append(session)
        running = asyncio.create_task(session.run(calling), name="session")
        await until(lambda: len([frame for frame in frames if frame[0] in (3, 4)]) == 10)
        await session.close()
        await running

    assert session.counts.overloads > 0
    assert {frame[2] for frame in frames if frame[0] == 4} == {"InternalError"}


async def test_a_link_lost_while_calls_are_held_back_ends_at_once() -> None:
    started = asyncio.Event()

    async def vanish(csms: ServerConnection) -> None:
        for number in range(3):
            await csms.send(json.dumps([2, f"r{number}", "ClearCache", {}]))
        await started.wait()
        await asyncio.sleep(0.02)
        csms.transport.abort()

    async def handler(action: str, payload: JsonObject) -> JsonObject:
        started.set()
        return await endless(action, payload)

    async with csms_of(vanish) as url:
        session = await connect(link(url, max_handlers=1))
        async with asyncio.timeout(2):
            end = await session.run(handler)

    assert end.code == 1006


async def test_a_peer_that_never_pongs_is_left_in_interval_plus_timeout() -> None:
    async with silent_csms() as url:
        session = await connect(link(url, ping_interval_s=0.1, ping_timeout_s=0.15))
        began = time.monotonic()
        end = await session.run(no_handler)
        took_s = time.monotonic() - began

    assert end.silent
    assert 0.2 < took_s < 0.6


async def fill_send_buffer(session: Session, *, above: int) -> None:
    """Ask a peer that does not read until that many bytes wait in our own buffer."""
    transport = session._socket.transport
    for _ in range(500):
        if transport.is_closing() or transport.get_write_buffer_size() > above:
            return
        with suppress(AnswerTimeout, LinkLost):
            await session.call("DataTransfer", {"vendorId": "x", "data": "x" * 100_000}, timeout_s=0.0005)
    raise AssertionError("the peer still reads")


async def test_a_half_open_link_is_noticed_even_if_not_a_ping_can_be_written() -> None:
    async with silent_csms() as url:
        session = await connect(link(url, ping_timeout_s=0.1))
        running = asyncio.create_task(session.run(no_handler), name="session")
        await fill_send_buffer(session, above=100_000)
        session.set_ping_interval(0.05)
        async with asyncio.timeout(2):
            end = await running

    assert end.silent


async def test_a_peer_that_stops_reading_cannot_fill_our_memory() -> None:
    async with silent_csms() as url:
        session = await connect(link(url))
        running = asyncio.create_task(session.run(no_handler), name="session")
        await fill_send_buffer(session, above=MAX_UNSENT_BYTES + 200_000)
        async with asyncio.timeout(2):
            end = await running

    assert end == LinkEnd(1006, "", silent=False)


async def test_pings_can_be_switched_on_while_the_link_is_up() -> None:
    async with silent_csms() as url:
        session = await connect(link(url, ping_interval_s=0, ping_timeout_s=0.1))
        running = asyncio.create_task(session.run(no_handler), name="session")
        await asyncio.sleep(0.2)
        still_open = session.is_open
        session.set_ping_interval(0.05)
        async with asyncio.timeout(2):
            end = await running

    assert still_open
    assert end.silent


async def test_a_peer_that_pongs_keeps_the_link() -> None:
    async with csms_of(answer_heartbeats) as url, session_at(url, ping_interval_s=0.02, ping_timeout_s=0.5) as session:
        await asyncio.sleep(0.2)

        assert session.is_open
        assert await session.call("Heartbeat", {}) == NOW


async def test_holding_back_the_peer_is_not_taken_for_its_silence() -> None:
    answered: list[Any] = []

    async def flood(csms: ServerConnection) -> None:
        sending = asyncio.create_task(send_all(csms))
        while len(answered) < 100:
            answered.append(json.loads(await csms.recv()))
        await sending

    async def send_all(csms: ServerConnection) -> None:
        for number in range(100):
            await csms.send(json.dumps([2, f"r{number}", "DataTransfer", {"vendorId": "x", "data": "x" * 20_000}]))

    async def slow(action: str, payload: JsonObject) -> JsonObject:
        await asyncio.sleep(0.4 if not answered else 0)
        return {"status": "Accepted"}

    changes: dict[str, Any] = {"max_handlers": 1, "ping_interval_s": 0.05, "ping_timeout_s": 0.1}
    async with csms_of(flood) as url, session_at(url, slow, **changes):
        await until(lambda: len(answered) == 100)


async def test_close_is_orderly_and_may_be_repeated() -> None:
    closes: list[int | None] = []

    async def wait(csms: ServerConnection) -> None:
        await csms.wait_closed()
        closes.append(csms.close_code)

    async with csms_of(wait) as url:
        session = await connect(link(url))
        running = asyncio.create_task(session.run(no_handler), name="session")
        await asyncio.sleep(0.01)
        await session.close(reason="reset")
        await session.close()
        end = await running
        await until(lambda: bool(closes))

    assert closes == [1000]
    assert end.code == 1000
    assert not end.silent


async def test_close_does_not_wait_for_a_dead_peer() -> None:
    async with silent_csms() as url:
        session = await connect(link(url))
        running = asyncio.create_task(session.run(no_handler), name="session")
        call = asyncio.create_task(session.call("Heartbeat", {}), name="call")
        await asyncio.sleep(0.01)
        began = time.monotonic()
        await session.close(limit_s=0.1)
        took_s = time.monotonic() - began
        await running

    assert took_s < 0.5
    with pytest.raises(LinkLost):
        await call


async def test_close_without_run_fails_what_is_pending() -> None:
    async with csms_of(answer_heartbeats) as url:
        session = await connect(link(url))
        call = asyncio.create_task(session.call("Heartbeat", {}), name="call")
        await asyncio.sleep(0)
        await session.close()

        with pytest.raises(LinkLost):
            await call


async def test_cancelling_run_leaves_no_task_behind() -> None:
    async def order(csms: ServerConnection) -> None:
        await csms.send(json.dumps([2, "r", "ClearCache", {}]))
        await csms.wait_closed()

    async with csms_of(order) as url:
        session = await connect(link(url))
        running = asyncio.create_task(session.run(endless), name="session")
        await asyncio.sleep(0.05)
        before = {task.get_name() for task in asyncio.all_tasks()}
        running.cancel()
        await asyncio.wait([running], timeout=2)
        after = {task.get_name() for task in asyncio.all_tasks()}

    assert "ocpp ClearCache" in before
    assert running.cancelled()
    assert not {name for name in after if name.startswith("ocpp")}


async def test_too_many_waiting_calls_are_refused_here() -> None:
    async with silent_csms() as url, session_at(url) as session:
        calls = [asyncio.create_task(session.call("Heartbeat", {}), name=f"call {n}") for n in range(66)]
        await asyncio.sleep(0.05)
        refused = [call for call in calls if call.done()]
        await session.close(limit_s=0.05)
        results = await asyncio.gather(*calls, return_exceptions=True)

    assert len(refused) == 1
    assert isinstance(refused[0].exception(), LinkError)
    assert sum(isinstance(result, LinkLost) for result in results) == 65
