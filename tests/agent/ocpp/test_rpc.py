"""The RPC framework: one own call at a time, each ended exactly once, whatever the peer does."""

import json
import logging
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.ocpp.errors import Version
from agent.ocpp.rpc import (
    AnswerArrived,
    CallArrived,
    Lost,
    Refused,
    ResultRejected,
    Rpc,
    RpcEvent,
    SendArrived,
    TimedOut,
    TooManyCalls,
)


def rpc_201() -> Rpc:
    return Rpc(Version.V201)


def sent(rpc: Rpc) -> list[Any]:
    return [json.loads(text) for text in rpc.to_send()]


def test_an_own_call_leaves_at_once_and_its_answer_ends_it() -> None:
    rpc = rpc_201()

    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)

    assert sent(rpc) == [[2, "a", "Heartbeat", {}]]
    assert rpc.next_deadline() == 30
    assert rpc.receive('[3,"a",{"currentTime":"x"}]', now_s=1) == [AnswerArrived("a", {"currentTime": "x"})]
    assert rpc.next_deadline() is None
    assert sent(rpc) == []


def test_the_second_call_waits_for_the_end_of_the_first() -> None:
    rpc = rpc_201()
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)
    rpc.call("b", "Heartbeat", {}, now_s=1, timeout_s=30)

    first = sent(rpc)
    events = rpc.receive('[4,"a","GenericError","no",{}]', now_s=10)

    assert first == [[2, "a", "Heartbeat", {}]]
    assert events == [Refused("a", "GenericError", "no")]
    assert sent(rpc) == [[2, "b", "Heartbeat", {}]]
    assert rpc.next_deadline() == 40


def test_an_answer_after_the_timeout_is_dropped() -> None:
    rpc = rpc_201()
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)
    rpc.call("b", "Heartbeat", {}, now_s=0, timeout_s=30)

    early = rpc.expire(now_s=29.9)
    timed_out = rpc.expire(now_s=30)
    late = rpc.receive('[3,"a",{}]', now_s=31)

    assert early == []
    assert timed_out == [TimedOut("a")]
    assert late == []
    assert rpc.counts.late_answers == 1
    assert rpc.receive('[3,"b",{}]', now_s=32) == [AnswerArrived("b", {})]


def test_an_answer_to_nothing_is_dropped() -> None:
    rpc = rpc_201()

    assert rpc.receive('[3,"x",{}]', now_s=0) == []
    assert rpc.receive('[4,"-1","RpcFrameworkError","",{}]', now_s=0) == []
    assert rpc.counts.unknown_answers == 2
    assert sent(rpc) == []


@pytest.mark.parametrize("answer", ['[3,"a","x"]', '[3,"a"]', '[3,"a",{"b":', '[4,"a",7]'])
def test_a_broken_answer_ends_its_call_instead_of_blocking_the_queue(answer: str) -> None:
    rpc = rpc_201()
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)
    rpc.call("b", "Heartbeat", {}, now_s=0, timeout_s=30)

    events = rpc.receive(answer, now_s=1)

    assert [type(event) for event in events] == [Refused]
    assert [text[1] for text in sent(rpc)] == ["a", "b"]
    assert rpc.counts.malformed_frames == 1


def test_a_bad_call_with_the_id_of_our_own_ends_nothing() -> None:
    rpc = rpc_201()
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)

    assert rpc.receive('[2,"a",7,{}]', now_s=1) == []
    assert rpc.next_deadline() == 30


def test_an_arrived_call_is_answered_once() -> None:
    rpc = rpc_201()

    events = rpc.receive('[2,"p","Reset",{"type":"Soft"}]', now_s=0)

    assert events == [CallArrived("p", "Reset", {"type": "Soft"})]
    assert rpc.answer("p", {"status": "Accepted"})
    assert not rpc.answer("p", {"status": "Accepted"})
    assert not rpc.refuse("p", "InternalError", "")
    assert sent(rpc) == [[3, "p", {"status": "Accepted"}]]


def test_a_call_is_taken_while_our_own_waits() -> None:
    rpc = rpc_201()
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)

    rpc.receive('[2,"a","Reset",{}]', now_s=0)
    rpc.refuse("a", "NotSupported", "no")

    assert sent(rpc) == [[2, "a", "Heartbeat", {}], [4, "a", "NotSupported", "no", {}]]
    assert rpc.receive('[3,"a",{}]', now_s=1) == [AnswerArrived("a", {})]


