"""The table of actions."""

from typing import get_args

from agent.ocpp.v201.actions import ACTIONS
from agent.ocpp.v201.known_actions import KNOWN_ACTIONS
from agent.station.commands import ClearChargingProfile, Command, GetCompositeSchedule, SetChargingProfile

ONLY_16 = {SetChargingProfile, ClearChargingProfile, GetCompositeSchedule}
"""Commands that this version does not decode yet."""


def test_every_command_of_the_station_has_one_action() -> None:
    commands = [action.command for action in ACTIONS.values()]

    assert len(set(commands)) == len(commands)
    assert set(commands) == set(get_args(Command)) - ONLY_16


def test_every_action_is_one_of_the_standard() -> None:
    assert set(ACTIONS) <= KNOWN_ACTIONS
