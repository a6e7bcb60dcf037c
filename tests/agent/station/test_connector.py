"""The status of a connector, row by row."""

from dataclasses import replace

import pytest

from agent.station.connector import ConnectorStatus, ConnectorView, status_of

FREE = ConnectorView(
    faulted=False,
    operative=True,
    reserved=False,
    plugged=False,
    authorized=False,
    in_transaction=False,
    ending=False,
    finished=False,
    settling=False,
    deauthorized=False,
    permitted=False,
    wants_energy=False,
    contactor_closed=False,
)
PLUGGED = replace(FREE, plugged=True)
WAITING = replace(PLUGGED, authorized=True, in_transaction=True)
CHARGING = replace(WAITING, permitted=True, wants_energy=True, contactor_closed=True)
S = ConnectorStatus


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (FREE, S.AVAILABLE),
        (replace(FREE, reserved=True), S.RESERVED),
        (replace(FREE, authorized=True), S.PREPARING),
        (PLUGGED, S.PREPARING),
        (replace(PLUGGED, in_transaction=True), S.PREPARING),
        (replace(WAITING, settling=True), S.PREPARING),
        (replace(WAITING, settling=True, plugged=False), S.PREPARING),
        (CHARGING, S.CHARGING),
        (replace(CHARGING, contactor_closed=False, wants_energy=False), S.SUSPENDED_EV),
        (replace(WAITING, plugged=False), S.SUSPENDED_EV),
        (WAITING, S.SUSPENDED_EVSE),
        (replace(PLUGGED, in_transaction=True, deauthorized=True), S.FINISHING),
        (replace(PLUGGED, in_transaction=True, ending=True), S.FINISHING),
        (replace(PLUGGED, finished=True), S.FINISHING),
        (replace(PLUGGED, finished=True, authorized=True), S.PREPARING),
        (replace(FREE, operative=False), S.UNAVAILABLE),
        (replace(PLUGGED, operative=False), S.UNAVAILABLE),
        (replace(CHARGING, operative=False), S.CHARGING),
        (replace(CHARGING, faulted=True), S.FAULTED),
        (replace(FREE, operative=False, faulted=True), S.FAULTED),
    ],
)
def test_the_status(view: ConnectorView, status: ConnectorStatus) -> None:
    assert status_of(view) is status