def test_the_same_call_again_is_answered_by_the_answer_under_way() -> None:
    rpc = rpc_201()
    rpc.receive('[2,"p","Reset",{"type":"Soft"}]', now_s=0)

    again = rpc.receive('[2,"p","Reset",{"type":"Soft"}]', now_s=1)
    rpc.answer("p", {})

    assert again == []
    assert rpc.counts.repeated_calls == 1
    assert sent(rpc) == [[3, "p", {}]]


@pytest.mark.parametrize(("version", "code"), [(Version.V16, "GenericError"), (Version.V201, "RpcFrameworkError")])
def test_another_call_with_an_id_in_use_is_refused(version: Version, code: str) -> None:
    rpc = Rpc(version)
    rpc.receive('[2,"p","Reset",{"type":"Soft"}]', now_s=0)

    other = rpc.receive('[2,"p","ClearCache",{}]', now_s=1)

    assert other == []
    assert [frame[:3] for frame in sent(rpc)] == [[4, "p", code]]


def test_a_bad_frame_with_the_id_of_an_open_call_does_not_end_that_call() -> None:
    rpc = rpc_201()
    rpc.receive('[2,"p","ClearCache",{}]', now_s=0)

    rpc.receive('[2,"p","ClearCache",[]]', now_s=1)
    rpc.answer("p", {})

    assert sent(rpc) == [[3, "p", {}]]


def test_an_id_may_be_used_again_once_it_was_answered() -> None:
    rpc = rpc_201()
    rpc.receive('[2,"p","ClearCache",{}]', now_s=0)
    rpc.answer("p", {})

    assert rpc.receive('[2,"p","ClearCache",{}]', now_s=1) == [CallArrived("p", "ClearCache", {})]


def test_a_payload_that_is_no_json_leaves_the_call_open_to_be_refused() -> None:
    rpc = rpc_201()
    rpc.receive('[2,"p","ClearCache",{}]', now_s=0)

    with pytest.raises(TypeError):
        rpc.answer("p", {"status": object()})

    assert rpc.refuse("p", "InternalError", "")


def test_a_lost_connection_ends_everything() -> None:
    rpc = rpc_201()
    rpc.receive('[2,"p","ClearCache",{}]', now_s=0)
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)
    rpc.call("b", "Heartbeat", {}, now_s=0, timeout_s=30)

    events = rpc.closed()

    assert events == [Lost("a", sent=True), Lost("b", sent=False)]
    assert rpc.closed() == []
    assert not rpc.answer("p", {})
    assert rpc.receive('[3,"a",{}]', now_s=1) == []
    assert rpc.to_send() == []
    with pytest.raises(ValueError, match="closed"):
        rpc.call("c", "Heartbeat", {}, now_s=1, timeout_s=30)


def test_an_abandoned_call_is_never_sent_unless_it_has_left() -> None:
    rpc = rpc_201()
    for name in ("a", "b", "c"):
        rpc.call(name, "Heartbeat", {}, now_s=0, timeout_s=30)

    rpc.abandon("a")
    rpc.abandon("b")

    assert rpc.receive('[3,"a",{}]', now_s=1) == [AnswerArrived("a", {})]
    assert [frame[1] for frame in sent(rpc)] == ["a", "c"]


def test_the_queue_of_own_calls_is_bounded() -> None:
    rpc = Rpc(Version.V201, max_waiting=1)
    rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)
    rpc.call("b", "Heartbeat", {}, now_s=0, timeout_s=30)

    with pytest.raises(TooManyCalls):
        rpc.call("c", "Heartbeat", {}, now_s=0, timeout_s=30)
    with pytest.raises(ValueError, match="in use"):
        rpc.call("a", "Heartbeat", {}, now_s=0, timeout_s=30)


def test_2_1_has_messages_without_answers_and_errors_about_results() -> None:
    rpc = Rpc(Version.V21)

    events = [
        *rpc.receive('[6,"s","NotifyPeriodicEventStream",{"id":1}]', now_s=0),
        *rpc.receive('[5,"r","FormatViolation","tariff",{}]', now_s=0),
    ]
    rpc.reject_result("r", "TypeConstraintViolation", "/interval: type")

    assert events == [
        SendArrived("s", "NotifyPeriodicEventStream", {"id": 1}),
        ResultRejected("r", "FormatViolation", "tariff"),
    ]
    assert sent(rpc) == [[5, "r", "TypeConstraintViolation", "/interval: type", {}]]


