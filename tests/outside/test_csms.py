"""The judges judge: a CSMS from outside tells of what is wrong, and lets nobody in without the password."""

import base64
import json

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.outside.conftest import IDENTITY, PASSWORD
from tests.outside.csms import OutsideCsms

pytestmark = [pytest.mark.outside, pytest.mark.timeout(400)]  # the first one installs


def _station(csms: OutsideCsms, subprotocol: str, *, password: str = PASSWORD) -> connect:
    credentials = base64.b64encode(f"{IDENTITY}:{password}".encode()).decode()
    return connect(
        f"ws://127.0.0.1:{csms.port}/{IDENTITY}",
        subprotocols=[subprotocol],  # type: ignore[list-item]  # Subprotocol is a NewType of str
        additional_headers={"Authorization": f"Basic {credentials}"},
        proxy=None,
    )


async def _asked(station: ClientConnection, action: str, payload: dict[str, object]) -> int:
    """The message type of the answer."""
    await station.send(json.dumps([2, action, action, payload]))
    answer = json.loads(await station.recv())
    assert answer[1] == action
    return int(answer[0])


async def test_a_message_against_the_schema_is_a_violation(csms: OutsideCsms, subprotocol: str) -> None:
    async with _station(csms, subprotocol) as station:
        good = await _asked(station, "Heartbeat", {})
        before = csms.all("violation")
        bad = await _asked(station, "StatusNotification", {"connectorId": 1, "status": "Nonsense"})

    assert (good, bad) == (3, 4)
    assert before == []
    await csms.event("violation", by="station")


async def test_a_wrong_password_is_refused(csms: OutsideCsms, subprotocol: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with _station(csms, subprotocol, password="another one"):
            pass

    assert refusal.value.response.status_code == 401
    await csms.event("refused", station=IDENTITY)
