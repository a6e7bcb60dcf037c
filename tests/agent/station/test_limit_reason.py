"""One line for each thing that can set a limit."""

from datetime import timedelta
from typing import Any

from agent.smart_charging.profile import STATION, Purpose
from agent.station.commands import SetChargingProfile
from agent.station.events import FaultRaised, LimitMoved
from agent.station.faults import Fault
from agent.station.limit_reason import limit_reason
from tests.agent.smart_charging.profiles import installed
from tests.fakes.station_rig import START, Rig, charging


def why(rig: Rig, evse_id: int = 1) -> str:
    return limit_reason(rig.station.state, rig.evse(evse_id))


def sets(rig: Rig, purpose: Purpose, limit: float, *, evse_id: int = 1, **fields: Any) -> None:
    rig.ask(SetChargingProfile(evse_id, installed(purpose, limit, **({"start": START} | fields)).profile))


def test_nothing_is_charged_here() -> None:
    rig = Rig().start()
    idle = why(rig)
    rig.set_variable("TxCtrlr.TxStartPoint", "EVConnected")
    rig.plug()

    assert idle == "nothing: no transaction"
    assert why(rig) == "nothing: nobody is authorized"


def test_the_wiring_is_the_limit_where_nothing_else_is() -> None:
    assert why(charging()) == "32 A: what connector and cable carry"


def test_a_profile_is_named_with_its_end() -> None:
    rig = charging()
    sets(rig, Purpose.TX_DEFAULT, 10.5, number=7, level=2)
    for_ever = why(rig)
    sets(rig, Purpose.TX_DEFAULT, 10.5, number=7, level=2, valid_to=START + timedelta(hours=6))

    assert for_ever == "10.5 A: charging profile 7 (TxDefaultProfile, stack level 2)"
    assert why(rig) == f"{for_ever} until 2026-01-01 18:00:00Z"


def test_a_pause_says_what_is_too_little() -> None:
    rig = charging()
    sets(rig, Purpose.TX_DEFAULT, 5.0, number=7)

    assert why(rig) == (
        "paused: charging profile 7 (TxDefaultProfile, stack level 0) allows 5 A, and no EV charges below 6 A"
    )


def test_a_hot_cable_is_named() -> None:
    rig = charging()
    rig.feed(LimitMoved(1, 13.0))

    assert why(rig) == "13 A: what its own devices allow (temperature, curtailment)"


def test_a_share_says_of_what() -> None:
    rig = charging(evses=2, grid_max_current_a=40.0)
    grid = why(rig)
    sets(rig, Purpose.STATION_MAX, 20.0, evse_id=STATION, number=8)
    profile = why(rig)
    sets(rig, Purpose.STATION_MAX, 10.0, evse_id=STATION, number=8)

    assert grid == "20 A: its share of 40 A by the grid's limit"
    assert profile == "10 A: its share of 20 A by charging profile 8 (ChargingStationMaxProfile, stack level 0)"
    assert why(rig, 2) == "nothing: others use up 10 A by charging profile 8 (ChargingStationMaxProfile, stack level 0)"


def test_who_waits_is_told_for_what() -> None:
    rig = charging(evses=1, min_pause_s=60.0)
    rig.feed(LimitMoved(1, 0.0))
    rig.pass_time(2)
    rig.feed(LimitMoved(1, 16.0))
    duo = Rig(grid_max_current_a=32.0).start()
    for evse_id in (1, 2):
        duo.plug(evse_id)
        duo.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))

    assert why(rig) == "paused: no charge is resumed before 60 s are over"
    assert why(duo, 2) == "nothing yet: others have to lower theirs first"


def test_a_fault_is_named_before_everything_else() -> None:
    rig = charging()
    rig.feed(FaultRaised(1, Fault.HIGH_TEMPERATURE))

    assert why(rig) == "nothing: fault HighTemperature"
