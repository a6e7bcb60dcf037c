"""mobilityhouse's example client: the `ocpp` package's ChargePoint with its schema checks, no disk.

    python -m tests.bench.clients.mobilityhouse URL IDENTITY VERSION [METER_VALUES] [STATIONS]

As the floor, but by `ocpp`; its example's log of every message is left out.
"""

import asyncio
import sys
from importlib import import_module
from typing import Any

from ocpp.routing import on
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.bench.clients import payloads

AT_ONCE = 50
"""Stations of a fleet that connect at the same time."""
PACKAGES = {"ocpp1.6": "ocpp.v16", "ocpp2.0.1": "ocpp.v201"}


def charge_point(version: str, identity: str, socket: ClientConnection) -> Any:
    """A ChargePoint of one version that answers what the bench asks."""
    package = import_module(PACKAGES[version])

    class Example(package.ChargePoint):  # type: ignore[misc, name-defined]  # the package has no types
        @on("GetConfiguration")  # type: ignore[untyped-decorator]  # likewise
        def on_get_configuration(self, **asked: Any) -> Any:
            del asked
            key = {"key": payloads.KEY_16, "readonly": False, "value": "86400"}
            return package.call_result.GetConfiguration(configuration_key=[key])

        @on("GetVariables")  # type: ignore[untyped-decorator]  # likewise
        def on_get_variables(self, **asked: Any) -> Any:
            del asked
            answer = payloads.answer(version, "GetVariables")
            return package.call_result.GetVariables(get_variable_result=answer["getVariableResult"])

    return Example(identity, socket)


def boot(version: str) -> Any:
    """Its BootNotification."""
    call, told = import_module(PACKAGES[version]).call, payloads.boot(version)
    if version == "ocpp1.6":
        return call.BootNotification(
            charge_point_vendor=told["chargePointVendor"], charge_point_model=told["chargePointModel"]
        )
    return call.BootNotification(charging_station=told["chargingStation"], reason=told["reason"])


def meter_value(version: str, number: int) -> Any:
    """Its periodic sample of a running transaction."""
    call, (_, told) = import_module(PACKAGES[version]).call, payloads.meter_value(version, number)
    if version == "ocpp1.6":
        return call.MeterValues(connector_id=1, transaction_id=1, meter_value=told["meterValue"])
    return call.TransactionEvent(
        event_type=told["eventType"],
        timestamp=told["timestamp"],
        trigger_reason=told["triggerReason"],
        seq_no=told["seqNo"],
        transaction_info=told["transactionInfo"],
        evse=told["evse"],
        meter_value=told["meterValue"],
    )


async def station(url: str, identity: str, version: str, *, meter_values: int, slots: asyncio.Semaphore) -> None:
    """One station, until it is ended."""
    await slots.acquire()
    async with connect(
        f"{url}/{identity}", subprotocols=[Subprotocol(version)], compression=None, proxy=None, ping_interval=60
    ) as socket:
        example = charge_point(version, identity, socket)
        reading = asyncio.create_task(example.start(), name="mobilityhouse")
        await example.call(boot(version))
        slots.release()
        for number in range(meter_values):
            await example.call(meter_value(version, number))
        await reading


async def main() -> None:
    """One station, or a fleet whose identities are numbered from 1."""
    url, identity, version, *counts = sys.argv[1:]
    meter_values, stations = (*(int(count) for count in counts), *(0, 0)[len(counts) :])
    slots = asyncio.Semaphore(AT_ONCE)
    identities = [f"{identity}-{number}" for number in range(1, stations + 1)] or [identity]
    await asyncio.gather(*(station(url, one, version, meter_values=meter_values, slots=slots) for one in identities))


if __name__ == "__main__":
    asyncio.run(main())
