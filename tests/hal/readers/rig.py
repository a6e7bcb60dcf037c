"""Reader drivers on emulated readers, as benches for the contract."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hal.errors import DeviceGone
from hal.readers.input_device import open_exclusive
from hal.readers.pn532 import Pn532Reader, Pn532Settings
from hal.readers.rdm6300 import Rdm6300Reader, Rdm6300Settings
from hal.readers.usb_hid import UsbHidReader, UsbHidSettings
from hal.readings import TokenReading
from hal.registry import DriverContext
from hil.devices import hid_keys, pn532_board, rdm6300_reader
from hil.devices.board_pty import BoardPty
from hil.devices.hid_keys import HidKeys
from hil.devices.hid_keys_uinput import UinputKeys
from hil.devices.pn532_board import EmulatedPn532
from hil.devices.rdm6300_reader import EmulatedRdm6300
from tests.contracts.waiting import Wall

GONE_S = 0.2
KEY_GAP_S = 0.1
FAST: dict[str, Any] = {"poll_s": 0.05, "timeout_s": 0.1, "gone_after_s": GONE_S}

EM_CARDS = (bytes.fromhex("62E3086CED"), bytes.fromhex("0102B0A5FD"))
UIDS = (bytes.fromhex("047BCB51962280"), bytes.fromhex("DEADBEEF"))


def reader_context() -> DriverContext:
    return DriverContext(name="reader 1", evse_id=None, clock=Wall())


class Rdm6300Rig:
    cards = (TokenReading("62E3086CED", "Local"), TokenReading("0102B0A5FD", "Local"))

    def __init__(self, driver: Rdm6300Reader, wire: BoardPty[EmulatedRdm6300]) -> None:
        self.driver = driver
        self.wire = wire

    def hold(self, number: int) -> None:
        with self.wire.hands_on() as board:
            board.present(EM_CARDS[number])

    async def take_away(self) -> None:
        with self.wire.hands_on() as board:
            board.remove()
        await asyncio.sleep(2 * GONE_S)

    async def garble(self) -> None:
        for mood in rdm6300_reader.Mood:
            if mood in (rdm6300_reader.Mood.NORMAL, rdm6300_reader.Mood.LATE):
                continue
            with self.wire.hands_on() as board:
                board.mood = mood
                board.present(EM_CARDS[0])
            await asyncio.sleep(0.08)
        with self.wire.hands_on() as board:
            board.remove()
            board.mood = rdm6300_reader.Mood.NORMAL

    def cut(self) -> None:
        self.wire.unplug()

    def mend(self) -> None:
        self.wire.plug()


@asynccontextmanager
async def rdm6300_rig(folder: Path, **settings: Any) -> AsyncIterator[Rdm6300Rig]:
    """A started driver on a reader."""
    path = folder / "ttyRFID"
    with BoardPty(EmulatedRdm6300(clock=time.monotonic, every_s=0.02), path) as wire:
        driver = Rdm6300Reader(
            Rdm6300Settings(port=str(path), **({"gone_after_s": GONE_S} | settings)), reader_context()
        )
        await driver.start()
        try:
            yield Rdm6300Rig(driver, wire)
        finally:
            await driver.stop()


class Pn532Rig:
    cards = (TokenReading("047BCB51962280"), TokenReading("DEADBEEF"))

    def __init__(self, driver: Pn532Reader, wire: BoardPty[EmulatedPn532]) -> None:
        self.driver = driver
        self.wire = wire

    def hold(self, number: int) -> None:
        with self.wire.hands_on() as board:
            board.present(UIDS[number])

    async def take_away(self) -> None:
        with self.wire.hands_on() as board:
            board.remove()
        await asyncio.sleep(2 * GONE_S)

    async def garble(self) -> None:
        with self.wire.hands_on() as board:
            board.tear = 4
            board.present(UIDS[0])
        await asyncio.sleep(0.02)
        with self.wire.hands_on() as board:
            board.remove()
        await asyncio.sleep(0.3)

    def set_mood(self, mood: pn532_board.Mood) -> None:
        with self.wire.hands_on() as board:
            board.mood = mood

    def cut(self) -> None:
        self.wire.unplug()

    def mend(self) -> None:
        self.wire.plug()
        with self.wire.hands_on() as board:
            board.reboot()


@asynccontextmanager
async def pn532_rig(
    folder: Path, *, board: EmulatedPn532 | None = None, start: bool = True, **settings: Any
) -> AsyncIterator[Pn532Rig]:
    """A driver on a board."""
    path = folder / "ttyNFC"
    with BoardPty(board or EmulatedPn532(clock=time.monotonic), path) as wire:
        driver = Pn532Reader(Pn532Settings(port=str(path), **(FAST | settings)), reader_context())
        if start:
            await driver.start()
        try:
            yield Pn532Rig(driver, wire)
        finally:
            await driver.stop()


HID_UIDS = ("047BCB51962280", "DEADBEEF")
HID_KINDS = ["fifo"] + (["uinput"] if os.environ.get("EVSE_UINPUT") == "1" else [])
"""A real input device of the kernel is used only where the environment says so."""


def open_pipe(path: str, device: str) -> int:
    """What stands for grabbing, which a named pipe cannot."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceGone(f"{path} cannot be opened: {error}", device=device) from error


class UsbHidRig:
    cards = (TokenReading("047BCB51962280", "Local"), TokenReading("DEADBEEF", "Local"))

    def __init__(self, driver: UsbHidReader, keys: HidKeys | UinputKeys) -> None:
        self.driver = driver
        self.keys = keys

    def hold(self, number: int) -> None:
        self.keys.type(HID_UIDS[number])

    async def take_away(self) -> None:
        await asyncio.sleep(2 * GONE_S)

    async def garble(self) -> None:
        writer = self.keys.keys
        moods = [hid_keys.Mood.SILENT, hid_keys.Mood.NOISE, hid_keys.Mood.HALF]
        if isinstance(self.keys, HidKeys):
            moods.append(hid_keys.Mood.DROPPED)  # the kernel lets nobody but itself say that it dropped something
        for mood in moods:
            writer.mood = mood
            self.hold(0)
            await asyncio.sleep(KEY_GAP_S + 0.05)
        writer.mood = hid_keys.Mood.NORMAL

    def cut(self) -> None:
        self.keys.unplug()

    def mend(self) -> None:
        self.keys.plug()


@asynccontextmanager
async def usb_hid_rig(folder: Path, *, kind: str = "fifo", **settings: Any) -> AsyncIterator[UsbHidRig]:
    """A started driver on something that types."""
    path = folder / "event-kbd"
    made = HidKeys(path) if kind == "fifo" else UinputKeys(path)
    with made as keys:
        driver = UsbHidReader(
            UsbHidSettings(device=str(path), **({"gone_after_s": GONE_S, "key_gap_s": KEY_GAP_S} | settings)),
            reader_context(),
            opener=open_pipe if kind == "fifo" else open_exclusive,
        )
        await driver.start()
        try:
            yield UsbHidRig(driver, keys)
        finally:
            await driver.stop()
