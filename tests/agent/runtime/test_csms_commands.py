"""CALLs of a real CSMS on their way to the station and back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.runtime.csms_commands import CsmsCommands
from agent.runtime.link import LinkState
from agent.station.commands import Answer, Command, Done, Outcome, UnlockConnector
from agent.station.events import CsmsAsked, Event
from hil.csms.behaviours import close
from hil.csms.errors import CallError
from hil.csms.server import BenchCsms
from tests.agent.store.builders import started
from tests.fakes.linked_station import IDENTITY, V16, V201, LinkedStation, boot, linked_station
from tests.fakes.running_station import running_station

BOTH = pytest.mark.parametrize("version", [V16, V201])
ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    V16: ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
    V201: (
        "GetVariables",
        {"getVariableData": [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}]},
    ),
}
UNLOCKS: dict[str, tuple[str, dict[str, Any]]] = {
    V16: ("UnlockConnector", {"connectorId": 1}),
    V201: ("UnlockConnector", {"evseId": 1, "connectorId": 1}),
}
"""Takes as long as the lock's motor does."""


def answers_boot(status: str) -> Callable[[BenchCsms], None]:
    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script("BootNotification", boot(status, interval_s=600))

    return script


def begins_unlocking(station: LinkedStation, version: str) -> asyncio.Task[dict[str, Any]]:
    action, payload = UNLOCKS[version]

    async def ask() -> dict[str, Any]:
        return dict(await station.bench.call(action, payload, in_turn=False, timeout_s=120))

    return asyncio.create_task(ask(), name="unlock")


class SlowLock:
    """Asks the station, but a lock takes as long as the test says."""

    def __init__(self, station: LinkedStation) -> None:
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self._runner = station.runner
        commands = CsmsCommands(ask=self, store=station.store, link=station.link, clock=station.clock)
        station.link.handler = commands.handler

    async def __call__(self, command: Command) -> Answer:
        if not isinstance(command, UnlockConnector):
            return await self._runner.ask(command)
        self.begun.set()
        await self.done.wait()
        return Done(Outcome.UNLOCKED)


@BOTH
async def test_each_command_gets_its_own_answer(tmp_path: Path, version: str) -> None:
    action, payload = ASKS[version]
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.until_online()
        several = [station.bench.call(action, payload, in_turn=False) for _ in range(6)]
        answers = await asyncio.gather(*several)
        cleared = await station.bench.call("ClearCache", {})

    assert all("86400" in str(answer) or "300" in str(answer) for answer in answers)
    assert cleared == {"status": "Accepted"}
    assert station.csms.violations == []


@BOTH
async def test_a_slow_command_does_not_hold_up_the_others(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        lock = SlowLock(station)
        await station.until_online()
        slow = begins_unlocking(station, version)
        await lock.begun.wait()

        await station.bench.call(*ASKS[version], in_turn=False)
        await station.bench.call("ClearCache", {}, in_turn=False)
        was_answered = slow.done()
        lock.done.set()

        assert not was_answered
        assert (await slow)["status"] == "Unlocked"


@BOTH
async def test_a_command_that_never_ends_is_answered_before_the_csms_gives_up(tmp_path: Path, version: str) -> None:
    asleep = ("link", "outbox", "statuses")  # all but the station itself
    async with linked_station(tmp_path, versions=(version,), running=asleep) as station:
        await station.until_online()
        began_s = station.clock.monotonic()

        with pytest.raises(CallError, match=r"^InternalError: the station took too long"):
            await station.bench.call("ClearCache", {})

        assert station.clock.monotonic() - began_s < 30.0


@pytest.mark.parametrize(
    ("version", "action", "payload", "code"),
    [
        (V16, "MakeCoffee", {}, "NotImplemented"),
        (V201, "MakeCoffee", {}, "NotImplemented"),
        (V16, "Reset", {"type": "Gentle"}, "PropertyConstraintViolation"),
        (V201, "Reset", {}, "OccurrenceConstraintViolation"),
        (V16, "ChangeAvailability", {"connectorId": "one", "type": "Operative"}, "TypeConstraintViolation"),
    ],
)
async def test_a_wrong_command_is_refused_and_nothing_is_done(
    tmp_path: Path, version: str, action: str, payload: dict[str, Any], code: str
) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.until_online()
        handled: list[Event] = []
        station.runner.observe(lambda event, _: handled.append(event))

        with pytest.raises(CallError) as refused:
            await station.bench.call(action, payload, unchecked=True)

        assert refused.value.code == code
        assert not [event for event in handled if isinstance(event, CsmsAsked)]


@BOTH
async def test_a_csms_that_rejected_the_station_has_nothing_to_ask(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,), scripted=answers_boot("Rejected")) as station:
        await station.until_state(LinkState.REJECTED)

        assert await station.refusal(*ASKS[version]) == "SecurityError"


