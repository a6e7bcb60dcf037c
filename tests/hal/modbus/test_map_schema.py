"""The schema that editors use agrees with the reader."""

from typing import Any

import fastjsonschema
import pytest
import yaml

from hal.errors import WrongSettings
from hal.modbus.map_file import MAPS, known_maps, parse_map
from hal.modbus.map_schema import as_text, map_schema

GOOD: dict[str, Any] = {
    "title": "T",
    "source": "S",
    "registers": [{"name": "import", "address": 1, "type": "uint32", "quantity": "energy_import", "unit": "kWh"}],
}


@pytest.fixture(scope="module")
def validate() -> Any:
    # fastjsonschema knows drafts up to 7; nothing here needs a later one.
    draft_7 = {**map_schema(), "$schema": "http://json-schema.org/draft-07/schema#"}
    return fastjsonschema.compile(draft_7, use_default=False)


@pytest.mark.parametrize("name", known_maps())
def test_every_map_that_ships_is_valid(validate: Any, name: str) -> None:
    validate(yaml.safe_load((MAPS / f"{name}.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"registers": []},
        {"max_block_words": 200},
        {"identity": {"function": "coil", "address": 1, "type": "uint16"}},
        {"serial": {"baudrate": 9600, "parity": "X"}},
        {"defaults": {"word_order": "middle"}},
        {"registers": [{**GOOD["registers"][0], "unit": "V"}]},
        {"registers": [{**GOOD["registers"][0], "address": 70000}]},
        {"registers": [{**GOOD["registers"][0], "quantity": "exponent"}]},
        {"registers": [{**GOOD["registers"][0], "not_available": "middle"}]},
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(validate: Any, wrong: dict[str, Any]) -> None:
    document = {**GOOD, **wrong}

    with pytest.raises(fastjsonschema.JsonSchemaException):
        validate(document)
    with pytest.raises(WrongSettings):
        parse_map(yaml.safe_dump(document), name="mine")


def test_the_good_one_is_good_for_both(validate: Any) -> None:
    validate(GOOD)

    assert parse_map(yaml.safe_dump(GOOD), name="mine").title == "T"


def test_the_text_ends_with_a_newline_as_files_do() -> None:
    assert as_text().endswith("}\n")
