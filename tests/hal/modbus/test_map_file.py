"""Register maps from YAML: those that ship, and mistakes in one's own."""

from fractions import Fraction
from pathlib import Path

import pytest

from hal.errors import WrongSettings
from hal.modbus.map_file import known_maps, load_map, parse_map
from hal.modbus.registers import Quantity, blocks
from hal.modbus.words import Function, WordOrder, WordType

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
