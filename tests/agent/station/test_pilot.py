"""The control pilot as the station sees it."""

from agent.station.pilot import PilotState


def test_what_each_state_means() -> None:
    assert [state for state in PilotState if state.is_plugged] == [PilotState.B, PilotState.C, PilotState.D]
    assert [state for state in PilotState if state.wants_energy] == [PilotState.C, PilotState.D]
