"""The agent as a whole, in this process: what it leaves behind when it ends, and what it starts from."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.app import Agent, End
from agent.assembly import make_plan
from agent.clock import SystemClock
from agent.errors import SettingsError, StoreError
from agent.ocpp.adapter import BootReason
from agent.ocpp.schema import Checker
from agent.settings import parse_text
from agent.station.connector import ConnectorStatus
from agent.store.store import DATABASE, Store
from hil.csms.server import BenchCsms
from tests.agent.store.builders import changes, ended, started, updated
from tests.fakes.loopback_csms import silent_csms
from tests.fakes.running_station import (
    CARD,
    IDENTITY,
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    running_station,
)

NOWHERE = "ws://127.0.0.1:9/ocpp"
ALONE = StationFile(
    variables={"TxCtrlr.TxBeforeAcceptedEnabled": "true", "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
)
"""A station that charges anybody before a CSMS was ever heard of."""


async def build(folder: Path, *, url: str = NOWHERE, file: StationFile = ALONE) -> Agent:
    settings = parse_text(file.text(url, folder=folder))
    return await Agent.build(make_plan(settings), data_dir=folder, clock=SystemClock(speed=SPEED))


async def test_at_the_end_no_energy_is_on_and_all_is_on_the_disk_though_the_csms_is_deaf(tmp_path: Path) -> None:
    patient = replace(ALONE, csms={"call_timeout_s": 30})  # else the silence itself would end the link
    async with BenchCsms() as unused, silent_csms() as deaf:
        station = RunningStation(await build(tmp_path, url=deaf, file=patient), unused)
        station.start()
        await station.until_ready()
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)
        station.person.present_token(CARD)
        await station.until_status(ConnectorStatus.CHARGING)
        held = station.transaction()
        assert station.evse().view().contactor_closed
        assert station.agent.link.current is not None

        began_s = time.monotonic()
        await station.stop()
        took_s = time.monotonic() - began_s

    view = station.evse().view()
    store = await Store.open(tmp_path / DATABASE)
    waiting = await store.depth()
    await store.close()
    assert took_s < 5.0
    assert not view.contactor_closed
    assert view.offer_a is None
    assert held is not None
    assert waiting > 0


async def test_stop_opens_the_contactors_before_anything_else(tmp_path: Path) -> None:
    async with BenchCsms() as csms, running_station(csms, tmp_path) as station:
        await station.charge(more_wh=10)

        station.agent.stop()

        port = station.agent.ports[1].snapshot()
        assert port.offered_a is None
        await station.ended()
        assert not station.evse().view().contactor_closed


async def test_two_agents_never_share_a_directory(tmp_path: Path) -> None:
    first = await build(tmp_path)
    first.stop()

    with pytest.raises(SettingsError, match="in use by another agent"):
        await build(tmp_path)
    assert await first.run() is End.STOPPED

    second = await build(tmp_path)
    second.stop()
    assert await second.run() is End.STOPPED


async def test_a_folder_in_place_of_the_database_is_told_and_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / DATABASE).mkdir()

    with pytest.raises(StoreError):
        await build(tmp_path)
    (tmp_path / DATABASE).rmdir()
    agent = await build(tmp_path)
    agent.stop()

    assert await agent.run() is End.STOPPED


async def test_a_damaged_database_is_kept_aside_and_the_station_works(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"no database at all" * 400)
    async with BenchCsms() as csms, running_station(csms, tmp_path) as station:
        await station.charge(more_wh=10)
        await station.leave()
        await station.until_told()
        damaged = station.agent.store.damaged

    assert damaged is not None
    assert damaged.read_bytes().startswith(b"no database")
    assert_flawless(csms)


@pytest.mark.parametrize("task", ["a task that raises", "a task that ends"])
async def test_when_a_long_lived_task_ends_the_agent_has_failed_and_still_stops_in_order(
    tmp_path: Path, task: str
) -> None:
    async def ends() -> None:
        await asyncio.sleep(0)
        if task == "a task that raises":
            raise RuntimeError("broken part")

    agent = await build(tmp_path)
    agent.start_task(ends(), name=task)

    assert await agent.run() is End.FAILED
    again = await build(tmp_path)
    again.stop()
    assert await again.run() is End.STOPPED


@pytest.mark.parametrize(
    ("kind", "charging", "reason"),
    [
        ("Immediate", False, BootReason.REMOTE_RESET),
        ("OnIdle", False, BootReason.REMOTE_RESET),
        ("Immediate", True, BootReason.REMOTE_RESET),
        ("OnIdle", True, BootReason.SCHEDULED_RESET),
    ],
)
async def test_the_next_agent_is_told_why_it_boots(
    tmp_path: Path, kind: str, charging: bool, reason: BootReason
) -> None:
    async with BenchCsms() as csms, running_station(csms, tmp_path) as station:
        if charging:
            await station.charge(more_wh=10)

        await station.bench.call("Reset", {"type": kind})
        if charging:
            station.person.unplug(1)

        assert await station.ended() is End.RESTART
        assert station.agent.next_boot_reason is reason


async def test_what_a_restart_could_not_tell_in_time_is_told_by_the_next_agent(tmp_path: Path) -> None:
    file = StationFile(keeps_car=True)
    clock = SystemClock(speed=SPEED)
    async with BenchCsms() as csms:
        async with running_station(csms, tmp_path, file=file, clock=clock) as station:
            await station.charge(more_wh=10)
            await station.until_told()
            await station.bench.call("Reset", {"type": "Immediate"})
            station.bench.drop()
            assert await station.ended() is End.RESTART

        async with running_station(csms, tmp_path, file=file, clock=clock) as station:
            station.person.unplug(1)
            await station.until_told()

    (transaction,) = csms.ledger.transactions
    assert not transaction.is_open
    assert csms.ledger.findings() == []


async def test_what_a_dead_process_left_is_told_as_offline_but_for_what_was_on_its_way(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / DATABASE)
    await store.commit(changes(started(), updated(seq_no=1), ended(seq_no=2)))
    await store.close()

    agent = await build(tmp_path)
    running = asyncio.create_task(agent.run())
    await agent.link.attempting.wait()
    rows = await agent.store.listing(3)
    agent.stop()

    assert await running is End.STOPPED
    assert [row.offline for row in rows] == [False, True, True]


async def test_a_new_agent_boots_with_the_reason_it_is_given(tmp_path: Path) -> None:
    async with BenchCsms() as csms:
        settings = parse_text(StationFile().text(csms.url, folder=tmp_path))
        agent = await Agent.build(make_plan(settings), data_dir=tmp_path, boot_reason=BootReason.WATCHDOG)
        running = asyncio.create_task(agent.run())
        boot = await csms.prepare(IDENTITY).expect("BootNotification")
        agent.stop()

        assert await running is End.STOPPED
        assert boot["reason"] == "Watchdog"


@pytest.mark.parametrize("ocpp", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_reset_is_answered_before_the_link_closes_however_slow_the_machine(
    tmp_path: Path, ocpp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_ready(checker: Checker, version: str, action: str, kind: str, *, extra_allowed: bool = False) -> bool:
        return (action, kind) != ("Reset", "response")

    def prepare(checker: Checker, version: str, action: str, kind: str, *, extra_allowed: bool = False) -> None:
        time.sleep(0.3)

    monkeypatch.setattr(Checker, "is_ready", is_ready)
    monkeypatch.setattr(Checker, "prepare", prepare)
    async with BenchCsms() as csms, running_station(csms, tmp_path, file=StationFile(ocpp=[ocpp])) as station:
        answer = await station.bench.call("Reset", {"type": "Hard" if ocpp == "ocpp1.6" else "Immediate"})

        assert await station.ended() is End.RESTART
        assert answer["status"] == "Accepted"


async def test_told_waits_for_the_last_reading_of_a_charge_that_is_ending(tmp_path: Path) -> None:
    async with BenchCsms() as csms, running_station(csms, tmp_path) as station:
        await station.charge(more_wh=10)
        station.person.unplug(1)
        await station.until_status(ConnectorStatus.AVAILABLE)

        await station.agent.told()

        (transaction,) = csms.ledger.transactions
        assert not transaction.is_open
