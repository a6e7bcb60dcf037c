"""One event being handled: the state as it becomes, the effects as they gather."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.clock import Moment
from agent.station.commands import Answer, Done, Outcome
from agent.station.device_model import DeviceModel
from agent.station.effects import Effect, Reply
from agent.station.state import Evse, StationState


class Step:
    """Working copy for one call of Station.handle; thrown away with its state if the commit fails."""

    def __init__(self, state: StationState, now: Moment, new_id: Callable[[], str]) -> None:
        self.state = state
        self.now = now
        self.new_id = new_id
        self.effects: list[Effect] = []

    @property
    def model(self) -> DeviceModel:
        """The variables as they now are."""
        return self.state.model

    def evse(self, evse_id: int) -> Evse:
        """The EVSE as it now is. Raises KeyError for an id that does not exist."""
        evse = self.state.evse(evse_id)
        if evse is None:
            raise KeyError(evse_id)
        return evse

    def put(self, evse: Evse) -> Evse:
        """Replace an EVSE."""
        self.state = self.state.with_evse(evse)
        return evse

    def change(self, evse_id: int, **changes: Any) -> Evse:
        """Replace fields of an EVSE."""
        return self.put(replace(self.evse(evse_id), **changes))

    def change_record(self, evse_id: int, **changes: Any) -> Evse:
        """Replace fields of an EVSE's record."""
        evse = self.evse(evse_id)
        return self.put(replace(evse, record=replace(evse.record, **changes)))

    def emit(self, effect: Effect) -> None:
        """Add an effect; the order of calls is the order in which they are carried out."""
        self.effects.append(effect)

    def reply(
        self, ticket: int, outcome: Outcome, *, reason: str | None = None, transaction_id: str | None = None
    ) -> None:
        """Answer a command with how it went."""
        self.answer(ticket, Done(outcome, reason=reason, transaction_id=transaction_id))

    def answer(self, ticket: int, answer: Answer) -> None:
        """Answer a command."""
        self.emit(Reply(ticket, answer))

    def ticket(self) -> int:
        """A number for a question that is answered by an event."""
        number = self.state.next_ticket
        self.state = replace(self.state, next_ticket=number + 1)
        return number
