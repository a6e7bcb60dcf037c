"""Operative or not: the station, its EVSEs, their connectors (2.0.1 G03, G04; 1.6 5.2)."""

from dataclasses import replace

from agent.station.commands import ChangeAvailability, Outcome
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from agent.station.state import Evse
from agent.station.step import Step


def change_availability(step: Step, ticket: int, command: ChangeAvailability) -> None:
    """Store the wish at once; while a transaction runs it takes effect at its end (G03.FR.05)."""
    targets = _targets(step, command)
    if targets is None:
        step.reply(ticket, Outcome.REJECTED, reason="UnknownEvse")
        return
    # G03.FR.03: already so, or a scheduled change that is taken back, is simply Accepted.
    waits = not command.operative and any(evse.record.transaction is not None for evse in targets)
    step.reply(ticket, Outcome.SCHEDULED if waits else Outcome.ACCEPTED)
    if command.evse_id is None:
        step.state = replace(step.state, record=replace(step.state.record, operative=command.operative))
    elif command.connector_id is None:
        step.change_record(command.evse_id, evse_operative=command.operative)
    else:
        step.change_record(command.evse_id, connector_operative=command.operative)

    if not command.operative:
        # Who was authorized and has no transaction yet would wait for ever.
        for evse in targets:
            if evse.record.transaction is None:
                step.change_record(evse.id, grant=None)


def _targets(step: Step, command: ChangeAvailability) -> tuple[Evse, ...] | None:
    if command.evse_id is None:
        return step.state.evses
    evse = step.state.evse(command.evse_id)
    if evse is None or (command.connector_id is not None and command.connector_id not in evse.config.connector_ids):
        return None
    return (evse,)


def report_station(step: Step) -> None:
    """Report the status of the station as a whole where it changed."""
    report = station_report(step)
    if report.status is not step.state.status:
        step.state = replace(step.state, status=report.status)
        step.emit(report)


def station_report(step: Step, *, forced: bool = False) -> ReportStatus:
    """The status of the station as a whole: 1.6's connector 0, told as EVSE 0 (1.6 section 4.9, errata 3.22)."""
    status = ConnectorStatus.AVAILABLE if step.state.record.operative else ConnectorStatus.UNAVAILABLE
    return ReportStatus(evse_id=0, connector_id=0, status=status, at=step.now, forced=forced)
