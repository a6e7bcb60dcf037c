from http import HTTPStatus

from agent.api.exchange import problem_answer
from agent.api.problems import BODY_INVALID, ApiProblem, Flaw


def test_a_plain_refusal_has_the_status_as_its_title() -> None:
    document = ApiProblem(HTTPStatus.NOT_FOUND, "nothing here").document()

    assert (document.type, document.title, document.status) == ("about:blank", "Not Found", 404)


def test_a_refusal_of_its_own_type_has_a_title_of_its_own() -> None:
    problem = ApiProblem(HTTPStatus.BAD_REQUEST, "no", type=BODY_INVALID, errors=[Flaw("#/a", "is missing")])

    assert problem.document().title == "The request's body cannot be used"
    assert problem.document().errors == (Flaw("#/a", "is missing"),)


def test_a_problem_is_answered_as_problem_json_with_its_headers() -> None:
    answer = problem_answer(ApiProblem(HTTPStatus.METHOD_NOT_ALLOWED, "no", headers={"Allow": "GET"}))

    assert answer.status is HTTPStatus.METHOD_NOT_ALLOWED
    assert answer.content_type == "application/problem+json"
    assert answer.headers == {"Allow": "GET"}
