import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from agent.api.json_text import plain, to_json
from agent.clock import Moment
from agent.log import Secret
from agent.station.id_token import IdToken
from agent.station.pilot import PilotState

NOON = datetime(2026, 5, 4, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Card:
    token: IdToken
    password: Secret
    at: Moment


def test_tokens_and_secrets_are_masked_however_deep_they_lie() -> None:
    card = Card(IdToken("04A1B2C3D4"), Secret("hunter2"), Moment(wall=NOON, mono_s=1.0, boot="b"))

    text = to_json({"cards": [card, {"again": card.token}]})

    assert b"04A1" not in text
    assert b"hunter2" not in text
    assert json.loads(text)["cards"][0] == {"token": "...C3D4", "password": "***", "at": "2026-05-04T12:00:00.250Z"}


def test_enums_and_tuples_become_what_json_knows() -> None:
    assert plain((PilotState.C, None, True, 3)) == ["C", None, True, 3]


def test_numbers_that_json_does_not_know_become_null() -> None:
    assert to_json([float("nan"), float("inf"), 1.5]) == b"[null,null,1.5]"


def test_a_lone_surrogate_does_no_harm() -> None:
    assert to_json("a\ud800b") == b'"a?b"'


def test_what_nobody_meant_to_show_is_refused() -> None:
    with pytest.raises(TypeError, match="object is nothing"):
        to_json({"x": object()})
