"""The upgrade, many stations, going down and coming back."""

import asyncio
import ssl
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from hil.csms.errors import BenchError, NotSeen, UnknownProtocol
from hil.csms.record import Event, MessageReceived, MessageSent, StationConnected, StationDisconnected, StationRefused
from hil.csms.server import BenchCsms, Negotiation
from tests.hil.csms.raw_station import BOOT_16, BOOT_201, plugged


async def test_a_station_is_known_by_the_last_element_of_its_path(csms: BenchCsms) -> None:
    async with plugged(csms, "CP%20001"):
        station = await csms.station("CP 001", timeout_s=2)

        assert station.connected


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("ocpp1.6", "ocpp2.0.1"), "ocpp1.6"),
        (("ocpp2.0.1", "ocpp1.6"), "ocpp2.0.1"),
        (("ocpp2.1", "ocpp1.6"), "ocpp1.6"),
    ],
)
async def test_the_first_offered_protocol_that_is_spoken_is_chosen(
    csms: BenchCsms, offered: tuple[str, ...], chosen: str
) -> None:
    async with plugged(csms, versions=offered) as raw:
        station = await csms.station("CP001")

        assert raw.ws.subprotocol == chosen
        assert station.subprotocol == chosen
        assert station.handshakes[-1].offered == offered


async def test_without_a_common_protocol_the_upgrade_succeeds_and_the_link_is_closed(csms: BenchCsms) -> None:
    async with connect(f"{csms.url}/CP001", subprotocols=[Subprotocol("ocpp9")], proxy=None) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()

    assert ws.subprotocol is None
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1002


async def test_a_bench_told_to_choose_none_keeps_the_link_and_reports_what_is_said_on_it(csms: BenchCsms) -> None:
    csms.negotiation = Negotiation.NONE

    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})

    assert raw.ws.subprotocol is None
    assert [violation.problem for violation in csms.violations] == ["a message without a negotiated sub-protocol"]


async def test_an_unknown_version_is_refused_at_once() -> None:
    with pytest.raises(UnknownProtocol):
        BenchCsms(versions=("ocpp1.5",))


async def test_an_identity_outside_the_list_meets_404() -> None:
    async with BenchCsms(identities={"CP001"}) as csms:
        async with plugged(csms, "CP001"):
            pass
        with pytest.raises(InvalidStatus) as refused:
            async with plugged(csms, "CP002"):
                pass

    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("password", [None, "wrong", "geheim "])
async def test_a_wrong_password_meets_401(password: str | None) -> None:
    async with BenchCsms(basic_auth={"CP001": "geheim"}) as csms:
        with pytest.raises(InvalidStatus) as refused:
            async with plugged(csms, password=password):
                pass

    assert refused.value.response.status_code == 401
    assert "Basic" in refused.value.response.headers["WWW-Authenticate"]


async def test_the_password_of_another_station_does_not_fit() -> None:
    async with BenchCsms(basic_auth={"CP001": "one", "CP002": "two"}) as csms:
        with pytest.raises(InvalidStatus):
            async with plugged(csms, "CP001", password="two"):
                pass


async def test_the_right_password_admits() -> None:
    async with BenchCsms(basic_auth={"CP001": "geheim"}) as csms, plugged(csms, password="geheim") as raw:
        assert (await raw.call("Heartbeat", {}))[0] == 3


async def test_a_scripted_refusal_holds_for_so_many_upgrades(csms: BenchCsms) -> None:
    csms.refuse("CP001", status=503, times=2)

    statuses = []
    for _ in range(2):
        with pytest.raises(InvalidStatus) as refused:
            async with plugged(csms):
                pass
        statuses.append(refused.value.response.status_code)
    async with plugged(csms):
        await csms.station("CP001")

    assert statuses == [503, 503]


async def test_a_refusal_of_everybody_is_lifted_by_admit(csms: BenchCsms) -> None:
    csms.refuse(status=503)
    with pytest.raises(InvalidStatus):
        async with plugged(csms):
            pass

    csms.admit()

    async with plugged(csms):
        await csms.station("CP001")


