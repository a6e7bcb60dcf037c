"""The demo is the main job: it must end with every watt-hour accounted for."""

import io

import pytest

from agent.demo import demo


@pytest.mark.slow
@pytest.mark.parametrize("ocpp", ["1.6", "2.0.1"])
async def test_the_demo_tells_a_whole_charge_and_both_sides_agree(ocpp: str) -> None:
    screen = io.StringIO()

    code = await demo(speed=600.0, ocpp=ocpp, stream=screen)

    told = screen.getvalue()
    assert code == 0, told
    assert "every watt-hour is accounted for" in told
    assert "EVSE 1 is Charging" in told
    assert told.count("transaction begins") == told.count("transaction ends") == 1
    assert "DEMO-CARD-0001" not in told
