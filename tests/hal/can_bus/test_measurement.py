"""Readings gathered from frames."""

import pytest

from hal.can_bus.measurement import Measurement
from hal.can_bus.settings import MeterSignals
from hal.errors import BadReading
from tests.hal.can_bus.dbc_text import OTHER_BOARD
from tests.hal.can_bus.test_board_map import mapped

BOARD = mapped(
    OTHER_BOARD + 'VAL_ 2566844672 Energy 16777215 "NotAvailable" ;\n',
    meter=MeterSignals("State.Energy", power="State.Draw W"),
)
STATE = BOARD.pilot_at.message


async def measured(**raws: int) -> Measurement:
    assert BOARD.meter is not None
    one = Measurement(BOARD.meter, device="EVSE 1")
    one.take(STATE, raws)
    return one


async def test_it_is_complete_once_every_quantity_came() -> None:
    one = await measured(Energy=1234)
    before = one.complete.done()

    one.take(STATE, {"Draw": -5})

    assert (before, one.complete.done()) == (False, True)
    reading = one.reading(mono_s=7.0)
    assert (reading.mono_s, reading.energy_import_wh, reading.power_w) == (7.0, 12_340, -5.0)


async def test_tenths_of_a_watt_hour_are_cut_off_and_binary_fractions_are_not_held_against_it() -> None:
    energies = [(await measured(Energy=raw, Draw=0)).reading(mono_s=0).energy_import_wh for raw in (29, 57, 113)]

    assert energies == [290, 570, 1130]


async def test_energy_that_is_not_available_is_no_reading() -> None:
    one = await measured(Energy=16_777_215, Draw=0)

    with pytest.raises(BadReading, match=r"EVSE 1: State\.Energy is not available"):
        one.reading(mono_s=0)


async def test_what_is_missing_is_named_and_why() -> None:
    one = await measured(Energy=1)

    one.refuse("State", "7 bytes instead of 8")
    one.refuse("Other", "nobody waits for it")

    assert one.missing == "State.Draw"
    assert one.refused == "State: 7 bytes instead of 8"