@pytest.mark.parametrize("version", [Version.V16, Version.V201])
def test_earlier_versions_cannot_reject_a_result(version: Version) -> None:
    rpc = Rpc(version)

    rpc.reject_result("r", "TypeConstraintViolation", "")

    assert sent(rpc) == []


def test_a_message_that_is_no_text_is_answered_like_one_without_an_id() -> None:
    rpc = rpc_201()

    rpc.refuse_unreadable()

    assert [frame[:3] for frame in sent(rpc)] == [[4, "-1", "RpcFrameworkError"]]
    assert rpc.counts.malformed_frames == 1


def test_no_payload_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rpc = rpc_201()

    rpc.call("a", "Authorize", {"idToken": {"idToken": "04AABBCC"}}, now_s=0, timeout_s=30)
    rpc.receive('[3,"a",{"idTokenInfo":{"cacheId":"04AABBCC"}}]', now_s=1)
    rpc.receive('[2,"p","RequestStartTransaction",{"idToken":"04AABBCC"}]', now_s=1)
    rpc.answer("p", {"transactionId": "04AABBCC"})

    assert len(caplog.records) == 4
    assert not any("04AABBCC" in str(vars(record)) for record in caplog.records)


class OneAtATime(RuleBasedStateMachine):
    """Calls, answers, late answers, timeouts, repeats and loss, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.rpc = Rpc(Version.V201, max_waiting=4)
        self.now_s = 0.0
        self.asked: list[str] = []
        self.left: list[str] = []
        self.ended: Counter[str] = Counter()
        self.lost = False

    def _note(self, events: list[RpcEvent]) -> None:
        for event in events:
            if isinstance(event, AnswerArrived | Refused | TimedOut | Lost):
                self.ended[event.message_id] += 1
        self.left += [frame[1] for frame in map(json.loads, self.rpc.to_send()) if frame[0] == 2]

    @precondition(lambda self: not self.lost)
    @rule(timeout_s=st.sampled_from([1, 5]))
    def ask(self, timeout_s: float) -> None:
        name = f"own-{len(self.asked)}"
        try:
            self.rpc.call(name, "Heartbeat", {}, now_s=self.now_s, timeout_s=timeout_s)
        except TooManyCalls:
            return
        self.asked.append(name)
        self._note([])

    @precondition(lambda self: self.left)
    @rule(data=st.data(), frame=st.sampled_from(['[3,"{}",{{}}]', '[4,"{}","GenericError","",{{}}]', '[3,"{}"]']))
    def peer_answers_any_call_ever_sent(self, data: st.DataObject, frame: str) -> None:
        name = data.draw(st.sampled_from(self.left))
        self._note(self.rpc.receive(frame.format(name), now_s=self.now_s))

    @rule(text=st.sampled_from(["", "[]", '[3,"own-99",{}]', '[2,"own-0",{}]', '[2,"p","ClearCache",{}]', '[9,"x"]']))
    def peer_says_something_else(self, text: str) -> None:
        self._note(self.rpc.receive(text, now_s=self.now_s))

    @rule()
    def peer_call_is_answered(self) -> None:
        self.rpc.answer("p", {})
        self._note([])

    @rule(step_s=st.sampled_from([0.1, 1, 7]))
    def time_passes(self, step_s: float) -> None:
        self.now_s += step_s
        self._note(self.rpc.expire(now_s=self.now_s))

    @rule()
    def connection_is_lost(self) -> None:
        self._note(self.rpc.closed())
        self.lost = True

    @invariant()
    def no_call_ends_twice(self) -> None:
        assert all(times == 1 for times in self.ended.values())

    @invariant()
    def calls_leave_in_order_one_at_a_time(self) -> None:
        assert self.left == self.asked[: len(self.left)]
        assert len([name for name in self.left if not self.ended[name]]) <= 1

    @invariant()
    def no_call_is_forgotten(self) -> None:
        open_calls = [name for name in self.asked if not self.ended[name]]
        if self.lost:
            assert open_calls == []
        else:
            # Whatever is open is either under way, with a deadline, or behind one that is.
            assert (self.rpc.next_deadline() is not None) == bool(open_calls)


TestOneAtATime = OneAtATime.TestCase
TestOneAtATime.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
