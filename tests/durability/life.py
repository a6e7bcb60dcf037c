"""A charger's life: customers charge, the network comes and goes, and it is killed again and again."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hil.csms.behaviours import late
from hil.csms.frame import Call, Result
from hil.csms.record import Direction, Event, MessageReceived, MessageSent
from hil.csms.server import BenchCsms
from tests.durability.lab_time import LabTime
from tests.durability.process import REGISTER_WH, ChargerProcess
from tests.durability.traps import DEADLINE_S, Spot, Trap, draw

IDENTITY = "CP001"
FACTS = ("TransactionEvent", "StartTransaction", "MeterValues", "StopTransaction")
CARDS = ("CARD-0001", "CARD-0002")
SPEED = 15.0
"""Slow enough that limits of a few seconds hold on a busy machine."""
ANSWERS_AFTER_S = 0.03
WAKES_WITHIN_S = 30.0
ALL_TOLD_WITHIN_S = 30.0


class Network(StrEnum):
    """How the CSMS is to be reached."""

    ONLINE = "online"
    OFFLINE = "offline"
    FLAPPING = "flapping"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class LifePlan:
    """All of a life that is decided beforehand; the rest hangs on the machine's speed."""

    seed: int
    subprotocol: str
    network: Network
    resumes: bool
    kills: int
    storage_mb: int = 64

    def station_yaml(self, url: str, board_file: Path) -> str:
        """The station's settings; JSON is YAML, too. Times of the network are real."""
        return json.dumps(
            {
                "station": {"identity": IDENTITY, "vendor": "Example", "model": "Duo-22"},
                "csms": {
                    "url": url,
                    "ocpp_versions": [self.subprotocol],
                    "call_timeout_s": 10,
                    "reconnect": {"minimum_s": 1, "random_range_s": 0, "repeat_times": 0},
                },
                "evses": [{"id": 1, "connectors": [{"id": 1}], "hal": self._hal(board_file)}],
                "token_readers": [{"driver": "sim-reader"}],
                "storage": {"max_mb": self.storage_mb},
                "local_api": {"enabled": False},
                "ocpp_variables": {
                    "SampledDataCtrlr.TxUpdatedInterval": "3",
                    "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true",
                    "TxCtrlr.ResumptionTimeout": "86400" if self.resumes else "0",
                },
            }
        )

    def _hal(self, board_file: Path) -> dict[str, Any]:
        return {
            "driver": "sim",
            "state_file": str(board_file),
            "register_wh": REGISTER_WH,
            "soc_percent": 5.0,
            "battery_kwh": 1000.0,
            "ev_reaction_s": 0.5,
        }


