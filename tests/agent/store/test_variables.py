from pathlib import Path

from agent.station.device_model import VariableKey
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, reopen

INTERVAL = VariableKey("OCPPCommCtrlr", "HeartbeatInterval")
LIMIT = VariableKey("EVSE", "Power", instance="Max", evse_id=1, connector_id=2, component_instance="x")


async def test_values_survive_a_restart_and_the_last_one_counts(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(Changes(variables=[(INTERVAL, "60"), (LIMIT, "\ud800 11")], moment=NOW))
    await store.commit(Changes(variables=[(INTERVAL, "300")], moment=NOW))

    store = await reopen(store, path)
    values = await store.load_variables()
    await store.close()

    assert values == {INTERVAL: "300", LIMIT: "\ud800 11"}


async def test_a_variable_that_cannot_be_read_falls_back_to_its_default(store: Store) -> None:
    await store.commit(Changes(variables=[(INTERVAL, "60"), (LIMIT, "1")], moment=NOW))
    await store._database.run(lambda c: c.execute("UPDATE variables SET value = 'x' WHERE key LIKE '%Power%'").rowcount)

    assert await store.load_variables() == {INTERVAL: "60"}
