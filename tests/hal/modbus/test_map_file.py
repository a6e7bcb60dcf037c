"""Register maps from YAML: those that ship, and mistakes in one's own."""

from fractions import Fraction
from pathlib import Path

import pytest

from hal.errors import WrongSettings
from hal.modbus.map_file import known_maps, load_map, parse_map
from hal.modbus.registers import Quantity, SerialDefaults, Sign, blocks
from hal.modbus.words import ByteOrder, Function, WordOrder, WordType

HEAD = "title: T\nsource: S\ndefaults: {function: holding, type: uint32, word_order: little}\nregisters:\n"
IMPORT = "- {name: import, address: 0x10, quantity: energy_import, unit: kWh, scale: 0.1}\n"


@pytest.mark.parametrize("name", known_maps())
def test_every_map_that_ships_loads_and_names_its_source(name: str) -> None:
    register_map = load_map(name)

    assert register_map.name == name
    assert register_map.source


def test_the_sdm630_is_read_in_two_blocks_of_at_most_80_registers() -> None:
    found = blocks(load_map("eastron-sdm630"))

    assert [(block.address, block.word_count) for block in found] == [(0, 18), (52, 24)]


def test_defaults_hold_for_every_register_and_scale_is_exact() -> None:
    (register,) = parse_map(HEAD + IMPORT, name="mine").registers

    assert (register.function, register.type, register.word_order) == (
        Function.HOLDING,
        WordType.UINT32,
        WordOrder.LITTLE,
    )
    assert (register.address, register.scale) == (16, Fraction(1, 10))


def test_a_map_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + IMPORT, encoding="utf-8")

    assert load_map(str(path)).registers[0].quantity is Quantity.ENERGY_IMPORT


@pytest.mark.parametrize("name", ["eastron-sdm360", "../maps/eastron-sdm630", "/etc/passwd", ""])
def test_an_unknown_map_lists_the_known_ones(name: str) -> None:
    with pytest.raises(WrongSettings, match="eastron-sdm630") as refused:
        load_map(name)

    assert refused.value.path == ("map",)


def test_a_close_name_is_suggested() -> None:
    with pytest.raises(WrongSettings, match="did you mean 'eastron-sdm630'"):
        load_map("eastron-sdm360")


def test_a_file_that_is_not_there_is_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="cannot be read"):
        load_map(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "mapping"),
        ("{title: [", "line 2"),
        (HEAD, "registers must be a list"),
        (HEAD + "- {name: u, address: 0, quantity: voltage, unit: V, phase: L1}", "energy_import"),
        (HEAD + IMPORT + "- {name: u, adr: 0, quantity: voltage, unit: V}", "'u'.*'adr'"),
        (HEAD + IMPORT + "- {name: u, quantity: voltage, unit: V}", "'u'.*'address' is missing"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: voltage, unit: A}", "'u'.*no unit 'A'"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: volts, unit: V}", "'u'.*'volts' is not one of"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: voltage, unit: V, phase: L4}", "'u'.*no phase 'L4'"),
        (HEAD + IMPORT + "- {name: u, address: 70000, quantity: voltage, unit: V}", "'u'.*0 to 65535"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: voltage, unit: V, scale: 0}", "'u'.*must not be 0"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: voltage, unit: V, scale: x}", "'u'"),
        (HEAD + IMPORT + "- {name: u, address: 0, quantity: voltage, unit: V, scale: 1/0}", "'u'"),
        (HEAD + IMPORT + "- {name: u, address: 0x11, quantity: voltage, unit: V}", "overlap at 0x0011"),
        (HEAD + IMPORT + "- {name: again, address: 0, quantity: energy_import, unit: Wh}", "measure the same"),
        ("max_block_words: 200\n" + HEAD + IMPORT, "max_block_words must be"),
        ("colour: red\n" + HEAD + IMPORT, "'colour'"),
    ],
)
def test_a_mistake_in_a_map_is_named(text: str, complaint: str) -> None:
    with pytest.raises(WrongSettings, match=f"map mine: .*{complaint}"):
        parse_map(text, name="mine")


def test_everything_a_register_can_say_is_read() -> None:
    text = """
title: T
models: [M1, M2]
source: S
serial: {baudrate: 19200, parity: E}
identity: {function: holding, address: 0x31, type: string, words: 20, starts_with: [M1]}
registers:
- {name: i, address: 1, type: int64, quantity: energy_import, unit: Wh, byte_order: little, sign: absolute,
   scale_register: 9, not_available: [1, 2]}
"""

    found = parse_map(text, name="mine")

    (register,) = found.registers
    assert (register.byte_order, register.sign, register.scale_register) == (ByteOrder.LITTLE, Sign.ABSOLUTE, 9)
    assert register.not_available == (1, 2)
    assert (found.models, found.serial) == (("M1", "M2"), SerialDefaults(baudrate=19200, parity="E", stopbits=1))
    assert found.identity is not None
    assert (found.identity.words, found.identity.starts_with) == (20, ("M1",))


@pytest.mark.parametrize(
    ("kind", "word", "pattern"),
    [
        ("int16", "highest", 0x7FFF),
        ("uint16", "highest", 0xFFFF),
        ("int32", "highest", 0x7FFFFFFF),
        ("uint64", "highest", 0xFFFFFFFFFFFFFFFF),
        ("int16", "lowest", 0x8000),
        ("int64", "lowest", 0x8000000000000000),
        ("uint32", "lowest", 0),
    ],
)
def test_the_usual_patterns_for_no_value_have_names(kind: str, word: str, pattern: int) -> None:
    entry = f"- {{name: i, address: 1, type: {kind}, quantity: energy_import, unit: Wh, not_available: {word}}}"

    (register,) = parse_map(f"title: T\nsource: S\nregisters:\n{entry}", name="mine").registers

    assert register.not_available == (pattern,)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("identity: {function: holding, address: 1}\n", "identity: 'type' is missing"),
        ("identity: {function: holding, address: 1, type: uint16, between: [1]}\n", "identity"),
        ("identity: {function: holding, address: 1, type: string, starts_with: B23}\n", "identity: starts_with"),
        ("identity: [1]\n", "identity: expected a mapping"),
        ("serial: {baudrate: 9600, parity: X}\n", "parity is N, E or O"),
        ("models: B23\n", "models must be a list"),
    ],
)
def test_a_mistake_beside_the_registers_is_named(text: str, complaint: str) -> None:
    with pytest.raises(WrongSettings, match=f"map mine: .*{complaint}"):
        parse_map(text + HEAD + IMPORT, name="mine")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ("quantity: exponent, unit: '1'", "'exponent' is not one of"),
        ("quantity: energy_import, unit: Wh, sign: upside_down", "'upside_down' is not one of"),
        ("quantity: energy_import, unit: Wh, not_available: 0x1FFFFFFFF", "not_available must be"),
        ("quantity: energy_import, unit: Wh, scale_register: -1", "scale_register must be"),
        ("quantity: energy_import, unit: Wh, byte_order: middle", "'middle' is not one of"),
    ],
)
def test_a_mistake_in_the_newer_keys_is_named(keys: str, complaint: str) -> None:
    with pytest.raises(WrongSettings, match=f"map mine: register 'i': {complaint}"):
        parse_map(HEAD + f"- {{name: i, address: 1, {keys}}}", name="mine")