@BOTH
async def test_a_csms_that_keeps_the_station_waiting_may_ask(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,), scripted=answers_boot("Pending")) as station:
        await station.until_state(LinkState.PENDING)

        answer = await station.bench.call(*ASKS[version])

    assert "HeartbeatInterval" in str(answer)


async def test_a_stop_by_a_number_that_was_never_given_is_rejected(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await station.until_online()
        await station.record(started())
        await station.until_told()

        unknown = await station.bench.call("RemoteStopTransaction", {"transactionId": 4711})

    assert unknown == {"status": "Rejected"}


async def test_a_stop_by_the_number_that_the_csms_gave_ends_that_transaction(tmp_path: Path) -> None:
    async with BenchCsms(versions=(V16,)) as csms, running_station(csms, tmp_path) as station:
        await station.charge(more_wh=10)
        await station.until_told()
        (held,) = csms.ledger.transactions

        answer = await station.bench.call("RemoteStopTransaction", {"transactionId": int(held.transaction_id)})
        await station.until(lambda: station.transaction() is None)

    assert answer == {"status": "Accepted"}


async def test_what_2_0_1_answers_by_itself_goes_back_without_the_station(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()

        answer = await station.bench.call("TriggerMessage", {"requestedMessage": "LogStatusNotification"})

    assert answer["status"] == "NotImplemented"


async def test_a_report_follows_its_answer_in_parts_that_are_counted(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        answer = await station.bench.call("GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
        parts: list[dict[str, Any]] = []
        while not parts or parts[-1].get("tbc"):
            parts.append(dict(await station.bench.expect("NotifyReport")))

    assert answer["status"] == "Accepted"
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert {part["requestId"] for part in parts} == {8}
    assert station.csms.violations == []


async def test_a_report_whose_link_goes_away_is_given_up_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        station.bench.always("NotifyReport", close())
        await station.bench.call("GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
        await station.until(lambda: any("report not delivered" in one.getMessage() for one in caplog.records))
        await station.until_heard("connect", times=2)
        station.bench.always("NotifyReport", None)
        await station.until_online()

        await station.bench.call(*ASKS[V201])

    assert len([one for one in caplog.records if "report not delivered" in one.getMessage()]) == 1


async def test_a_command_leaves_no_secret_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret, card = "a-new-password-of-24-let", "04A1B2C3D4E5F6"
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await station.until_online()
        await station.bench.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret})
        await station.bench.call("RemoteStartTransaction", {"idTag": card, "connectorId": 1})

    told = "\n".join(f"{one.getMessage()} {one.__dict__.get('evse_values')}" for one in caplog.records)
    own = [one for one in caplog.records if one.name.startswith("agent")]
    shown = "\n".join(str({key: str(value) for key, value in one.__dict__["evse_values"].items()}) for one in own)
    assert "ChangeConfiguration" in told
    assert secret not in shown
    assert secret.encode().hex() not in shown.lower()
    assert card not in shown