class Life:
    """One charger, its CSMS and its customers. After `live` everything is told and judged from outside."""

    def __init__(self, plan: LifePlan, csms: BenchCsms, charger: ChargerProcess) -> None:
        self.plan = plan
        self.csms = csms
        self.charger = charger
        self.bench = csms.prepare(IDENTITY)
        self.links_lost = 0
        self._dice = random.Random(plan.seed)
        self._on_fact: Trap | None = None
        self._seen = 0

    async def live(self) -> None:
        """From the first start through all kills to the last word told."""
        traps = draw(self._dice, self.plan.kills)
        for action in FACTS:
            self.bench.always(action, late(ANSWERS_AFTER_S))
        forget = self.csms.subscribe(self._message)
        await self._first_start()
        network = asyncio.create_task(self._network(), name="network")
        customers = asyncio.create_task(self._customers(), name="customers")
        try:
            for number, trap in enumerate(traps):
                if number:
                    await self.charger.start(trap)
                await self._until_killed(trap)
        finally:
            for task in (network, customers):
                task.cancel()
            await asyncio.gather(network, customers, return_exceptions=True)
            forget()
        await self._come_to_an_end()

    async def _first_start(self) -> None:
        """Commissioning: the CSMS accepts it once."""
        await self.charger.start()
        if not await self.charger.until(lambda says: bool(says["online"]), within_s=WAKES_WITHIN_S):
            raise AssertionError(f"it did not come up, see {self.charger.log_file}")

    async def _until_killed(self, trap: Trap) -> None:
        buried = asyncio.create_task(self.charger.buried(), name="burial")
        killing = asyncio.create_task(self._kill(trap), name="kill")
        try:
            code = await buried
        finally:
            killing.cancel()
            await asyncio.gather(buried, killing, return_exceptions=True)
            self._on_fact = None
        if code != -9:
            raise AssertionError(f"it ended by itself with {code}, see {self.charger.log_file}")

    async def _kill(self, trap: Trap) -> None:
        if trap.spot is not Spot.STARTING:
            await self.charger.until(lambda _: True, within_s=WAKES_WITHIN_S)
        match trap.spot:
            case Spot.STARTING | Spot.WORKING:
                await asyncio.sleep(trap.delay_s)
            case Spot.CHARGING:
                await self.charger.until(lambda says: bool(says["closed"]), within_s=DEADLINE_S)
                await asyncio.sleep(trap.delay_s)
            case Spot.TOLD | Spot.ANSWERED:
                self._on_fact, self._seen = trap, 0
                await asyncio.sleep(DEADLINE_S)
            case _:
                await asyncio.sleep(DEADLINE_S)
        self.charger.kill()

    def _message(self, event: Event) -> None:
        """Spring the traps that hang on what the CSMS hears and says."""
        trap = self._on_fact
        if trap is None or not isinstance(event, MessageReceived | MessageSent):
            return
        message = event.message
        kind, direction = (Call, Direction.IN) if trap.spot is Spot.TOLD else (Result, Direction.OUT)
        if message.action not in FACTS and not (isinstance(message.frame, Call) and message.frame.action in FACTS):
            return
        if message.direction is not direction or not isinstance(message.frame, kind):
            return
        self._seen += 1
        if self._seen == trap.count:
            asyncio.get_running_loop().call_later(trap.delay_s, self.charger.kill)

    async def _customers(self) -> None:
        """One after the other, for ever: plug in, card, charge, stop by card or by leaving."""
        dice, charger = random.Random(self.plan.seed + 1), self.charger
        while True:
            card, token_first = dice.choice(CARDS), dice.random() < 0.4
            if token_first:
                charger.present_card(card)
                await asyncio.sleep(dice.uniform(0.0, 0.3))
            charger.plug(plugged=True)
            for _ in range(20):
                if await charger.until(lambda says: says["transaction"] is not None, within_s=0.6):
                    break
                charger.present_card(card)
            await asyncio.sleep(dice.uniform(0.1, 3.0))
            if dice.random() < 0.5:
                charger.present_card(card)
                await charger.until(lambda says: says["transaction"] is None, within_s=1.0)
            charger.plug(plugged=False)
            await charger.until(lambda says: says["transaction"] is None, within_s=3.0)
            await asyncio.sleep(dice.uniform(0.0, 0.2))

    async def _network(self) -> None:
        dice = random.Random(self.plan.seed + 2)
        match self.plan.network:
            case Network.ONLINE:
                return
            case Network.OFFLINE:
                await asyncio.sleep(dice.uniform(0.0, 1.0))
                await self._go_down()
            case Network.FLAPPING:
                while True:
                    await asyncio.sleep(dice.uniform(0.5, 3.0))
                    await self._go_down()
                    await asyncio.sleep(dice.uniform(0.2, 3.0))
                    await self.csms.listen_again()
            case Network.HALF_OPEN:
                while True:
                    await asyncio.sleep(dice.uniform(0.5, 2.5))
                    self.bench.silence()
                    await asyncio.sleep(dice.uniform(0.2, 2.5))
                    # What was written into the silence is lost with the link.
                    self.bench.drop()

    async def _go_down(self) -> None:
        await self.csms.stop_listening()

    async def _come_to_an_end(self) -> None:
        """The network is back, the car leaves, everything is told, and the charger is switched off in order."""
        charger = self.charger
        await self.csms.listen_again()
        await charger.start()
        await charger.until(
            lambda says: says["transaction"] is None or not says["interrupted"], within_s=WAKES_WITHIN_S
        )
        charger.plug(plugged=False)

        def is_done(says: dict[str, Any]) -> bool:
            return says["transaction"] is None and not says["plugged"] and says["online"] and says["queued"] == 0

        if not await charger.until(is_done, within_s=ALL_TOLD_WITHIN_S):
            raise AssertionError(f"not all was told in time: {charger.says}, see {charger.log_file}")
        given_up = charger.says["given_up"] if charger.says else 0
        if given_up:
            raise AssertionError(f"{given_up} facts were given up, see {charger.log_file}")
        code = await charger.stop()
        if code != 0:
            raise AssertionError(f"it ended with {code}, see {charger.log_file}")


@asynccontextmanager
async def life(plan: LifePlan, folder: Path) -> AsyncIterator[Life]:
    """A life to be lived, its files in `folder`, which exists; no process is left of it at the end."""
    lab = LabTime.starting_now(speed=SPEED)
    async with BenchCsms(versions=(plan.subprotocol,), now=lab.wall) as csms:
        charger = ChargerProcess(
            folder,
            station_yaml=plan.station_yaml(csms.url, folder / "board.json"),
            lab=lab,
            same_boot=random.Random(plan.seed + 3).random() < 0.5,
        )
        try:
            yield Life(plan, csms, charger)
        finally:
            await charger.close()
