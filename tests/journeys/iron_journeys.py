"""What every station file of config/ is put through: subclass IronJourneys and give it the iron and its troubles."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hal.readings import PilotState
from hil.csms.server import BenchCsms
from tests.fakes.configured_station import Iron, Trouble, configured_station
from tests.fakes.running_station import RunningStation, assert_flawless
from tests.journeys.dialects import DIALECTS, Dialect, Payload

TOKEN = "REMOTE-0001"  # noqa: S105 - a card
WITHIN_S = 15.0


class IronJourneys:
    """Needs a fixture `iron` (started) and what can go wrong with it."""

    speed = 10.0
    """How much faster than real the agent lives; the iron does not."""
    more_wh = 5
    troubles: tuple[Trouble, ...] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each trouble in one version of OCPP, by turns: what is told of faults is shown for both elsewhere."""
        names = list(DIALECTS)
        if "trouble" in metafunc.fixturenames:
            turns = [(names[turn % len(names)], trouble) for turn, trouble in enumerate(self.troubles)]
            ids = [f"{name}-{trouble}" for name, trouble in turns]
            metafunc.parametrize(("dialect", "trouble"), turns, ids=ids, indirect=["dialect"])
        else:
            metafunc.parametrize("dialect", names, indirect=True)

    @pytest.fixture
    def dialect(self, request: pytest.FixtureRequest) -> Dialect:
        return DIALECTS[request.param]

    @pytest.fixture
    def iron(self) -> Iron:
        raise NotImplementedError

    @pytest.fixture
    async def running(self, csms: BenchCsms, data_dir: Path, iron: Iron) -> AsyncIterator[RunningStation]:
        async with configured_station(csms, data_dir, iron, speed=self.speed) as station:
            yield station
        assert_flawless(csms)

    async def test_a_whole_charge_is_told_to_the_watt_hour(
        self, running: RunningStation, csms: BenchCsms, dialect: Dialect, iron: Iron
    ) -> None:
        begin_wh = iron.register_wh(1)

        await self.charge(running, dialect, iron)
        assert iron.is_energised(1)
        await self.leave(running, iron)
        await running.until_told()

        (transaction,) = csms.ledger.transactions
        assert (transaction.begin_wh, transaction.end_wh) == (begin_wh, iron.register_wh(1))
        assert iron.register_wh(1) - begin_wh >= self.more_wh
        assert not iron.is_energised(1)

    async def test_what_goes_wrong_while_charging_is_told_and_mended_without_a_restart(
        self, running: RunningStation, csms: BenchCsms, dialect: Dialect, iron: Iron, trouble: Trouble
    ) -> None:
        await self.charge(running, dialect, iron)

        iron.begin(trouble)
        await running.until_status(ConnectorStatus.FAULTED, within_s=WITHIN_S)
        await dialect.status(running.bench, "Faulted", timeout_s=WITHIN_S)
        if trouble.ends:
            await running.until(lambda: running.transaction() is None, within_s=WITHIN_S)
        else:
            await running.until(lambda: not iron.is_energised(1), within_s=WITHIN_S)
        iron.end(trouble)
        if trouble.ends:
            await running.until(lambda: not iron.is_energised(1), within_s=WITHIN_S)
        else:
            await running.until_status(ConnectorStatus.CHARGING, within_s=WITHIN_S)
        await self.leave(running, iron)
        await running.until_told()

        assert trouble.code in codes_told(running, dialect)
        assert all(transaction.end_wh is not None for transaction in csms.ledger.transactions)
        await self.charge(running, dialect, iron)
        await self.leave(running, iron)
        await running.until_told()
        told_wh, metered_wh = csms.ledger.transactions[-1].end_wh, iron.register_wh(1)
        assert told_wh == metered_wh, f"{told_wh} Wh told, {metered_wh} Wh metered"

    async def charge(self, running: RunningStation, dialect: Dialect, iron: Iron) -> None:
        """Somebody plugs in, is authorized from afar, and gets energy."""
        iron.vehicle(1, PilotState.C)
        await running.until_status(ConnectorStatus.PREPARING, within_s=WITHIN_S)
        if not iron.authorize():
            answer = await dialect.remote_start(TOKEN, evse_id=1).to(running.bench)
            assert answer["status"] == "Accepted", answer
        await running.until_status(ConnectorStatus.CHARGING, within_s=WITHIN_S)
        begin_wh = running.metered_wh()
        await running.until(lambda: running.metered_wh() >= begin_wh + self.more_wh, within_s=WITHIN_S)

    async def leave(self, running: RunningStation, iron: Iron) -> None:
        """The vehicle drives away."""
        iron.vehicle(1, PilotState.A)
        await running.until(
            lambda: running.transaction() is None and running.status() is ConnectorStatus.AVAILABLE, within_s=WITHIN_S
        )


def codes_told(running: RunningStation, dialect: Dialect) -> set[str]:
    """Every fault code that the CSMS was told."""
    if not dialect.is_16:
        return {event["techCode"] for call in running.bench.messages.calls("NotifyEvent") for event in events(call)}
    statuses = running.bench.messages.calls("StatusNotification")
    return {status.get("vendorErrorCode", status["errorCode"]) for status in statuses}


def events(call: Payload) -> list[Payload]:
    """The events of a NotifyEvent."""
    found: list[Payload] = call["eventData"]
    return found
