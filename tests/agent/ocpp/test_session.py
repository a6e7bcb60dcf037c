"""The session over real sockets: calls both ways with a CSMS on loopback that behaves or misbehaves."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from agent.errors import AnswerTimeout, CallRefused, LinkLost, OwnPayloadInvalid
from agent.ocpp import schema
from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.session import Answered, Handler, LinkEnd, Session, connect
from tests.fakes.loopback_csms import (
    NOW,
    answer_heartbeats,
    ask,
    csms_of,
    link,
    no_handler,
    session_at,
    until,
)


async def accept(action: str, payload: JsonObject) -> JsonObject:
    return {"status": "Accepted"}


async def test_a_call_returns_the_payload_of_its_answer() -> None:
    async with csms_of(answer_heartbeats) as url, session_at(url) as session:
        assert session.subprotocol == "ocpp2.0.1"
        assert session.is_open
        assert await session.call("Heartbeat", {}) == NOW


async def test_calls_at_once_are_sent_one_after_the_other() -> None:
    waiting: list[str] = []

    async def slowly(csms: ServerConnection) -> None:
        while True:
            frame = json.loads(await csms.recv())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(csms.recv(), 0.03)
            waiting.append(frame[1])
            await csms.send(json.dumps([3, frame[1], NOW]))

    async with csms_of(slowly) as url, session_at(url) as session:
        answers = await asyncio.gather(*(session.call("Heartbeat", {}, message_id=name) for name in ("a", "b", "c")))

    assert answers == [NOW] * 3
    assert waiting == ["a", "b", "c"]


async def test_a_refusal_is_raised_in_the_words_of_the_csms() -> None:
    async def refuse(csms: ServerConnection) -> None:
        frame = json.loads(await csms.recv())
        await csms.send(json.dumps([4, frame[1], "SecurityError", "boot first", {}]))

    async with csms_of(refuse) as url, session_at(url) as session:
        with pytest.raises(CallRefused) as refused:
            await session.call("Heartbeat", {})

    assert (refused.value.code, refused.value.description) == ("SecurityError", "boot first")


async def test_no_answer_in_time_is_a_timeout_and_the_next_call_goes_on() -> None:
    async def ignore_the_first(csms: ServerConnection) -> None:
        late = json.loads(await csms.recv())
        frame = json.loads(await csms.recv())
        await csms.send(json.dumps([3, late[1], NOW]))
        await csms.send(json.dumps([3, frame[1], NOW]))
        await csms.wait_closed()

    async with csms_of(ignore_the_first) as url, session_at(url) as session:
        with pytest.raises(AnswerTimeout):
            await session.call("Heartbeat", {}, timeout_s=0.05)

        assert await session.call("Heartbeat", {}) == NOW
        assert session.rpc_counts.late_answers == 1


async def test_a_short_timeout_is_kept_after_a_long_one() -> None:
    async def answer_one(csms: ServerConnection) -> None:
        frame = json.loads(await csms.recv())
        await csms.send(json.dumps([3, frame[1], NOW]))
        await csms.wait_closed()

    async with csms_of(answer_one) as url, session_at(url) as session:
        await session.call("Heartbeat", {}, timeout_s=60)

        async with asyncio.timeout(2):
            with pytest.raises(AnswerTimeout):
                await session.call("Heartbeat", {}, timeout_s=0.05)


async def test_an_own_payload_that_breaks_its_schema_is_never_sent() -> None:
    async with csms_of(answer_heartbeats) as url, session_at(url) as session:
        with pytest.raises(OwnPayloadInvalid, match=r"BootNotification /chargingStation: required"):
            await session.call("BootNotification", {"reason": "PowerUp"})
        with pytest.raises(OwnPayloadInvalid, match="unknown action"):
            await session.call("Nonsense", {})
        with pytest.raises(OwnPayloadInvalid):
            await session.call("DataTransfer", {"vendorId": "x", "data": {1, 2}})

        assert await session.call("Heartbeat", {}) == NOW


@pytest.mark.parametrize(
    ("subprotocol", "reply"),
    [("ocpp2.0.1", None), ("ocpp2.1", [5, "TypeConstraintViolation", "/currentTime: type", {}])],
)
async def test_an_answer_that_breaks_its_schema_is_a_refusal(subprotocol: str, reply: list[Any] | None) -> None:
    heard: list[Any] = []

    async def answer_nonsense(csms: ServerConnection) -> None:
        frame = json.loads(await csms.recv())
        await csms.send(json.dumps([3, frame[1], {"currentTime": 7}]))
        heard.append(json.loads(await csms.recv()))

    async with csms_of(answer_nonsense) as url, session_at(url, subprotocols=(subprotocol,)) as session:
        with pytest.raises(CallRefused, match="TypeConstraintViolation: /currentTime: type"):
            await session.call("Heartbeat", {}, message_id="a")
        if reply is not None:
            await until(lambda: bool(heard))

        assert session.counts.bad_answers == 1

    assert heard == ([] if reply is None else [[reply[0], "a", *reply[1:]]])


async def test_an_answer_with_an_unknown_property_is_taken() -> None:
    async def answer_too_much(csms: ServerConnection) -> None:
        frame = json.loads(await csms.recv())
        await csms.send(json.dumps([3, frame[1], {**NOW, "vendorNote": "x"}]))

    async with csms_of(answer_too_much) as url, session_at(url) as session:
        assert await session.call("Heartbeat", {}) == {**NOW, "vendorNote": "x"}


async def test_a_drop_in_the_middle_of_a_call_fails_it_and_all_that_wait() -> None:
    async def drop(csms: ServerConnection) -> None:
        await csms.recv()
        csms.transport.abort()

    async with csms_of(drop) as url:
        session = await connect(link(url))
        running = asyncio.create_task(session.run(no_handler), name="session")
        results = await asyncio.gather(*(session.call("Heartbeat", {}) for _ in range(3)), return_exceptions=True)
        end = await running

        assert [type(result) for result in results] == [LinkLost] * 3
        assert end == LinkEnd(1006, "", silent=False)
        assert not session.is_open
        with pytest.raises(LinkLost):
            await session.call("Heartbeat", {})


async def test_a_cancelled_call_that_waits_is_never_sent() -> None:
    actions: list[str] = []
    proceed = asyncio.Event()

    async def hold_the_first(csms: ServerConnection) -> None:
        async for text in csms:
            frame = json.loads(text)
            actions.append(frame[1])
            await proceed.wait()
            await csms.send(json.dumps([3, frame[1], NOW]))

    async with csms_of(hold_the_first) as url, session_at(url) as session:
        names = ("a", "b", "c")
        calls = [asyncio.create_task(session.call("Heartbeat", {}, message_id=name)) for name in names]
        await until(lambda: actions == ["a"])
        calls[0].cancel()
        calls[1].cancel()
        await asyncio.sleep(0)
        proceed.set()

        assert await calls[2] == NOW

    assert actions == ["a", "c"]


@pytest.mark.parametrize(
    "garbage", ["", "hello", "[]", "[2]", '[3,"x",{}]', '[2,"1",', "[" * 9000, b"\x00", "x" * 300_000]
)
async def test_garbage_does_not_drop_the_link(garbage: str | bytes) -> None:
    async def babble(csms: ServerConnection) -> None:
        await csms.send(garbage)
        await answer_heartbeats(csms)

    async with csms_of(babble) as url, session_at(url) as session:
        assert await session.call("Heartbeat", {}) == NOW


async def test_a_call_is_handled_and_answered() -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def reset(csms: ServerConnection) -> None:
        answers.put_nowait(await ask(csms, 2, "r", "Reset", {"type": "OnIdle"}))

    async with csms_of(reset) as url, session_at(url, accept):
        assert await answers.get() == [3, "r", {"status": "Accepted"}]


async def failing(action: str, payload: JsonObject) -> JsonObject:
    raise RuntimeError("secret detail")


async def wrong(action: str, payload: JsonObject) -> JsonObject:
    return {"status": "Sure"}


async def unwritable(action: str, payload: JsonObject) -> JsonObject:
    return {"status": "Accepted", "customData": {"vendorId": "x", "y": float("nan")}}


async def endless(action: str, payload: JsonObject) -> JsonObject:
    await asyncio.Event().wait()
    return {}


async def at_once(action: str, payload: JsonObject) -> JsonObject:
    raise AnsweredAtOnce({"status": "Rejected"})


@pytest.mark.parametrize(
    ("handler", "frame", "answer"),
    [
        (accept, ("Fly", {}), [4, "r", "NotImplemented", "unknown action", {}]),
        (accept, ("Reset", {}), [4, "r", "OccurrenceConstraintViolation", "/type: required", {}]),
        (accept, ("Reset", {"type": "Hard"}), [4, "r", "PropertyConstraintViolation", "/type: enum", {}]),
        (no_handler, ("ClearCache", {}), [4, "r", "NotSupported", "ClearCache", {}]),
        (failing, ("ClearCache", {}), [4, "r", "InternalError", "the station could not handle the call", {}]),
        (wrong, ("ClearCache", {}), [4, "r", "InternalError", "the station could not handle the call", {}]),
        (unwritable, ("ClearCache", {}), [4, "r", "InternalError", "the station could not handle the call", {}]),
        (endless, ("ClearCache", {}), [4, "r", "InternalError", "the station could not handle the call", {}]),
        (at_once, ("ClearCache", {}), [3, "r", {"status": "Rejected"}]),
    ],
)
async def test_what_cannot_be_handled_is_refused(
    handler: Handler, frame: tuple[str, JsonObject], answer: list[Any]
) -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def order(csms: ServerConnection) -> None:
        answers.put_nowait(await ask(csms, 2, "r", *frame))
        await answer_heartbeats(csms)

    async with csms_of(order) as url, session_at(url, handler, handler_timeout_s=0.1) as session:
        assert await answers.get() == answer
        assert await session.call("Heartbeat", {}) == NOW


async def test_version_1_6_refuses_in_its_own_words() -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def order(csms: ServerConnection) -> None:
        answers.put_nowait(await ask(csms, 2, "r", "Reset", {"type": "Soft", "extra": 1}))

    async with csms_of(order) as url, session_at(url, accept, subprotocols=("ocpp1.6",)):
        assert (await answers.get())[:3] == [4, "r", "FormationViolation"]


async def test_a_handler_may_call_while_other_calls_arrive() -> None:
    frames: list[Any] = []
    session_box: list[Session] = []

    async def busy(csms: ServerConnection) -> None:
        await csms.send(json.dumps([2, "r1", "ClearCache", {}]))
        await csms.send(json.dumps([2, "r2", "ClearCache", {}]))
        async for text in csms:
            frame = json.loads(text)
            frames.append(frame)
            if frame[0] == 2:
                await csms.send(json.dumps([3, frame[1], NOW]))

    async def calling(action: str, payload: JsonObject) -> JsonObject:
        await session_box[0].call("Heartbeat", {})
        return {"status": "Accepted"}

    async with csms_of(busy) as url:
        session = await connect(link(url))
        session_box.append(session)
        running = asyncio.create_task(session.run(calling), name="session")
        await until(lambda: len([frame for frame in frames if frame[0] == 3]) == 2)
        await session.close()
        await running

    assert sorted(frame[1] for frame in frames if frame[0] == 3) == ["r1", "r2"]
    assert session.counts.handler_failures == 0


async def test_what_follows_an_answer_happens_after_it() -> None:
    order: list[str] = []

    async def reset(csms: ServerConnection) -> None:
        await ask(csms, 2, "r", "Reset", {"type": "OnIdle"})
        order.append("answered")
        await answer_heartbeats(csms)

    async def handler(action: str, payload: JsonObject) -> Answered:
        async def after() -> None:
            await until(lambda: order == ["answered"])
            order.append("after")

        return Answered({"status": "Accepted"}, after)

    async with csms_of(reset) as url, session_at(url, handler):
        await until(lambda: order == ["answered", "after"])


async def test_what_follows_an_answer_outlives_the_link() -> None:
    done = asyncio.Event()
    answered = asyncio.Event()

    async def reset(csms: ServerConnection) -> None:
        await ask(csms, 2, "r", "Reset", {"type": "OnIdle"})
        csms.transport.abort()
        answered.set()

    async def handler(action: str, payload: JsonObject) -> Answered:
        async def after() -> None:
            await answered.wait()
            await asyncio.sleep(0.05)
            done.set()

        return Answered({"status": "Accepted"}, after)

    async with csms_of(reset) as url:
        session = await connect(link(url))
        await session.run(handler)

    assert done.is_set()


async def test_a_failure_in_what_follows_is_counted() -> None:
    async def reset(csms: ServerConnection) -> None:
        await ask(csms, 2, "r", "Reset", {"type": "OnIdle"})
        await answer_heartbeats(csms)

    async def handler(action: str, payload: JsonObject) -> Answered:
        async def after() -> None:
            raise RuntimeError

        return Answered({"status": "Accepted"}, after)

    async with csms_of(reset) as url, session_at(url, handler) as session:
        await until(lambda: session.counts.handler_failures == 1)
        assert await session.call("Heartbeat", {}) == NOW


@pytest.mark.parametrize("compile_schema", [schema.compile_rs, schema.compile_fast])
async def test_either_schema_compiler_serves_both_directions(compile_schema: schema.Compile) -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def order(csms: ServerConnection) -> None:
        answers.put_nowait(await ask(csms, 2, "r1", "ClearCache", {}))
        answers.put_nowait(await ask(csms, 2, "r2", "ClearCache", {"x": 1}))
        await answer_heartbeats(csms)

    schemas = schema.Checker(compile_schema)
    async with csms_of(order) as url, session_at(url, accept, schemas=schemas) as session:
        assert await answers.get() == [3, "r1", {"status": "Accepted"}]
        assert (await answers.get())[:3] == [4, "r2", "ProtocolError"]
        assert await session.call("Heartbeat", {}) == NOW


async def test_an_answer_under_way_can_be_waited_for() -> None:
    asked, slow = asyncio.Event(), asyncio.Event()
    got: list[Any] = []

    async def ask_for_reset(csms: ServerConnection) -> None:
        got.append(await ask(csms, 2, "r1", "Reset", {"type": "Immediate"}))
        await csms.wait_closed()

    async def answer_slowly(action: str, payload: JsonObject) -> JsonObject:
        asked.set()
        await slow.wait()
        return {"status": "Accepted"}

    async with csms_of(ask_for_reset) as url, session_at(url, answer_slowly) as session:
        await asked.wait()
        await session.answered(within_s=0.01)
        before = list(got)
        slow.set()
        await session.answered(within_s=5)
        await session.close()
        await until(lambda: bool(got))

    assert before == []
    assert got == [[3, "r1", {"status": "Accepted"}]]
