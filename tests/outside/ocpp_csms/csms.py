"""The CSMS `ocpp-csms` as a process. Usage, in an environment that has it: python csms.py PORT PASSWORD.

Tells events as JSON lines on stdout (tests/outside/csms.py lists them), takes calls as JSON lines on stdin:
{"call": "Reset", "params": {"type": "Soft"}}. Ends when stdin does.
"""

import asyncio
import contextlib
import json
import logging
import sys
from dataclasses import asdict
from typing import Any

import ocpp_csms as outside  # type: ignore[import-not-found]  # only in the environment made for it
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v16 import call as calls

ENERGY = "Energy.Active.Import.Register"


def tell(event: str, **values: object) -> None:
    """One line, written before the station has its answer."""
    print(json.dumps({"event": event, **values}, default=str), flush=True)


def told(event: Any) -> None:
    """Listener: what the CSMS itself made of a message."""
    match event:
        case outside.ConnectedEvent():
            tell("connected", station=event.charge_point_id, subprotocol="ocpp1.6")
        case outside.DisconnectedEvent():
            tell("disconnected", station=event.charge_point_id)
        case outside.BootEvent():
            tell("boot", vendor=event.info.vendor, model=event.info.model)
        case outside.StatusEvent():
            state = event.connector
            tell("status", evse=state.connector_id, status=state.status, error=state.error_code)
        case outside.TransactionStartedEvent():
            begun = event.transaction
            tell(
                "begun",
                transaction=str(begun.transaction_id),
                evse=begun.connector_id,
                token=begun.id_tag,
                register_wh=begun.meter_start,
                at=begun.started_at.isoformat(),
            )
        case outside.TransactionStoppedEvent():
            ended = event.transaction
            ended_at = ended.stopped_at.isoformat()
            _tell_ended(ended.transaction_id, ended.meter_stop, ended.stop_reason, at=ended_at)
        case outside.MeterValuesEvent():
            _tell_updated(event)
        case _:
            pass


def _tell_updated(event: Any) -> None:
    for reading in event.readings:
        # It tells what a StopTransaction carries in the same way; those are no samples of their own.
        if reading.measurand == ENERGY and reading.phase is None and reading.context in (None, "Sample.Periodic"):
            factor = 1000 if reading.unit == "kWh" else 1
            tell(
                "updated",
                transaction=str(event.transaction_id),
                register_wh=reading.numeric * factor,
                at=reading.timestamp.isoformat(),
            )


def _tell_ended(transaction_id: int, register_wh: int, reason: str | None, *, at: str) -> None:
    # 1.6 lets the reason Local be left out.
    tell("ended", transaction=str(transaction_id), register_wh=register_wh, reason=reason or "Local", at=at)


class Complaints(logging.Handler):
    """What the CSMS warns of is something that it did not like."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("violation", action=None, by="station", why=record.getMessage())


class Wire(logging.Handler):
    """Tells what the CSMS drops without an event: heartbeats, and the end of a charge that it did not see begin."""

    def __init__(self, central_system: Any) -> None:
        super().__init__()
        self._central_system = central_system

    def emit(self, record: logging.LogRecord) -> None:
        if not str(record.msg).endswith("receive message %s") or not isinstance(record.args, tuple):
            return
        station_id, text = record.args
        frame = json.loads(str(text))
        if frame[0] != 2:
            return
        action, params = frame[2], frame[3]
        if action == "Heartbeat":
            tell("heartbeat")
        if action == "StopTransaction":
            number = params["transactionId"]
            if number not in self._central_system.charge_points[station_id].transactions:
                _tell_ended(number, params["meterStop"], params.get("reason"), at=params["timestamp"])


async def authorize(_: object, id_tag: str) -> Any:
    """The cards whose names begin as such may charge."""
    tell("authorize", token=id_tag)
    good = id_tag.startswith("CARD-")
    return outside.AuthorizationStatus.ACCEPTED if good else outside.AuthorizationStatus.INVALID


async def call(charge_point: Any, action: str, params: dict[str, Any]) -> None:
    """Ask the station."""
    request = getattr(calls, action)(**camel_to_snake_case(params))
    try:
        result = snake_to_camel_case(asdict(await charge_point.async_call(request)))
    except outside.CsmsError as error:
        tell("answer", action=action, error=str(error))
    else:
        tell("answer", action=action, result={key: value for key, value in result.items() if value is not None})


async def serve(port: int, password: str) -> None:
    """Until stdin ends."""

    async def authenticate(station_id: str, given: str | None) -> bool:
        if given != password:
            tell("refused", station=station_id)
        return given == password

    logging.getLogger("ocpp_csms").addHandler(Complaints(logging.WARNING))
    async with outside.CentralSystem(
        host="127.0.0.1", port=port, call_timeout=10.0, authenticate=authenticate, authorize=authorize
    ) as central_system:
        wire = logging.getLogger("ocpp_csms.wire")
        wire.setLevel(logging.DEBUG)
        wire.addHandler(Wire(central_system))
        central_system.add_listener(told)
        tell("listening", port=central_system.port)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            charge_point = next(iter(central_system.charge_points.values()))
            await call(charge_point, command["call"], command["params"])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
