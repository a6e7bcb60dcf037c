"""Charging profiles at the station: taken or refused, obeyed at their time, gone with their transaction."""

from datetime import timedelta
from typing import Any

import pytest

from agent.smart_charging.profile import STATION, ChargingProfile, Kind, Purpose, RateUnit
from agent.smart_charging.stack import ClearFilter
from agent.station.charging_profiles import MAX_INSTALLED
from agent.station.commands import (
    ClearChargingProfile,
    Composed,
    Done,
    GetCompositeSchedule,
    Outcome,
    RequestStart,
    SetChargingProfile,
)
from agent.station.effects import AskAuthorization, PermitEnergy
from agent.station.events import TimePassed, TokenAnswered
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from tests.agent.smart_charging.profiles import installed, periods
from tests.fakes.station_rig import START, Rig, charging


def profile(purpose: Purpose = Purpose.TX_DEFAULT, limit: float = 10.0, **fields: Any) -> ChargingProfile:
    """Ten amperes from the rig's start on."""
    return installed(purpose, limit, **({"start": START} | fields)).profile


def permits(rig: Rig) -> list[tuple[int, float]]:
    return [(permit.evse_id, permit.limit_a) for permit in rig.all(PermitEnergy)]


def outcome(rig: Rig, found: ChargingProfile, *, evse_id: int = 1) -> Outcome:
    answer = rig.ask(SetChargingProfile(evse_id, found))
    assert isinstance(answer, Done)
    return answer.outcome


def test_a_default_profile_is_obeyed_at_once_and_given_up_when_it_is_cleared() -> None:
    rig = charging()

    taken = outcome(rig, profile())
    cleared = rig.ask(ClearChargingProfile(ClearFilter()))
    again = rig.ask(ClearChargingProfile(ClearFilter()))

    assert taken is Outcome.ACCEPTED
    assert permits(rig) == [(1, 10.0), (1, 32.0)]
    assert cleared == Done(Outcome.ACCEPTED)
    assert again == Done(Outcome.UNKNOWN)


def test_the_next_period_comes_at_its_time() -> None:
    rig = charging()
    begin = rig.now.wall
    outcome(rig, profile(start=begin, steps=periods((0, 16.0), (60, 8.0), (120, 20.0)), duration_s=180))

    dues = []
    for _ in range(3):
        due_s = rig.station.next_due_s()
        assert due_s is not None
        dues.append(round(due_s - rig.mono_s))
        rig.mono_s = due_s
        rig.sample()
        rig.feed(TimePassed())

    assert dues == [60, 60, 60]
    assert permits(rig) == [(1, 16.0), (1, 8.0), (1, 20.0), (1, 32.0)]


def test_below_six_amperes_the_charge_pauses_and_the_contactor_is_not_torn_open() -> None:
    rig = charging()

    outcome(rig, profile(limit=5.0))

    assert permits(rig) == [(1, 0.0)]


def test_the_stations_maximum_is_shared() -> None:
    rig = charging(evses=2)

    outcome(rig, profile(Purpose.STATION_MAX, 20.0), evse_id=STATION)

    assert [evse.permitted_a for evse in rig.station.state.evses] == [10.0, 10.0]


def test_a_tx_profile_needs_an_active_transaction() -> None:
    rig = Rig().start()
    idle = outcome(rig, profile(Purpose.TX))
    rig = charging()
    other = outcome(rig, profile(Purpose.TX, transaction_id="tx-99"))
    its_own = outcome(rig, profile(Purpose.TX, transaction_id="tx-1"))
    unnamed = outcome(rig, profile(Purpose.TX, 8.0))

    assert (idle, other, its_own, unnamed) == (
        Outcome.REJECTED,
        Outcome.REJECTED,
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
    )
    assert permits(rig) == [(1, 10.0), (1, 8.0)]


def test_a_tx_profile_ends_with_its_transaction() -> None:
    rig = charging()
    outcome(rig, profile(Purpose.TX))

    rig.unplug()
    rig.pass_time(3)
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)

    assert len(rig.station.state.profiles) == 0
    assert rig.evse().permitted_a == 32.0


@pytest.mark.parametrize("asks", [True, False])
def test_the_profile_of_a_remote_start_limits_its_transaction_from_the_first_ampere(asks: bool) -> None:
    rig = Rig().start()
    rig.set_variable("AuthCtrlr.AuthorizeRemoteStart", str(asks).lower())
    rig.plug()

    answer = rig.ask(RequestStart(IdToken("APP-1"), evse_id=1, profile=profile(Purpose.TX)))
    for ask in rig.all(AskAuthorization):
        rig.feed(TokenAnswered(ask.ticket, TokenInfo(AuthorizationStatus.ACCEPTED)))
    rig.pass_time(3)

    assert isinstance(answer, Done)
    assert answer.outcome is Outcome.ACCEPTED
    assert permits(rig) == [(1, 10.0)]
    assert [one.profile.transaction_id for one in rig.station.state.profiles.profiles] == ["tx-1"]


