"""The RPC framework of OCPP-J without its socket: texts in, texts and events out.

Rules kept here: one own CALL at a time (1.6 and 2.0.1 section 4.1.1); an answer belongs to the CALL with its id
and to nothing else; every own call ends exactly once, as AnswerArrived, Refused, TimedOut or Lost. Time is an argument,
in seconds of any clock that never steps back. Payloads are never logged: they hold tokens and keys.
"""

from collections import deque
from typing import TypeAlias

from agent.frozen import dataclass
from agent.log import get_logger
from agent.ocpp.errors import Fault, Version, code_for_fault
from agent.ocpp.frame import (
    CALL_ERROR,
    CALL_RESULT,
    MAX_BYTES,
    BadFrame,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Frame,
    JsonObject,
    Send,
    parse,
    serialise,
)

log = get_logger(__name__)

MAX_WAITING = 64
"""Own calls that may wait for their turn; the outbox waits in the store, so more is a fault of ours."""
_REMEMBERED_IDS = 32


@dataclass(frozen=True, slots=True)
class CallArrived:
    """The peer asks; `Rpc.answer` or `Rpc.refuse` ends it."""

    message_id: str
    action: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class SendArrived:
    """The peer tells (2.1) and wants no answer."""

    message_id: str
    action: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class AnswerArrived:
    """An own call got its CALLRESULT."""

    message_id: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class Refused:
    """An own call got a CALLERROR, or an answer that is no frame."""

    message_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """An own call was sent and not answered in time."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Lost:
    """An own call will never be answered: the connection is gone. `sent` tells whether it had left."""

    message_id: str
    sent: bool


@dataclass(frozen=True, slots=True)
class ResultRejected:
    """The peer cannot use the answer that we gave (2.1)."""

    message_id: str
    code: str
    description: str


RpcEvent: TypeAlias = CallArrived | SendArrived | AnswerArrived | Refused | TimedOut | Lost | ResultRejected


@dataclass(slots=True)
class RpcCounts:
    """How often the peer did what it should not."""

    late_answers: int = 0
    unknown_answers: int = 0
    malformed_frames: int = 0
    repeated_calls: int = 0


class TooManyCalls(Exception):
    """The queue of own calls is full."""


@dataclass(frozen=True, slots=True)
class _OwnCall:
    message_id: str
    action: str
    text: str
    timeout_s: float


class Rpc:
    """Both directions of one connection. Not for reuse over a reconnect."""

    def __init__(self, version: Version, *, max_waiting: int = MAX_WAITING, max_bytes: int = MAX_BYTES) -> None:
        self.counts = RpcCounts()
        self._version = version
        self._max_waiting = max_waiting
        self._max_bytes = max_bytes
        self._outstanding: _OwnCall | None = None
        self._deadline_s = 0.0
        self._waiting: deque[_OwnCall] = deque()
        self._timed_out: deque[str] = deque(maxlen=_REMEMBERED_IDS)
        self._arrived: dict[str, Call] = {}
        self._texts: list[str] = []
        self._closed = False

    @property
    def has_own_calls(self) -> bool:
        """Whether an own call is under way or waits."""
        return self._outstanding is not None

    def call(self, message_id: str, action: str, payload: JsonObject, *, now_s: float, timeout_s: float) -> None:
        """Ask the peer, now or when its turn comes; `timeout_s` counts from the sending.

        Raises TooManyCalls; ValueError for an id in use, a payload that is not JSON or a closed connection;
        TypeError for a payload that is not JSON.
        """
        if self._closed:
            raise ValueError("the connection is closed")
        if self._is_own(message_id):
            raise ValueError(f"message id {message_id} is in use")
        if len(self._waiting) >= self._max_waiting:
            raise TooManyCalls(f"{len(self._waiting)} calls are waiting")
        own = _OwnCall(message_id, action, serialise(Call(message_id, action, payload)), timeout_s)
        if self._outstanding is None:
            self._send_call(own, now_s=now_s)
        else:
            self._waiting.append(own)

    def abandon(self, message_id: str) -> None:
        """Take back a call that waits; one that was sent stays outstanding until it is answered or times out."""
        self._waiting = deque(own for own in self._waiting if own.message_id != message_id)

    def answer(self, message_id: str, payload: JsonObject) -> bool:
        """End an arrived call with a CALLRESULT; False if it is not open. Raises TypeError, ValueError: not JSON."""
        if message_id not in self._arrived:
            return False
        return self._end(message_id, CallResult(message_id, payload))

    def refuse(self, message_id: str, code: str, description: str) -> bool:
        """End an arrived call with a CALLERROR; False if it is not open."""
        if message_id not in self._arrived:
            return False
        return self._end(message_id, CallError(message_id, code, description))

    def reject_result(self, message_id: str, code: str, description: str) -> None:
        """Tell the peer that its answer cannot be used (2.1 section 4.2.3); earlier versions have no words for it."""
        if self._version is Version.V21 and not self._closed:
            self._texts.append(serialise(CallResultError(message_id, code, description)))

    def receive(self, text: str, *, now_s: float) -> list[RpcEvent]:
        """Take one message from the peer; never raises."""
        if self._closed:
            return []
        frame = parse(text, version=self._version, max_bytes=self._max_bytes)
        match frame:
            case Call():
                return self._on_call(frame)
            case CallResult():
                return self._on_answer(AnswerArrived(frame.message_id, frame.payload), now_s=now_s)
            case CallError():
                return self._on_answer(Refused(frame.message_id, frame.code, frame.description), now_s=now_s)
            case BadFrame():
                return self._on_bad(frame, now_s=now_s)
            case Send() | CallResultError():
                return [_told(frame)]

    def refuse_unreadable(self) -> None:
        """Count and answer a message that is not even text."""
        # An empty text is answered like any frame without a readable id.
        self.receive("", now_s=0.0)

    def to_send(self) -> list[str]:
        """The texts to put on the wire now, in order; each is handed out once."""
        texts, self._texts = self._texts, []
        return texts

    def next_deadline(self) -> float | None:
        """When `expire` has work to do; None: nothing is awaited."""
        return None if self._outstanding is None else self._deadline_s

    def expire(self, *, now_s: float) -> list[RpcEvent]:
        """End the outstanding call if its time is over."""
        own = self._outstanding
        if own is None or now_s < self._deadline_s:
            return []
        log.debug("call timed out", action=own.action, message_id=own.message_id)
        self._timed_out.append(own.message_id)
        self._next_call(now_s=now_s)
        return [TimedOut(own.message_id)]

    def closed(self) -> list[RpcEvent]:
        """The connection is gone: every own call is lost, nothing can be answered any more."""
        self._closed = True
        lost: list[RpcEvent] = []
        if self._outstanding is not None:
            lost.append(Lost(self._outstanding.message_id, sent=True))
        lost.extend(Lost(own.message_id, sent=False) for own in self._waiting)
        self._outstanding = None
        self._waiting.clear()
        self._arrived.clear()
        self._texts.clear()
        return lost

    def _is_own(self, message_id: str) -> bool:
        if self._outstanding is not None and self._outstanding.message_id == message_id:
            return True
        return any(own.message_id == message_id for own in self._waiting)

    def _send_call(self, own: _OwnCall, *, now_s: float) -> None:
        log.debug("call sent", action=own.action, message_id=own.message_id)
        self._outstanding = own
        self._deadline_s = now_s + own.timeout_s
        self._texts.append(own.text)

    def _next_call(self, *, now_s: float) -> None:
        self._outstanding = None
        if self._waiting:
            self._send_call(self._waiting.popleft(), now_s=now_s)

    def _on_answer(self, event: AnswerArrived | Refused, *, now_s: float) -> list[RpcEvent]:
        own = self._outstanding
        if own is None or own.message_id != event.message_id:
            if event.message_id in self._timed_out:
                self.counts.late_answers += 1
            else:
                self.counts.unknown_answers += 1
            log.debug("answer dropped", message_id=event.message_id)
            return []
        log.debug("answer received", action=own.action, message_id=own.message_id)
        self._next_call(now_s=now_s)
        return [event]

    def _on_call(self, call: Call) -> list[RpcEvent]:
        log.debug("call received", action=call.action, message_id=call.message_id)
        open_call = self._arrived.get(call.message_id)
        if open_call is None:
            self._arrived[call.message_id] = call
            return [CallArrived(call.message_id, call.action, call.payload)]
        self.counts.repeated_calls += 1
        if open_call != call:
            # 1.6 and 2.0.1 section 4.2.3. The first call's own answer still follows.
            code = code_for_fault(Fault.REPEATED_ID, version=self._version) or ""
            self._texts.append(serialise(CallError(call.message_id, code, Fault.REPEATED_ID)))
        # The very same call again is a retry: the answer under way answers both, and a CALLERROR
        # would make the peer believe that what is being done was refused.
        return []

    def _on_bad(self, frame: BadFrame, *, now_s: float) -> list[RpcEvent]:
        self.counts.malformed_frames += 1
        log.debug("frame refused", fault=frame.fault, message_type=frame.message_type, message_id=frame.message_id)
        if frame.answer is not None and frame.answer.message_id not in self._arrived:
            self._texts.append(serialise(frame.answer))
        own = self._outstanding
        if own is not None and own.message_id == frame.message_id and frame.message_type in (CALL_RESULT, CALL_ERROR):
            # It is our answer, though a broken one: waiting for a better one would only block the queue.
            code = code_for_fault(frame.fault, version=self._version) or ""
            return self._on_answer(Refused(own.message_id, code, frame.fault), now_s=now_s)
        return []

    def _end(self, message_id: str, frame: Frame) -> bool:
        text = serialise(frame)
        call = self._arrived.pop(message_id)
        log.debug("answer sent", action=call.action, message_id=message_id)
        self._texts.append(text)
        return True


def _told(frame: Send | CallResultError) -> RpcEvent:
    """What 2.1 lets a peer say without an answer."""
    if isinstance(frame, Send):
        log.debug("message received", action=frame.action, message_id=frame.message_id)
        return SendArrived(frame.message_id, frame.action, frame.payload)
    return ResultRejected(frame.message_id, frame.code, frame.description)
