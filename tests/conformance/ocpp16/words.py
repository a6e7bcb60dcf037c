"""What the cases of 1.6 say again and again."""

from typing import Any

from hil.csms.cursor import Cursor
from hil.csms.frame import Call
from tests.fakes.running_station import RunningStation

Payload = dict[str, Any]


async def status(station: RunningStation, word: str, *, connector: int = 1) -> Any:
    """The next StatusNotification of a connector with this status."""

    def fits(told: Any) -> bool:
        return bool(told["connectorId"] == connector and told["status"] == word)

    return await station.bench.expect("StatusNotification", where=fits)


async def told_status(station: RunningStation, word: str, *, since: int, connector: int = 1) -> Any:
    """A StatusNotification after the place `since` in the log: statuses and transactions are told side by side."""

    def fits(told: Any) -> bool:
        return bool(told["connectorId"] == connector and told["status"] == word)

    cursor = Cursor(station.bench.messages, start=since)
    found, passed = await cursor.find("StatusNotification", where=fits, timeout_s=10.0)
    if found is None:
        raise AssertionError(f"connector {connector} was never told as {word}; instead:\n" + "\n".join(passed))
    return found.frame.payload if isinstance(found.frame, Call) else {}


async def started(station: RunningStation) -> Any:
    """The next StartTransaction."""
    return await station.bench.expect("StartTransaction")


async def stopped(station: RunningStation) -> Any:
    """The next StopTransaction."""
    return await station.bench.expect("StopTransaction")


async def change(station: RunningStation, key: str, value: str) -> str:
    """The status of a ChangeConfiguration."""
    answer = await station.bench.call("ChangeConfiguration", {"key": key, "value": value})
    return str(answer["status"])


async def changed(station: RunningStation, **keys: str) -> None:
    """Give keys their values; every one must be accepted."""
    for key, value in keys.items():
        if (answer := await change(station, key, value)) != "Accepted":
            raise AssertionError(f"{key}={value}: {answer}")


async def undecided(station: RunningStation) -> None:
    """Wait until no authorization is under way."""
    await station.until(lambda: not station.agent.runner.state.asks)


def transaction_id(station: RunningStation) -> int:
    """The number of the newest transaction."""
    return int(station.csms.ledger.transactions[-1].transaction_id)
