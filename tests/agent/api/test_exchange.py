import json
from http import HTTPStatus

from agent.api.exchange import DONE, json_answer
from agent.api.handlers import Healthy


def test_done_has_no_content() -> None:
    assert (DONE.status, DONE.body, DONE.content_type) == (HTTPStatus.NO_CONTENT, b"", None)


def test_data_is_answered_as_json() -> None:
    answer = json_answer(Healthy())

    assert (answer.content_type, json.loads(answer.body)) == ("application/json", {"healthy": True})