async def test_a_csms_that_went_down_comes_back_on_the_same_port(csms: BenchCsms) -> None:
    port = csms.port
    async with plugged(csms) as raw:
        await csms.station("CP001")
        await csms.stop_listening()
        async with asyncio.timeout(2):
            await raw.ws.wait_closed()
    with pytest.raises(OSError, match="Connect"):
        async with plugged(csms):
            pass

    await csms.listen_again()

    async with plugged(csms) as raw:
        assert (await raw.call("Heartbeat", {}))[0] == 3
    assert csms.port == port


async def test_going_down_cuts_links_and_going_down_gracefully_closes_them(csms: BenchCsms) -> None:
    codes = []
    for gracefully in (False, True):
        async with plugged(csms) as raw:
            await csms.station("CP001")
            await csms.stop_listening(gracefully=gracefully)
            async with asyncio.timeout(2):
                await raw.ws.wait_closed()
            codes.append(raw.ws.close_code)
        await csms.listen_again()

    assert codes == [1006, 1001]


async def test_a_silent_link_does_not_hold_up_the_end() -> None:
    async with BenchCsms() as csms, plugged(csms):
        (await csms.station("CP001")).silence()
        async with asyncio.timeout(2):
            await csms.stop_listening(gracefully=True)

        assert not csms.stations["CP001"].connected


async def test_stations_are_served_side_by_side_in_two_versions(csms: BenchCsms) -> None:
    async with plugged(csms, "A") as old, plugged(csms, "B", versions=("ocpp2.0.1",)) as new:
        one, two = await asyncio.gather(old.call("BootNotification", BOOT_16), new.call("BootNotification", BOOT_201))

    assert one[2]["status"] == two[2]["status"] == "Accepted"
    assert csms.violations == []


async def test_five_hundred_stations_are_served_in_one_process() -> None:
    async with BenchCsms() as csms, AsyncExitStack() as stack:
        stations = [await stack.enter_async_context(plugged(csms, f"CP{number:03}")) for number in range(500)]

        async with asyncio.timeout(30):
            replies = await asyncio.gather(*(raw.call("BootNotification", BOOT_16) for raw in stations))

        assert {reply[2]["status"] for reply in replies} == {"Accepted"}
        assert csms.violations == []


async def test_observers_hear_everything_until_they_unsubscribe(csms: BenchCsms) -> None:
    events: list[Event] = []
    unsubscribe = csms.subscribe(events.append)
    csms.refuse("CP002", status=401)
    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})
    await csms.stations["CP001"].wait_disconnected()
    with pytest.raises(InvalidStatus):
        async with plugged(csms, "CP002"):
            pass

    unsubscribe()
    async with plugged(csms, "CP003"):
        await csms.station("CP003")

    kinds = [type(event) for event in events]
    assert kinds == [StationConnected, MessageReceived, MessageSent, StationDisconnected, StationRefused]


async def test_a_failing_observer_spoils_nothing_but_is_reported_at_the_end() -> None:
    def fail(_event: Event) -> None:
        raise ValueError("broken display")

    csms = await BenchCsms().__aenter__()
    csms.subscribe(fail)
    async with plugged(csms) as raw:
        reply = await raw.call("Heartbeat", {})
    with pytest.raises(BenchError, match="broken display"):
        await csms.__aexit__(None, None, None)

    assert reply[0] == 3


async def test_waiting_for_a_station_that_does_not_come_says_so(csms: BenchCsms) -> None:
    with pytest.raises(NotSeen, match="CP009 did not connect within"):
        await csms.station("CP009", timeout_s=0.05)


async def test_the_url_says_wss_when_there_is_a_certificate() -> None:
    csms = BenchCsms(host="::1", port=9000, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    assert csms.url == "wss://[::1]:9000/ocpp"
