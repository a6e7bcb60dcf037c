"""What the cases of 2.0.1 say again and again."""

from collections.abc import Mapping, Sequence
from typing import Any

from hil.csms.cursor import Cursor
from hil.csms.frame import Call
from tests.fakes.running_station import CARD, RunningStation

Payload = dict[str, Any]

OTHER_CARD = "CARD-0002"


def named(component: str, variable: str, *, instance: str | None = None, evse: Payload | None = None) -> Payload:
    """A component and a variable, as requests and results name them."""
    named_component: Payload = {"name": component}
    if evse is not None:
        named_component["evse"] = evse
    named_variable: Payload = {"name": variable}
    if instance is not None:
        named_variable["instance"] = instance
    return {"component": named_component, "variable": named_variable}


async def set_variable(station: RunningStation, item: Payload, value: str) -> Payload:
    """The one result of a SetVariables."""
    answer = await station.bench.call("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})
    (result,) = answer["setVariableResult"]
    found: Payload = result
    return found


async def configured(station: RunningStation, variables: Mapping[str, str]) -> None:
    """Give variables, written Component.Variable, their values; every one must be accepted."""
    for name, value in variables.items():
        component, _, variable = name.partition(".")
        result = await set_variable(station, named(component, variable), value)
        if result["attributeStatus"] != "Accepted":
            raise AssertionError(f"{name}={value}: {result}")


async def get_variable(station: RunningStation, item: Payload) -> Payload:
    """The one result of a GetVariables."""
    answer = await station.bench.call("GetVariables", {"getVariableData": [item]})
    (result,) = answer["getVariableResult"]
    found: Payload = result
    return found


async def status(station: RunningStation, word: str, *, evse: int = 1) -> Any:
    """The next StatusNotification of an EVSE with this status."""

    def fits(told: Any) -> bool:
        return bool(told["evseId"] == evse and told["connectorStatus"] == word)

    return await station.bench.expect("StatusNotification", where=fits)


async def told_status(station: RunningStation, word: str, *, since: int, evse: int = 1) -> Any:
    """A StatusNotification after the place `since` in the log: statuses and transactions are told side by side."""

    def fits(told: Any) -> bool:
        return bool(told["evseId"] == evse and told["connectorStatus"] == word)

    cursor = Cursor(station.bench.messages, start=since)
    found, passed = await cursor.find("StatusNotification", where=fits, timeout_s=10.0)
    if found is None:
        raise AssertionError(f"EVSE {evse} was never told as {word}; instead:\n" + "\n".join(passed))
    return found.frame.payload if isinstance(found.frame, Call) else {}


async def event(
    station: RunningStation, kind: str, *, trigger: str | None = None, evse: int | None = None, **info: str
) -> Any:
    """The next TransactionEvent of this kind, with this trigger and transactionInfo."""

    def fits(told: Any) -> bool:
        return (
            told["eventType"] == kind
            and trigger in (None, told["triggerReason"])
            and evse in (None, told["evse"]["id"])
            and all(told["transactionInfo"].get(key) == info[key] for key in info)
        )

    return await station.bench.expect("TransactionEvent", where=fits)


def events(station: RunningStation) -> Sequence[Any]:
    """Every TransactionEvent so far."""
    return station.bench.messages.calls("TransactionEvent")


async def plugged(station: RunningStation, *, evse: int = 1) -> None:
    """The reusable state EVConnectedPreSession."""
    station.person.plug_in(evse)
    await status(station, "Occupied", evse=evse)


async def undecided(station: RunningStation) -> None:
    """Wait until no authorization is under way."""
    await station.until(lambda: not station.agent.runner.state.asks)


async def go_offline(station: RunningStation) -> None:
    """The CSMS closes the link and takes no other."""
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)


async def come_back(station: RunningStation) -> None:
    """The CSMS takes the link again."""
    await station.csms.listen_again()
    await station.until_online()


async def cached(station: RunningStation, token: str = CARD, *, evse: int = 1) -> None:
    """Let the CSMS say a word on a token, so that the cache has it; no transaction comes of it."""
    station.person.present_token(token)
    await station.bench.expect("Authorize", where=lambda asked: bool(asked["idToken"]["idToken"] == token))
    await undecided(station)
    await station.until(lambda: station.agent.runner.state.evse(evse).record.grant is None)  # type: ignore[union-attr]  # the case knows its EVSE


async def send_list(
    station: RunningStation, entries: Mapping[str, Payload | None], *, version: int = 1, update: str = "Full"
) -> str:
    """The status of a SendLocalList; an entry is a token's idTokenInfo, None to remove it."""
    listed = [
        {"idToken": {"idToken": token, "type": "ISO14443"}, **({} if info is None else {"idTokenInfo": info})}
        for token, info in entries.items()
    ]
    payload: Payload = {"versionNumber": version, "updateType": update}
    if listed:
        payload["localAuthorizationList"] = listed
    answer = await station.bench.call("SendLocalList", payload)
    return str(answer["status"])


def transaction_id(station: RunningStation) -> str:
    """The id of the newest transaction."""
    return str(station.csms.ledger.transactions[-1].transaction_id)
