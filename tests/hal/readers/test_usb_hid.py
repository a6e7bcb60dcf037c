"""The usb-hid driver on a reader that types into a pipe; with EVSE_UINPUT=1 also on an input device of the kernel."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import DeviceGone, WrongSettings
from hal.readers.uid import ByteOrder, UidFormat
from hal.readers.usb_hid import UsbHidReader, UsbHidSettings, token_of
from hil.devices.hid_keys import Mood
from tests.contracts.reader import ReaderContract, listening
from tests.hal.readers.rig import GONE_S, HID_KINDS, UsbHidRig, open_pipe, reader_context, usb_hid_rig


class TestUsbHid(ReaderContract):
    @pytest.fixture(params=HID_KINDS)
    async def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UsbHidRig]:
        async with usb_hid_rig(tmp_path, kind=request.param) as rig:
            yield rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[UsbHidRig]:
    async with usb_hid_rig(tmp_path) as rig:
        yield rig


async def test_a_keypad_types_digits_too(tmp_path: Path) -> None:
    async with usb_hid_rig(tmp_path, token_type="KeyCode") as rig, listening(rig.driver) as ear:
        rig.keys.type("471100", keypad=True)

        token = await ear.next()

    assert (token.value, token.type) == ("471100", "KeyCode")


async def test_a_reader_that_types_a_held_card_again_makes_no_second_presentation(rig: UsbHidRig) -> None:
    async with listening(rig.driver) as ear:
        for _ in range(6):
            rig.hold(0)
            await asyncio.sleep(GONE_S / 2)

        await ear.next()
        await ear.hears_nothing(seconds=0.1)


async def test_a_busy_event_loop_drops_no_card(rig: UsbHidRig) -> None:
    async with listening(rig.driver) as ear:
        rig.hold(0)
        time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to stand still

        assert await ear.next() == rig.cards[0]


async def test_a_card_typed_with_a_long_pause_is_no_token(tmp_path: Path) -> None:
    async with usb_hid_rig(tmp_path, digits=14) as rig, listening(rig.driver) as ear:
        rig.keys.keys.mood = Mood.SLOW
        rig.hold(0)

        await ear.hears_nothing()


async def test_too_few_digits_are_no_token(rig: UsbHidRig) -> None:
    async with listening(rig.driver) as ear:
        rig.keys.type("123")

        await ear.hears_nothing(seconds=0.1)


async def test_a_device_that_is_not_there_is_gone(tmp_path: Path) -> None:
    reader = UsbHidReader(UsbHidSettings(device=str(tmp_path / "none")), reader_context(), opener=open_pipe)

    with pytest.raises(DeviceGone, match="reader 1"):
        await reader.start()


async def test_a_second_start_changes_nothing(rig: UsbHidRig) -> None:
    async with listening(rig.driver) as ear:
        await rig.driver.start()
        rig.hold(0)

        assert await ear.next() == rig.cards[0]


@pytest.mark.parametrize(
    ("line", "settings", "token"),
    [
        ("0045131261", {}, "0045131261"),
        ("0045131261", {"typed": "decimal"}, "02B0A5FD"),
        ("0045131261", {"typed": "decimal", "uid_bytes": 5, "format": UidFormat.HEX_LOWER}, "0002b0a5fd"),
        ("DEADBEEF", {"typed": "hex", "byte_order": ByteOrder.REVERSED}, "EFBEADDE"),
        ("DEADBEEF", {"typed": "hex", "format": UidFormat.DECIMAL, "decimal_width": 12}, "003735928559"),
        ("123", {}, None),
        ("12345", {"digits": 10}, None),
        ("0045131261", {"digits": 10}, "0045131261"),
        ("DEADBEE", {"typed": "hex"}, None),
        ("DEADBEEF", {"typed": "decimal"}, None),
        ("99999999999", {"typed": "decimal"}, None),
    ],
)
def test_what_is_typed_becomes_the_token_that_is_configured(
    line: str, settings: dict[str, Any], token: str | None
) -> None:
    assert token_of(line, UsbHidSettings(device="/dev/input/event0", **settings)) == token


@pytest.mark.parametrize(
    ("key", "value"),
    [("device", "event0"), ("uid_bytes", 0), ("digits", 40), ("key_gap_s", 0.0), ("gone_after_s", 0.0)],
)
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: object) -> None:
    given = {"device": "/dev/input/event0"} | {key: value}

    with pytest.raises(WrongSettings) as refused:
        UsbHidSettings(**given)  # type: ignore[arg-type] # wrong values are the point

    assert refused.value.path == (key,)
