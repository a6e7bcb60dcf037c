"""Reading and changing variables at the CSMS's request (2.0.1 B05 to B07; 1.6 5.3, 5.8)."""

from dataclasses import replace

from agent.station.commands import (
    GetBaseReport,
    GetVariables,
    Outcome,
    Report,
    SetVariables,
    VariableResult,
    VariableResults,
)
from agent.station.connector import ConnectorStatus
from agent.station.device_model import GetStatus, SetStatus, VariableKey
from agent.station.effects import StoreVariable
from agent.station.standard_variables import CLOCK_DATE_TIME, availability_key
from agent.station.state import StationState
from agent.station.step import Step

_OPEN = (ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED, ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED)


def live_values(step: Step) -> dict[VariableKey, str]:
    """The variables whose value is what the station is doing now."""
    live = availability(step.state)
    live[CLOCK_DATE_TIME] = step.now.wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return live


def availability(state: StationState) -> dict[VariableKey, str]:
    """AvailabilityState of the station, each EVSE and each connector."""
    live = {availability_key(): "Available" if state.record.operative else "Unavailable"}
    for evse in state.evses:
        status = evse.status or ConnectorStatus.UNAVAILABLE
        word = str(status) if status in _OPEN else "Occupied"
        live[availability_key(evse.id)] = word
        for connector_id in evse.config.connector_ids:
            live[availability_key(evse.id, connector_id)] = word
    return live


def get_variables(step: Step, ticket: int, command: GetVariables) -> None:
    """B06: each is answered by itself, in the order asked."""
    live = live_values(step)
    results = []
    for key, attribute in command.keys:
        status, value = step.model.read(key, attribute, live)
        shown = value if status is GetStatus.ACCEPTED else None
        results.append(VariableResult(key=key, status=status, attribute=attribute, value=shown))
    step.answer(ticket, VariableResults(tuple(results)))


def set_variables(step: Step, ticket: int, command: SetVariables) -> None:
    """B05: each is judged by itself; what is accepted counts at once and is stored."""
    results = []
    for assignment in command.assignments:
        status = step.model.judge(assignment.key, assignment.value, assignment.attribute)
        if status in (SetStatus.ACCEPTED, SetStatus.REBOOT_REQUIRED):
            key = step.model.find(assignment.key) or assignment.key
            step.state = replace(step.state, model=step.model.with_value(key, assignment.value))
            step.emit(StoreVariable(key, assignment.value))
        results.append(VariableResult(key=assignment.key, status=status, attribute=assignment.attribute))
    step.answer(ticket, VariableResults(tuple(results)))


def get_base_report(step: Step, ticket: int, command: GetBaseReport) -> None:
    """B07."""
    rows = step.model.report(command.base, live_values(step))
    if rows is None:
        step.reply(ticket, Outcome.NOT_SUPPORTED)
    elif not rows:
        step.reply(ticket, Outcome.EMPTY_RESULT_SET)
    else:
        step.answer(ticket, Report(command.request_id, rows))
