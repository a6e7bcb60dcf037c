"""CALLs from the CSMS: decoded, put to the station, its answer encoded."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from agent.clock import Clock
from agent.errors import LinkError
from agent.log import get_logger
from agent.ocpp.adapter import AnsweredAtOnce, Call, JsonObject, WrongPayload
from agent.ocpp.session import Answered, Handler
from agent.runtime.link import Link, LinkState, Speaking
from agent.station.commands import Answer, Command, RequestStop, SetChargingProfile
from agent.store.store import Store

log = get_logger(__name__)


class Asks(Protocol):
    """Puts a command to the station."""

    def __call__(self, command: Command) -> Awaitable[Answer]: ...


class CsmsCommands:
    """Makes the handler of incoming CALLs for a connection."""

    def __init__(self, *, ask: Asks, store: Store, link: Link, clock: Clock) -> None:
        self._ask = ask
        self._store = store
        self._link = link
        self._clock = clock

    def handler(self, speaking: Speaking) -> Handler:
        """What Session.run calls for each CALL."""

        async def handle(action: str, payload: JsonObject) -> Answered:
            return await self._answer(speaking, action, payload)

        return handle

    async def _answer(self, speaking: Speaking, action: str, payload: JsonObject) -> Answered:
        if self._link.state is LinkState.REJECTED:
            # B03.FR.08: a CSMS that rejected us has nothing to ask.
            raise WrongPayload("SecurityError", "the station was rejected")
        adapter = speaking.adapter
        try:
            command = adapter.command(action, payload)
        except AnsweredAtOnce as at_once:
            return Answered(at_once.payload)
        command = await self._resolved(command)
        try:
            answer = await self._ask(command)
        except TimeoutError as error:
            raise WrongPayload("InternalError", "the station took too long") from error
        log.info("command", action=action, answer=getattr(answer, "outcome", type(answer).__name__))
        follow_ups = adapter.follow_ups(command, answer, at=self._clock.now().wall)
        after = self._sender(speaking, list(follow_ups)) if follow_ups else None
        return Answered(adapter.command_answer(command, answer), after)

    async def _resolved(self, command: Command) -> Command:
        """1.6 numbers transactions; the station has names for them. An unknown number becomes a name nobody has."""
        match command:
            case RequestStop(id_16=int(number)):
                return replace(command, transaction_id=await self._store.transaction_of(number) or "")
            case SetChargingProfile(id_16=int(number)):
                known = await self._store.transaction_of(number) or ""
                return replace(command, profile=replace(command.profile, transaction_id=known))
            case _:
                return command

    def _sender(self, speaking: Speaking, calls: list[Call]) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            for call in calls:
                try:
                    await self._link.call(speaking, call)
                except LinkError as error:
                    log.warning("report not delivered", action=call.action, why=error)
                    return

        return send
