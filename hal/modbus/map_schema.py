"""The JSON Schema of a register map, for editors: made from what the reader of maps accepts."""

import json
from enum import StrEnum
from typing import Any

from hal.modbus.identity import LONGEST_TEXT_WORDS, IdentityType
from hal.modbus.map_file import (
    DEFAULT_KEYS,
    HIGHEST,
    IDENTITY_KEYS,
    LOWEST,
    MAP_KEYS,
    REGISTER_KEYS,
    SERIAL_KEYS,
)
from hal.modbus.registers import MAX_WORDS_PER_READ, MEASURED, PHASES, UNITS, Sign
from hal.modbus.words import ByteOrder, Function, WordOrder, WordType

Schema = dict[str, Any]

_ADDRESS: Schema = {"type": "integer", "minimum": 0, "maximum": 0xFFFF}


def map_schema() -> Schema:
    """The schema as a JSON document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Register map of a Modbus meter",
        **_mapping(_of_map(), MAP_KEYS, required=("title", "source", "registers")),
        "$defs": {"register": _register()},
    }


def as_text() -> str:
    """The schema as it stands in config/meter-map.schema.json."""
    return json.dumps(map_schema(), indent=2) + "\n"


def _of_map() -> Schema:
    return {
        "title": {"type": "string", "description": "Maker and model."},
        "models": _texts("The models that this map is for."),
        "source": {"type": "string", "description": "Where the addresses are from."},
        "serial": {
            "description": "How the meter leaves its factory; a search begins there.",
            **_mapping(
                {
                    "baudrate": {"type": "integer", "minimum": 300, "maximum": 4_000_000},
                    "parity": {"enum": ["N", "E", "O"], "default": "N"},
                    "stopbits": {"enum": [1, 2], "default": 1},
                },
                SERIAL_KEYS,
                required=("baudrate",),
            ),
        },
        "identity": {
            "description": "Where the meter says what it is, and what stands there.",
            **_mapping(_of_identity(), IDENTITY_KEYS, required=("function", "address", "type")),
        },
        "max_block_words": {
            "type": "integer",
            "minimum": 4,
            "maximum": MAX_WORDS_PER_READ,
            "default": MAX_WORDS_PER_READ,
            "description": "Most registers the meter answers in one read.",
        },
        "max_gap_words": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_WORDS_PER_READ,
            "default": 16,
            "description": "How far apart registers may be to be read together.",
        },
        "defaults": {
            "description": "What holds for every register that does not say otherwise.",
            **_mapping(_of_default(), DEFAULT_KEYS),
        },
        "registers": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/register"}},
    }


def _of_default() -> Schema:
    return {
        "function": {**_one_of(Function), "default": "input", "description": "input: function code 4; holding: 3."},
        "type": _one_of(WordType),
        "word_order": {**_one_of(WordOrder), "default": "big", "description": "big: most significant word first."},
        "byte_order": {**_one_of(ByteOrder), "default": "big", "description": "Of the bytes within a word."},
        "scale": {
            "type": ["number", "string"],
            "default": 1,
            "description": "What a number is multiplied with to be in `unit`; exact, 0.1 is a tenth, 1/3 a third.",
        },
        "sign": {
            **_one_of(Sign),
            "default": "keep",
            "description": "invert: the meter counts the other way; absolute: only the size counts.",
        },
        "scale_register": {
            **_ADDRESS,
            "description": "Where the power of ten stands that the value is scaled by (int16, same function).",
        },
        "not_available": {
            "oneOf": [
                {"enum": [HIGHEST, LOWEST]},
                {"type": "integer", "minimum": 0},
                {"type": "array", "items": {"type": "integer", "minimum": 0}},
            ],
            "description": "Patterns that mean no value; highest and lowest are those of the type.",
        },
    }


def _register() -> Schema:
    properties = {
        "name": {"type": "string"},
        "address": {**_ADDRESS, "description": "The one on the wire, from 0: a manual's 30073 is 72."},
        "quantity": {"enum": [quantity.value for quantity in MEASURED]},
        "unit": {"type": "string"},
        "phase": {"enum": list(PHASES), "description": "Left out: the total."},
        **_of_default(),
    }
    units = [
        {
            "if": {"properties": {"quantity": {"const": quantity.value}}, "required": ["quantity"]},
            "then": {"properties": {"unit": {"enum": list(UNITS[quantity])}}},
        }
        for quantity in MEASURED
    ]
    return {
        **_mapping(properties, REGISTER_KEYS, required=("name", "address", "quantity", "unit")),
        "allOf": units,
    }


def _of_identity() -> Schema:
    return {
        "function": _one_of(Function),
        "address": _ADDRESS,
        "type": _one_of(IdentityType),
        "words": {"type": "integer", "minimum": 1, "maximum": LONGEST_TEXT_WORDS, "default": 1},
        "starts_with": _texts("With type string: how the text may begin; case does not matter."),
        "between": {
            "type": "array",
            "items": _ADDRESS,
            "minItems": 2,
            "maxItems": 2,
            "description": "With type uint16: the lowest and the highest number of this model.",
        },
    }


def _mapping(properties: Schema, keys: tuple[str, ...], *, required: tuple[str, ...] = ()) -> Schema:
    # In the order of the reader's own list: a key it knows and the schema does not, is a KeyError in every test.
    return {
        "type": "object",
        "properties": {key: properties[key] for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }


def _one_of(kind: type[StrEnum]) -> Schema:
    return {"enum": [one.value for one in kind]}


def _texts(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string", "minLength": 1}, "description": description}
