"""Variables read and changed at the CSMS's request."""

from agent.station.commands import (
    ChangeAvailability,
    Done,
    GetBaseReport,
    GetVariables,
    Outcome,
    Report,
    SetVariables,
    VariableAssignment,
    VariableResults,
)
from agent.station.device_model import GetStatus, SetStatus, VariableKey
from agent.station.effects import StoreVariable
from agent.station.standard_variables import (
    AUTHORIZE_REMOTE_START,
    BASIC_AUTH_PASSWORD,
    CLOCK_DATE_TIME,
    EV_CONNECTION_TIME_OUT,
    IDENTITY,
    availability_key,
)
from tests.fakes.station_rig import Rig

UNKNOWN = VariableKey("Nothing", "AtAll")


def read(rig: Rig, *keys: VariableKey) -> list[tuple[str, str | None]]:
    answer = rig.ask(GetVariables(tuple((key, None) for key in keys)))
    assert isinstance(answer, VariableResults)
    return [(result.status, result.value) for result in answer.results]


def test_looking_up_says_the_same_as_asking_and_changes_nothing() -> None:
    rig = Rig().start()
    variables = GetVariables(((EV_CONNECTION_TIME_OUT, None), (UNKNOWN, None)))
    questions = (variables, GetBaseReport(request_id=1, base="FullInventory"))
    before = rig.station.state

    answers = [rig.station.look_up(question, rig.now) for question in questions]

    assert rig.station.state is before
    assert answers == [rig.ask(question) for question in questions]


def test_each_variable_is_answered_in_the_order_asked() -> None:
    rig = Rig().start()

    answers = read(rig, EV_CONNECTION_TIME_OUT, UNKNOWN, BASIC_AUTH_PASSWORD, CLOCK_DATE_TIME)

    assert answers == [
        (GetStatus.ACCEPTED, "60"),
        (GetStatus.UNKNOWN_COMPONENT, None),
        (GetStatus.REJECTED, None),
        (GetStatus.ACCEPTED, "2026-01-01T12:00:00.000Z"),
    ]


def test_availability_is_told_live() -> None:
    rig = Rig().start()
    rig.plug(1)
    rig.ask(ChangeAvailability(operative=False, evse_id=2))

    answers = read(rig, availability_key(), availability_key(1), availability_key(1, 1), availability_key(2))

    assert [value for _, value in answers] == ["Available", "Occupied", "Occupied", "Unavailable"]


def test_each_assignment_is_judged_by_itself_and_stored() -> None:
    rig = Rig().start()

    answer = rig.ask(
        SetVariables(
            (
                VariableAssignment(EV_CONNECTION_TIME_OUT, "30"),
                VariableAssignment(EV_CONNECTION_TIME_OUT, "soon"),
                VariableAssignment(IDENTITY, "CP002"),
                VariableAssignment(UNKNOWN, "1"),
            )
        )
    )

    assert isinstance(answer, VariableResults)
    assert [result.status for result in answer.results] == [
        SetStatus.ACCEPTED,
        SetStatus.REJECTED,
        SetStatus.REJECTED,
        SetStatus.UNKNOWN_COMPONENT,
    ]
    assert rig.all(StoreVariable) == [StoreVariable(EV_CONNECTION_TIME_OUT, "30")]


def test_what_is_set_counts_at_once() -> None:
    rig = Rig().start()
    rig.set_variable("TxCtrlr.EVConnectionTimeOut", "5")

    rig.swipe(evse_ids=(1,))
    rig.pass_time(6)
    rig.plug()

    assert rig.facts == []


def test_a_new_stop_point_counts_for_the_charge_that_runs() -> None:
    rig = Rig(variables={"TxCtrlr.TxStopPoint": "EVConnected"}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.set_variable("TxCtrlr.TxStopPoint", "Authorized")

    rig.swipe()

    assert rig.story[-1] == "Ended StopAuthorized"


def test_reports() -> None:
    rig = Rig().start()

    full = rig.ask(GetBaseReport(7, "FullInventory"))

    assert isinstance(full, Report)
    assert full.request_id == 7
    assert AUTHORIZE_REMOTE_START in [row.key for row in full.variables]
    assert rig.ask(GetBaseReport(8, "Nonsense")) == Done(Outcome.NOT_SUPPORTED)