@pytest.mark.parametrize("flawed", [profile(), profile(Purpose.TX, -1.0), profile(Purpose.TX, transaction_id="tx-1")])
def test_a_remote_start_with_a_profile_that_cannot_be_obeyed_is_refused(flawed: ChargingProfile) -> None:
    rig = Rig().start()
    rig.plug()

    answer = rig.ask(RequestStart(IdToken("APP-1"), evse_id=1, profile=flawed))

    assert isinstance(answer, Done)
    assert answer.outcome is Outcome.REJECTED


def test_what_cannot_be_obeyed_is_refused_and_changes_nothing() -> None:
    rig = charging()
    refused = [
        outcome(rig, profile(), evse_id=9),
        outcome(rig, profile(level=100)),
        outcome(rig, profile(Purpose.STATION_MAX), evse_id=1),
        outcome(rig, profile(Purpose.TX), evse_id=STATION),
        outcome(rig, profile(limit=float("nan"))),
    ]

    assert set(refused) == {Outcome.REJECTED}
    assert permits(rig) == []


def test_there_is_room_for_so_many_and_no_more() -> None:
    rig = Rig(evses=3).start()
    taken = [
        outcome(rig, profile(number=number, level=number % 90), evse_id=number // 90)
        for number in range(MAX_INSTALLED + 1)
    ]

    assert taken[:-1] == [Outcome.ACCEPTED] * MAX_INSTALLED
    assert taken[-1] is Outcome.REJECTED


def test_the_composite_schedule_is_what_will_be_permitted() -> None:
    rig = charging()
    begin = rig.now.wall.replace(microsecond=0)
    outcome(rig, profile(start=begin, steps=periods((0, 16.0), (60, 8.0)), duration_s=90))

    answer = rig.ask(GetCompositeSchedule(1, 120, RateUnit.AMPERES))

    assert isinstance(answer, Composed)
    assert answer.schedule.start == begin
    assert answer.schedule.periods == periods((0, 16.0), (60, 8.0), (90, 32.0), phases=3)


def test_the_stations_composite_is_the_sum_within_its_own_limit() -> None:
    rig = charging(evses=2)
    begin = rig.now.wall
    outcome(rig, profile(Purpose.STATION_MAX, 40.0, number=1), evse_id=STATION)
    outcome(rig, profile(number=2, start=begin + timedelta(seconds=60)), evse_id=STATION)

    answer = rig.ask(GetCompositeSchedule(STATION, 120, RateUnit.WATTS))
    unknown = rig.ask(GetCompositeSchedule(9, 120))

    assert isinstance(answer, Composed)
    assert answer.schedule.periods == periods((0, 27_600.0), (60, 13_800.0), phases=3)
    assert unknown == Done(Outcome.REJECTED, reason="UnknownEvse")


def test_a_clock_that_is_set_to_another_time_moves_what_is_allowed() -> None:
    rig = charging()
    outcome(rig, profile(start=rig.now.wall + timedelta(hours=1)))
    before = permits(rig)

    rig.clock_step_s += 3600
    rig.sample()

    assert before == []
    assert permits(rig) == [(1, 10.0)]


def test_while_the_time_is_unknown_no_period_of_any_profile_is_exceeded() -> None:
    rig = charging(wall_known=False)
    outcome(rig, profile(start=START + timedelta(days=3), steps=periods((0, 16.0), (60, 8.0), (120, 20.0))))
    outcome(rig, profile(Purpose.STATION_MAX, 12.0, number=2, level=1), evse_id=STATION)
    unknown = permits(rig)

    rig.wall_known = True
    rig.sample()

    assert unknown == [(1, 8.0)]
    assert permits(rig) == [(1, 8.0), (1, 12.0)]


def test_a_clock_that_is_set_does_not_age_a_relative_profile() -> None:
    rig = charging(wall_known=False)
    rig.clock_step_s += 50 * 365 * 86_400
    rig.wall_known = True
    rig.sample()

    outcome(rig, profile(kind=Kind.RELATIVE, start=None, steps=periods((0, 16.0), (3600, 8.0))))

    assert permits(rig) == [(1, 16.0)]


def test_relative_profiles_count_from_the_transactions_begin() -> None:
    rig = charging()
    rig.pass_time(57)

    outcome(rig, profile(kind=Kind.RELATIVE, start=None, steps=periods((0, 16.0), (90, 8.0))))
    rig.pass_time(31)

    assert permits(rig) == [(1, 16.0), (1, 8.0)]


def test_a_charge_that_is_resumed_after_a_restart_is_limited_as_before() -> None:
    rig = charging(variables={"TxCtrlr.ResumptionTimeout": "300"})
    outcome(rig, profile(Purpose.TX))

    again = rig.restart().start()
    again.pass_time(3)

    assert permits(again) == [(1, 10.0)]
