"""The contract suites on the rig that EVSE_RIG names (`make hil RIG=file.yaml`); without it there is nothing here."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.indicator import IndicatorContract
from tests.contracts.limits import LimitContract
from tests.contracts.lock import LockContract
from tests.contracts.meter import MeterContract
from tests.contracts.phase_switch import PhaseSwitchContract
from tests.contracts.pilot import PilotContract
from tests.contracts.reader import ReaderContract
from tests.contracts.stop_button import StopButtonContract
from tests.rigs.rig import Rig, RigBench, load_rig, verbs_needed

CONTRACTS: dict[str, type] = {
    "pilot": PilotContract,
    "contactor": ContactorContract,
    "meter": MeterContract,
    "faults": FaultContract,
    "lock": LockContract,
    "phase switch": PhaseSwitchContract,
    "limits": LimitContract,
    "stop button": StopButtonContract,
    "indicator": IndicatorContract,
    "reader": ReaderContract,
}


def suites(rig: Rig) -> dict[str, type]:
    """A test class for each part that the station has, without the tests that these hands cannot do."""
    hands = rig.make_hands()
    parts, reader = rig.build()
    there: dict[str, object] = {
        "pilot": parts.pilot,
        "contactor": parts.contactor,
        "meter": parts.meter,
        "faults": parts.faults,
        "lock": parts.lock,
        "phase switch": parts.phase_switch,
        "limits": parts.limits,
        "stop button": parts.stop_buttons,
        "indicator": parts.indicator,
        "reader": reader,
    }
    return {
        f"TestRig{part.title().replace(' ', '')}": _suite(rig, contract, hands)
        for part, contract in CONTRACTS.items()
        if there[part]
    }


def _suite(rig: Rig, contract: type, hands: object) -> type:
    members: dict[str, Any] = {"bench": _bench(rig, contract)}
    for name in [name for name in dir(contract) if name.startswith("test_")]:
        missing = [verb for verb in verbs_needed(getattr(contract, name)) if not hasattr(hands, verb)]
        if missing:
            members[name] = None  # not collected: nobody here can do that
    return type(contract.__name__, (contract,), members)


def _bench(rig: Rig, contract: type) -> Any:
    async def bench(self: object) -> AsyncIterator[RigBench]:
        del self
        parts, reader = rig.build()
        hands = rig.make_hands()
        made = MeterRigBench(parts, hands) if contract is MeterContract else RigBench(parts, hands)
        if contract is ReaderContract:
            made.driver = reader
        if hands is not None:
            hands.open()
        try:
            await made.driver.start()
            yield made
        finally:
            await made.driver.stop()
            if hands is not None:
                hands.close()

    return pytest.fixture(bench)


class MeterRigBench(RigBench):
    """A MeterBench's `cut` is awaited."""

    async def cut(self) -> None:
        """MeterBench."""
        self.__getattr__("cut")()


if "EVSE_RIG" in os.environ:
    globals().update(suites(load_rig(Path(os.environ["EVSE_RIG"]))))
