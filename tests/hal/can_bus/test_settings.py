"""The settings of a CAN board, before any DBC file is read."""

from pathlib import Path
from typing import Any

import pytest

from agent.errors import SettingsError
from agent.settings import parse_text
from hal.can_bus.settings import (
    BusSettings,
    CanBoardSettings,
    ContactorSignals,
    HeartbeatSettings,
    LimitSignal,
    PilotSignal,
    SignalSettings,
    hint,
)
from hal.errors import WrongSettings


def settings(*, heartbeat: dict[str, Any] | None = None, **signals: Any) -> CanBoardSettings:
    parts: dict[str, Any] = {
        "pilot": PilotSignal("State.Pilot"),
        "limit": LimitSignal("Order.Limit"),
        "contactor": ContactorSignals(command="Order.Close"),
    }
    return CanBoardSettings(
        dbc=Path("board.dbc"),
        bus=BusSettings(channel="can0"),
        signals=SignalSettings(**(parts | signals)),
        heartbeat=HeartbeatSettings(**(heartbeat or {})),
    )


def test_the_defaults_are_ten_beats_a_second_and_half_a_second_of_patience() -> None:
    made = settings()

    assert (made.heartbeat.period_s, made.heartbeat.timeout_s) == (0.1, 0.5)


@pytest.mark.parametrize(
    ("heartbeat", "signals", "path"),
    [
        ({"period_s": 0.0}, {}, ("heartbeat", "period_s")),
        ({"timeout_s": 99.0}, {}, ("heartbeat", "timeout_s")),
        ({"timeouts_s": {"State": 0.001}}, {}, ("heartbeat", "timeouts_s", "State")),
        ({}, {"pilot": PilotSignal("S.P", {"G": "1"})}, ("signals", "pilot", "states", "G")),
        ({}, {"faults": {"S.F": "GroundFault"}}, ("signals", "faults", "S.F")),
        ({}, {"contactor": ContactorSignals()}, ("signals", "contactor")),
        (
            {},
            {"contactor": ContactorSignals(command="O.C", operate_time_s=5)},
            ("signals", "contactor", "operate_time_s"),
        ),
    ],
)
def test_what_no_board_can_do_is_refused_by_its_key(
    heartbeat: dict[str, Any], signals: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(WrongSettings) as refused:
        settings(heartbeat=heartbeat, **signals)

    assert refused.value.path == path


def test_a_fault_that_is_misspelt_is_answered_with_its_name() -> None:
    with pytest.raises(WrongSettings, match="did you mean 'GroundFailure'"):
        settings(faults={"S.F": "GroundFailre"})


def test_nothing_alike_gives_no_hint() -> None:
    assert hint("zzz", ["Contactor"]) == ""
    assert hint("contactr", ["Contactor"]) == "; did you mean 'Contactor'?"


STATION = """
station: {identity: CP003, vendor: Example, model: Can-11}
csms: {url: "ws://127.0.0.1:9000/ocpp"}
evses:
  - id: 1
    connectors: [{id: 1, type: sType2, max_current_a: 16, phases: 3}]
    hal:
      driver: can-board
      dbc: can-board.dbc
      bus: {interface: socketcan, channel: can0}
      signals:
        pilot: {signal: BoardStatus.PilotState}
        limit: {signal: AgentCommand.CurrentLimit, nothing: 0}
        contactor: {command: AgentCommand.Contactor, closed: Close, open: Open, feedback: BoardStatus.ContactorFeedback}
        faults: {BoardFaults.EmergencyStop: EmergencyStop, BoardFaults.PilotFault=NoDiode: DiodeFault}
        meter: {energy: BoardEnergy.EnergyImport, currents: [BoardCurrents.CurrentL1]}
        constants: {AgentCommand.Mode: 0}
      heartbeat: {ours: AgentHeartbeat.AgentCounter, theirs: BoardHeartbeat.BoardCounter, timeouts_s: {BoardFaults: 1}}
grid: {max_current_a: 20, phases: 3}
"""


def from_station(text: str) -> CanBoardSettings:
    (node,) = parse_text(text, file="/etc/evse-agent/station.yaml").evses[0].hal.nodes
    return node.parse(CanBoardSettings)


def test_station_yaml_holds_it_and_the_dbc_file_stands_beside_it() -> None:
    made = from_station(STATION)

    assert made.dbc == Path("/etc/evse-agent/can-board.dbc")
    assert made.signals.limit.nothing == "0"
    assert made.signals.faults["BoardFaults.PilotFault=NoDiode"] == "DiodeFault"
    assert made.heartbeat.timeouts_s == {"BoardFaults": 1.0}


def test_a_misspelt_key_of_station_yaml_is_found_at_its_line() -> None:
    with pytest.raises(SettingsError, match=r"station\.yaml:16:.*did you mean energy"):
        from_station(STATION.replace("{energy:", "{enrgy:"))
