import pytest

from agent.api import handlers
from agent.api.events import EventStream
from agent.api.exchange import Request
from agent.api.handlers import Context, Traffic
from agent.api.problems import NOT_SIMULATED, ApiProblem
from tests.agent.api.site import FakeControls, FakeSource


def test_a_real_charger_has_no_simulator() -> None:
    with pytest.raises(ApiProblem) as caught:
        Context(source=FakeSource(), controls=None, events=EventStream()).simulator()

    assert caught.value.type == NOT_SIMULATED


def test_a_simulated_station_has_its_controls() -> None:
    controls = FakeControls()

    assert Context(source=FakeSource(), controls=controls, events=EventStream()).simulator() is controls


async def test_the_metrics_hold_the_servers_own_counts() -> None:
    traffic = Traffic(connections=3, requests=70)
    context = Context(source=FakeSource(), controls=None, events=EventStream(), traffic=traffic)

    answer = await handlers.metrics(context, Request(numbers={}, query={}))

    assert b"evse_agent_api_connections 3\n" in answer.body
    assert b"evse_agent_api_requests_total 70\n" in answer.body
