"""The local authorization list: what is refused, and what goes to the store."""

import pytest

from agent.station.commands import Answer, Done, GetLocalListVersion, LocalListVersion, Outcome, SendLocalList
from agent.station.effects import Reply, StoreLocalList
from agent.station.events import CsmsAsked, LocalListStored
from tests.fakes.station_rig import Rig


def send(rig: Rig, *, version: int, full: bool, held: int) -> list[Answer]:
    effects = rig.feed(CsmsAsked(50, SendLocalList(version, full), local_list_version=held))
    return [effect.answer for effect in effects if isinstance(effect, Reply)]


@pytest.mark.parametrize(("stored", "outcome"), [(True, Outcome.ACCEPTED), (False, Outcome.FAILED)])
def test_an_update_is_answered_once_the_store_has_it(stored: bool, outcome: Outcome) -> None:
    rig = Rig().start()

    at_once = send(rig, version=2, full=False, held=1)
    (effect,) = rig.all(StoreLocalList)
    rig.feed(LocalListStored(effect.ticket, stored))
    rig.feed(LocalListStored(effect.ticket, stored))

    assert at_once == []
    assert [reply.answer for reply in rig.all(Reply)] == [Done(outcome)]


@pytest.mark.parametrize("version", [3, 4])
def test_a_differential_update_must_be_newer(version: int) -> None:
    rig = Rig().start()

    assert send(rig, version=version, full=False, held=4) == [Done(Outcome.VERSION_MISMATCH)]
    assert rig.all(StoreLocalList) == []


def test_a_full_update_may_have_any_version() -> None:
    rig = Rig().start()

    assert send(rig, version=1, full=True, held=4) == []
    assert len(rig.all(StoreLocalList)) == 1


def test_a_list_that_is_switched_off_takes_nothing() -> None:
    rig = Rig(variables={"LocalAuthListCtrlr.Enabled": "false"}).start()

    assert send(rig, version=2, full=True, held=1) == [Done(Outcome.NOT_SUPPORTED, reason="NotEnabled")]


@pytest.mark.parametrize(("enabled", "version"), [("true", 7), ("false", -1)])
def test_a_list_that_is_switched_off_has_no_version(enabled: str, version: int) -> None:
    rig = Rig(variables={"LocalAuthListCtrlr.Enabled": enabled}).start()

    effects = rig.feed(CsmsAsked(50, GetLocalListVersion(), local_list_version=7))

    assert [each.answer for each in effects if isinstance(each, Reply)] == [LocalListVersion(version)]
