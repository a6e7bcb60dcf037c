"""Words to values, without a line."""

import math
import struct
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.errors import BadReading
from hal.modbus.registers import (
    Block,
    Quantity,
    Register,
    RegisterMap,
    Sign,
    blocks,
    decode,
    decode_block,
    meter_reading,
)
from hal.modbus.words import ByteOrder, Function, WordOrder, WordType

IMPORT = Register(name="import", address=0, quantity=Quantity.ENERGY_IMPORT, unit="kWh")
FORMATS = {
    WordType.INT16: ">h",
    WordType.UINT16: ">H",
    WordType.INT32: ">i",
    WordType.UINT32: ">I",
    WordType.INT64: ">q",
    WordType.UINT64: ">Q",
}


def words_of(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


def float_words(value: float) -> list[int]:
    return words_of(struct.pack(">f", value))


def a_map(*registers: Register, **limits: Any) -> RegisterMap:
    return RegisterMap(name="m", title="M", source="test", registers=registers, **limits)


def at(address: int, **changes: Any) -> Register:
    return replace(IMPORT, name=f"r{address}", address=address, **changes)


@given(data=st.data(), order=st.sampled_from(WordOrder), kind=st.sampled_from(sorted(FORMATS)))
def test_every_whole_number_comes_back_exactly(data: st.DataObject, order: WordOrder, kind: WordType) -> None:
    bits = 8 * struct.calcsize(FORMATS[kind])
    signed = FORMATS[kind][1].islower()
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    number = data.draw(st.integers(low, high))
    register = replace(IMPORT, type=kind, unit="Wh", word_order=order)
    words = words_of(struct.pack(FORMATS[kind], number))

    value = decode(register, words if order is WordOrder.BIG else words[::-1])

    assert value == number


@given(kwh=st.floats(min_value=0, max_value=2**20, width=32))
def test_a_float_of_kilowatt_hours_is_the_nearest_whole_watt_hour(kwh: float) -> None:
    value = decode(IMPORT, float_words(kwh))

    reading = meter_reading({IMPORT: value}, mono_s=1.0)

    assert abs(Fraction(reading.energy_import_wh) - Fraction(kwh) * 1000) <= Fraction(1, 2)


@given(one=st.floats(min_value=0, max_value=2**20, width=32), two=st.floats(min_value=0, max_value=2**20, width=32))
def test_rounding_never_turns_the_order_of_two_energies(one: float, two: float) -> None:
    low, high = sorted((one, two))

    energies = [
        meter_reading({IMPORT: decode(IMPORT, float_words(kwh))}, mono_s=1.0).energy_import_wh for kwh in (low, high)
    ]

    assert energies[0] <= energies[1]


@given(
    words=st.lists(st.integers(0, 0xFFFF), max_size=6), register=st.sampled_from([IMPORT, at(1, type=WordType.INT16)])
)
def test_any_words_give_a_finite_value_none_or_a_bad_reading(words: list[int], register: Register) -> None:
    try:
        value = decode(register, words)
    except BadReading:
        return

    assert value is None or math.isfinite(value)


@pytest.mark.parametrize("words", [[], [1], [1, 2, 3]])
def test_a_wrong_number_of_words_is_a_bad_reading(words: list[int]) -> None:
    with pytest.raises(BadReading, match="words instead of 2"):
        decode(IMPORT, words)


@pytest.mark.parametrize("word", [-1, 0x10000])
def test_a_word_beyond_16_bits_is_a_bad_reading(word: int) -> None:
    with pytest.raises(BadReading, match="16 bits"):
        decode(IMPORT, [0, word])


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinite_value_is_a_bad_reading(value: float) -> None:
    with pytest.raises(BadReading, match="infinite"):
        decode(IMPORT, float_words(value))


def test_not_a_number_is_no_value() -> None:
    assert decode(IMPORT, float_words(math.nan)) is None


def test_the_pattern_for_not_available_is_no_value() -> None:
    register = replace(IMPORT, type=WordType.INT32, not_available=(0x7FFFFFFF,))

    assert decode(register, [0x7FFF, 0xFFFF]) is None
    assert decode(register, [0x7FFF, 0xFFFE]) is not None


def test_scale_and_unit_are_applied_exactly() -> None:
    register = replace(IMPORT, type=WordType.UINT32, unit="kWh", scale=Fraction("0.01"))

    assert decode(register, [0, 12345]) == 123450


def test_without_import_energy_there_is_no_reading() -> None:
    with pytest.raises(BadReading, match="import"):
        meter_reading({IMPORT: None}, mono_s=1.0)


@pytest.mark.parametrize("quantity", [Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT])
def test_negative_energy_is_a_bad_reading(quantity: Quantity) -> None:
    values: dict[Register, Fraction | None] = {IMPORT: Fraction(1)}
    values[replace(IMPORT, quantity=quantity)] = Fraction(-1)

    with pytest.raises(BadReading, match="negative"):
        meter_reading(values, mono_s=1.0)


def test_what_the_meter_has_not_is_left_out() -> None:
    reading = meter_reading({IMPORT: Fraction(5)}, mono_s=2.5)

    assert (reading.mono_s, reading.energy_import_wh) == (2.5, 5)
    assert (reading.energy_export_wh, reading.power_w, reading.frequency_hz) == (None, None, None)
    assert (reading.current_a, reading.voltage_v, reading.phase_power_w) == ((), (), ())


def test_phases_after_a_missing_one_are_not_taken_for_it() -> None:
    current = replace(IMPORT, quantity=Quantity.CURRENT, unit="A")
    values: dict[Register, Fraction | None] = {IMPORT: Fraction(5)}
    for phase, amps in (("L3", 3), ("L2", None), ("L1", 1)):
        values[replace(current, phase=phase)] = None if amps is None else Fraction(amps)

    assert meter_reading(values, mono_s=1.0).current_a == (1.0,)


def test_total_power_is_the_sum_of_phases_where_the_map_has_no_total() -> None:
    power = replace(IMPORT, quantity=Quantity.POWER, unit="W")
    values: dict[Register, Fraction | None] = {IMPORT: Fraction(5)}
    values |= {replace(power, phase=phase): Fraction(1000) for phase in ("L1", "L2", "L3")}

    assert meter_reading(values, mono_s=1.0).power_w == 3000.0


def test_neighbours_are_read_in_one_block_and_far_ones_in_another() -> None:
    found = blocks(a_map(at(0), at(2), at(10), at(100), max_gap_words=6))

    assert [(block.address, block.word_count) for block in found] == [(0, 12), (100, 2)]


def test_a_block_is_never_longer_than_the_meter_allows() -> None:
    found = blocks(a_map(*(at(2 * index) for index in range(10)), max_block_words=8))

    assert [block.word_count for block in found] == [8, 8, 4]


def test_input_and_holding_registers_are_never_in_one_block() -> None:
    found = blocks(a_map(at(0), at(2, function=Function.HOLDING)))

    assert {(block.function, block.word_count) for block in found} == {(Function.INPUT, 2), (Function.HOLDING, 2)}


@given(
    addresses=st.sets(st.integers(0, 300).map(lambda number: 2 * number), min_size=1, max_size=40),
    size=st.integers(4, 125),
    gap=st.integers(0, 30),
)
def test_blocks_hold_every_register_once_within_the_limits(addresses: set[int], size: int, gap: int) -> None:
    found = blocks(a_map(*(at(address) for address in addresses), max_block_words=size, max_gap_words=gap))

    held = [register.address for block in found for register in block.registers]
    assert sorted(held) == sorted(addresses)
    assert all(block.word_count <= size for block in found)


def test_an_answer_of_another_length_is_a_bad_reading() -> None:
    block = Block(function=Function.INPUT, address=0, word_count=4, registers=(at(0), at(2)))

    with pytest.raises(BadReading, match="instead of 4"):
        decode_block(block, [0, 0, 0])


def test_a_block_is_cut_at_its_registers() -> None:
    block = Block(function=Function.INPUT, address=10, word_count=6, registers=(at(10), at(14)))

    values = decode_block(block, [*float_words(1.0), 9, 9, *float_words(2.0)])

    assert list(values.values()) == [1000, 2000]


def test_bytes_swapped_within_the_words_are_put_right() -> None:
    register = replace(IMPORT, type=WordType.UINT32, unit="Wh", byte_order=ByteOrder.LITTLE)

    assert decode(register, [0x0201, 0x0403]) == 0x01020304


def test_a_float_of_four_words_is_read() -> None:
    register = replace(IMPORT, type=WordType.FLOAT64, unit="Wh")

    assert decode(register, words_of(struct.pack(">d", 1234500.25))) == Fraction("1234500.25")


@pytest.mark.parametrize(("sign", "expected"), [(Sign.KEEP, -5), (Sign.INVERT, 5), (Sign.ABSOLUTE, 5)])
def test_a_sign_is_kept_turned_or_dropped(sign: Sign, expected: int) -> None:
    register = replace(IMPORT, type=WordType.INT16, unit="Wh", sign=sign)

    assert decode(register, [0xFFFB]) == expected


@pytest.mark.parametrize(("exponent", "expected_wh"), [(0, 123_450), (1, 1_234_500), (0xFFFE, 1234)])
def test_a_scale_register_moves_the_decimal_point(exponent: int, expected_wh: int) -> None:
    register = replace(IMPORT, type=WordType.UINT32, unit="Wh", scale_register=3)
    (block,) = blocks(a_map(register))

    values = decode_block(block, [0x0001, 0xE23A, 0, exponent])

    assert meter_reading(values, mono_s=1.0).energy_import_wh == expected_wh


def test_a_scale_register_that_is_not_implemented_leaves_no_value() -> None:
    power = replace(
        IMPORT, name="p", address=4, quantity=Quantity.POWER, unit="W", type=WordType.INT16, scale_register=5
    )
    (block,) = blocks(a_map(IMPORT, power))

    values = decode_block(block, [*float_words(1.0), 0, 0, 230, 0x8000])

    assert meter_reading(values, mono_s=1.0).power_w is None


def test_a_scale_register_that_makes_no_sense_is_a_bad_reading() -> None:
    register = replace(IMPORT, type=WordType.UINT32, scale_register=2)
    (block,) = blocks(a_map(register))

    with pytest.raises(BadReading, match="scale factor of import is 11"):
        meter_reading(decode_block(block, [0, 1, 11]), mono_s=1.0)


def test_a_scale_register_far_away_is_a_read_of_its_own_and_shared_by_those_it_scales() -> None:
    one, two = (at(address, type=WordType.UINT32, scale_register=400) for address in (0, 2))

    found = blocks(a_map(one, two))

    assert [(block.address, block.word_count) for block in found] == [(0, 4), (400, 1)]


def test_several_patterns_may_mean_no_value() -> None:
    register = replace(IMPORT, type=WordType.UINT32, unit="Wh", not_available=(0, 0xFFFFFFFF))

    assert [decode(register, words) for words in ([0, 0], [0xFFFF, 0xFFFF], [0, 1])] == [None, None, 1]
