"""A charger that was offline for long: its database with many samples of one transaction queued.

python -m tests.bench.clients.fill FOLDER FACTS
"""

import asyncio
import sys
from pathlib import Path

from agent.clock import Moment, SystemClock
from agent.station.facts import (
    ChargingState,
    EnergySampled,
    Fact,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    Trigger,
)
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from agent.store.store import DATABASE, Changes, Store
from agent.units import Wh
from tests.bench.clients.payloads import SAMPLED

TRANSACTION = "0d9f5f4e-0d4c-4d6c-9b0e-bb2b8f9a8d3c"
A_COMMIT = 500


def facts(count: int, now: Moment) -> list[Fact]:
    """A transaction from beginning to end, `count` facts in all."""

    def shared(number: int, trigger: Trigger) -> dict[str, object]:
        at = now.later(60.0 * (number - count))
        return {
            "transaction_id": TRANSACTION,
            "seq_no": number,
            "at": at,
            "evse_id": 1,
            "connector_id": 1,
            "trigger": trigger,
            "charging_state": ChargingState.CHARGING,
            "register_wh": Wh(1000 + number),
            "values": (MeterValue(at, Context.SAMPLE_PERIODIC, _quantities(number)),),
            "offline": True,
        }

    return [
        TransactionStarted(**shared(0, Trigger.AUTHORIZED)),  # type: ignore[arg-type]  # one dictionary for all three
        *(
            EnergySampled(**shared(number, Trigger.METER_VALUE_PERIODIC))  # type: ignore[arg-type]  # likewise
            for number in range(1, count - 1)
        ),
        TransactionEnded(
            **shared(count - 1, Trigger.EV_DEPARTED),  # type: ignore[arg-type]  # likewise
            stop_reason=StopReason.EV_DISCONNECTED,
        ),
    ]


def _quantities(number: int) -> tuple[Quantity, ...]:
    return tuple(Quantity(Measurand(what), 230.0 + number, unit, phase) for what, unit, phase in SAMPLED)


async def main() -> None:
    """Fill it."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    now = SystemClock().now()
    store = await Store.open(folder / DATABASE)
    queue = facts(count, now)
    for begin in range(0, count, A_COMMIT):
        await store.commit(Changes(facts=queue[begin : begin + A_COMMIT], moment=now))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
