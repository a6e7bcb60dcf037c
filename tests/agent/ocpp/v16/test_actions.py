from importlib.resources import files

from agent.ocpp.v16.actions import ACTIONS, NOT_SUPPORTED


def test_every_action_of_1_6_is_either_answered_or_refused_by_name() -> None:
    schemas = {file.name.removesuffix(".json") for file in (files("ocpp") / "v16" / "schemas").iterdir()}
    actions = {name for name in schemas if not name.endswith("Response")}

    assert actions == set(ACTIONS) | NOT_SUPPORTED
    assert not set(ACTIONS) & NOT_SUPPORTED


def test_each_action_has_a_command_of_its_own() -> None:
    assert len({action.command for action in ACTIONS.values()}) == len(ACTIONS)
