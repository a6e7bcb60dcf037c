from pathlib import Path

from agent.station.state import EvseRecord, StationRecord
from agent.station.transaction import Transaction, TxPoint
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, reopen

TYPES = {"evse": EvseRecord, "station": StationRecord}
CHARGING = EvseRecord(
    evse_id=1,
    transaction=Transaction(id="tx-1", connector_id=1, started_at=NOW, next_seq_no=4),
    points=frozenset({TxPoint.AUTHORIZED, TxPoint.EV_CONNECTED}),
)


async def test_records_come_back_as_dataclasses_after_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(Changes(records={"evse/1": EvseRecord(evse_id=1), "station": StationRecord()}, moment=NOW))
    await store.commit(Changes(records={"evse/1": CHARGING}, moment=NOW))

    store = await reopen(store, path)
    records = await store.load_records(TYPES)
    await store.close()

    assert records == {"evse/1": CHARGING, "station": StationRecord()}


async def test_a_record_that_cannot_be_read_or_is_of_no_known_kind_is_left_out(store: Store) -> None:
    await store.commit(Changes(records={"evse/1": CHARGING, "evse/2": CHARGING, "moon/1": StationRecord()}, moment=NOW))
    await store._database.run(lambda c: c.execute("UPDATE station_state SET body = '{' WHERE key = 'evse/1'").rowcount)

    records = await store.load_records({"evse/": EvseRecord})

    assert records == {"evse/2": CHARGING}
