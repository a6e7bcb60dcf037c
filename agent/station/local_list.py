"""The local authorization list (2.0.1 D01, D02; 1.6 5.10, 5.15). Its entries live in the store."""

from dataclasses import replace

from agent.station.commands import LocalListVersion, Outcome, SendLocalList
from agent.station.effects import StoreLocalList
from agent.station.events import CsmsAsked, LocalListStored
from agent.station.standard_variables import LOCAL_LIST_ENABLED
from agent.station.step import Step

NO_LIST = -1
"""1.6 section 5.10; 2.x tells it as 0 (D02.FR.03)."""


def local_list_version(step: Step, asked: CsmsAsked) -> None:
    """A list that is switched off counts as none, whatever is stored."""
    enabled = step.model.boolean(LOCAL_LIST_ENABLED)
    step.answer(asked.ticket, LocalListVersion(asked.local_list_version if enabled else NO_LIST))


def send_local_list(step: Step, asked: CsmsAsked, command: SendLocalList) -> None:
    """Refuse what cannot be applied; else let the store apply it in one commit."""
    if not step.model.boolean(LOCAL_LIST_ENABLED):
        # 2.x has no word for it but Failed.
        step.reply(asked.ticket, Outcome.NOT_SUPPORTED, reason="NotEnabled")
        return
    # D01.FR.19, 1.6 5.15: a differential update must be newer than what is stored.
    if not command.full and command.version <= asked.local_list_version:
        step.reply(asked.ticket, Outcome.VERSION_MISMATCH)
        return
    step.state = replace(step.state, list_updates=step.state.list_updates | {asked.ticket})
    step.emit(StoreLocalList(asked.ticket, command))


def local_list_stored(step: Step, event: LocalListStored) -> None:
    """The store applied the update, or could not."""
    if event.ticket in step.state.list_updates:
        step.state = replace(step.state, list_updates=step.state.list_updates - {event.ticket})
        step.reply(event.ticket, Outcome.ACCEPTED if event.stored else Outcome.FAILED)
