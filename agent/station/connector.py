"""What a connector shows the world: one status, decided by the first row that fits."""

from collections.abc import Callable
from enum import StrEnum

from agent.frozen import dataclass


class ConnectorStatus(StrEnum):
    """The nine words of 1.6; 2.x folds five of them into Occupied."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """All that decides a connector's status."""

    faulted: bool
    operative: bool
    reserved: bool
    plugged: bool
    authorized: bool
    in_transaction: bool
    ending: bool
    """The transaction only waits for its last reading."""
    finished: bool
    """A transaction ended and the EV is still plugged."""
    settling: bool
    """Energy is, or is about to be, offered for the first time, and the EV still has time to take it."""
    deauthorized: bool
    """The transaction was authorized and no longer is."""
    permitted: bool
    wants_energy: bool
    contactor_closed: bool


_S = ConnectorStatus

STATUS_TABLE: tuple[tuple[Callable[[ConnectorView], bool], ConnectorStatus], ...] = (
    (lambda v: v.faulted, _S.FAULTED),
    # A transaction outlives an Inoperative: availability counts once it is over (1.6 5.2, 2.0.1 G03.FR.05).
    (lambda v: not v.operative and not v.in_transaction, _S.UNAVAILABLE),
    (lambda v: v.ending and v.plugged, _S.FINISHING),
    (lambda v: v.in_transaction and v.permitted and v.wants_energy and v.contactor_closed, _S.CHARGING),
    (lambda v: v.in_transaction and v.authorized and v.settling, _S.PREPARING),
    # 1.6 StopTransactionOnEVSideDisconnect false: the EV left, and its transaction waits for it.
    (lambda v: v.in_transaction and v.authorized and (v.permitted or not v.plugged), _S.SUSPENDED_EV),
    (lambda v: v.in_transaction and v.authorized, _S.SUSPENDED_EVSE),
    (lambda v: v.in_transaction and v.deauthorized and v.plugged, _S.FINISHING),
    (lambda v: v.finished and v.plugged and not v.authorized, _S.FINISHING),
    (lambda v: v.plugged or v.authorized, _S.PREPARING),
    (lambda v: v.reserved, _S.RESERVED),
    (lambda _: True, _S.AVAILABLE),
)
"""First match wins."""


def status_of(view: ConnectorView) -> ConnectorStatus:
    """The status a connector has in this situation (1.6 section 4.9; 2.0.1 G01)."""
    return next(status for fits, status in STATUS_TABLE if fits(view))
