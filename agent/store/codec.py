"""Frozen dataclasses to JSON text and back, by their type hints.

Enums travel as their values, tuples and frozensets as arrays, times as ISO 8601. A member of a union of
dataclasses carries its class name under "type". Unknown keys are ignored and missing ones take their defaults,
so a newer agent reads what an older one stored. Each class is compiled once, when it is first used.
Classes in ROWS are stored by the dozen: they travel as arrays of their fields.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from operator import attrgetter
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from agent.errors import StoreError
from agent.station.samples import Quantity

TAG = "type"
ROWS: frozenset[type] = frozenset({Quantity})
"""Stored as arrays: fields may be appended (with defaults), never moved or removed. Their fields are plain or text."""

Convert = Callable[[Any], Any]

_PLAIN: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (float, int),
    str: (str,),
    bool: (bool,),
    types.NoneType: (types.NoneType,),
}
# ASCII only: a lone surrogate in a vendor's text would be refused by SQLite.
_to_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


class CodecError(StoreError):
    """Stored text that does not fit the type asked for."""


class Codec:
    """Text of one type: a dataclass, a union of them, or anything built of what the module's docstring names."""

    __slots__ = ("_decode", "_encode", "_form")

    def __init__(self, form: Any) -> None:
        self._form = form
        self._encode: Convert | None = None
        self._decode: Convert | None = None

    def encode(self, value: object) -> str:
        """JSON text in ASCII; TypeError for a type that cannot be stored."""
        if self._encode is None:
            self._encode = _encoder(self._form) or _same
        return _to_text(self._encode(value))

    def decode(self, text: str) -> Any:
        """The value; CodecError where the text does not fit."""
        if self._decode is None:
            self._decode = _decoder(self._form)
        try:
            return self._decode(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CodecError(f"stored text is no {self._form}: {type(error).__name__}") from error


def _same(value: Any) -> Any:
    return value


_encoders: dict[Any, Convert | None] = {}
_decoders: dict[Any, Convert] = {}


def _encoder(form: Any) -> Convert | None:
    """How to make JSON data of this type; None where it is JSON data already."""
    if form not in _encoders:
        _encoders[form] = _new_encoder(form)
    return _encoders[form]


def _new_encoder(form: Any) -> Convert | None:
    if isinstance(form, NewType):
        return _encoder(form.__supertype__)
    if form in _PLAIN:
        return None
    if _is_union(form):
        return _union_encoder(form)
    if isinstance(form, type) and get_origin(form) is None:
        return _class_encoder(form)
    return _generic_encoder(form)


def _generic_encoder(form: Any) -> Convert | None:
    origin = get_origin(form)
    if origin is tuple:
        return _tuple_encoder(get_args(form))
    if origin is frozenset:
        return _set_encoder(_encoder(get_args(form)[0]))
    if origin in (dict, Mapping):
        return _mapping_encoder(form)
    raise TypeError(f"{form!r} cannot be stored")


def _class_encoder(form: type) -> Convert | None:
    if issubclass(form, Enum):
        # json writes the text of a StrEnum and the number of an IntEnum by itself.
        return None if issubclass(form, str | int) else attrgetter("value")
    if form in ROWS:
        return _row_encoder(form)
    if is_dataclass(form):
        return _dataclass_encoder(form)
    if issubclass(form, datetime):
        return datetime.isoformat
    if issubclass(form, timedelta):
        return timedelta.total_seconds
    raise TypeError(f"{form!r} cannot be stored")


def _is_union(form: Any) -> bool:
    return isinstance(form, types.UnionType) or get_origin(form) is Union


def _members(form: Any) -> tuple[list[type], list[Any]]:
    """The dataclasses of a union, and its other members that need converting (not None and plain types)."""
    members = get_args(form)
    classes = [each for each in members if is_dataclass(each) and isinstance(each, type)]
    others = [each for each in members if each not in classes and each not in _PLAIN]
    if len(others) > 1 or (others and classes):
        raise TypeError(f"{form!r} cannot be told apart when read back")
    if len(classes) > 1 and (clash := [each for each in classes if TAG in {one.name for one in fields(each)}]):
        raise TypeError(f"{clash[0].__name__} has a field {TAG!r} and cannot be a member of {form!r}")
    return classes, others


def _union_encoder(form: Any) -> Convert | None:
    classes, others = _members(form)
    if len(classes) == 1:
        return _or_plain({classes[0]: _dataclass_encoder(classes[0])})
    if classes:
        return _or_plain({each: _dataclass_encoder(each, tag=each.__name__) for each in classes})
    convert = _encoder(others[0]) if others else None
    if convert is None:
        return None
    encode = convert

    def optional(value: Any) -> Any:
        return None if value is None else encode(value)

    return optional


def _or_plain(table: Mapping[type, Convert]) -> Convert:
    def encode(value: Any) -> Any:
        convert = table.get(type(value))
        if convert is not None:
            return convert(value)
        if type(value) in _PLAIN:
            return value
        raise TypeError(f"{type(value).__name__} is no member of this union")

    return encode


def _dataclass_encoder(form: Any, *, tag: str | None = None) -> Convert:
    names = tuple(each.name for each in fields(form))
    hints = get_type_hints(form)
    converts = [(name, convert) for name in names if (convert := _encoder(hints[name])) is not None]
    start: dict[str, Any] = {} if tag is None else {TAG: tag}
    read = _field_reader(names)

    def encode(value: Any) -> dict[str, Any]:
        data = start.copy()
        data.update(zip(names, read(value), strict=True))
        for name, convert in converts:
            inner = data[name]
            if inner is not None:
                data[name] = convert(inner)
        return data

    return encode


def _row_encoder(form: Any) -> Convert:
    hints = get_type_hints(form)
    names = tuple(each.name for each in fields(form))
    if any(_encoder(hints[name]) is not None for name in names):
        raise TypeError(f"{form.__name__} has a field that JSON does not know, so it cannot be a row")
    return _field_reader(names)


def _field_reader(names: tuple[str, ...]) -> Convert:
    """All fields of an object as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _tuple_encoder(args: tuple[Any, ...]) -> Convert | None:
    if len(args) == 2 and args[1] is ...:
        convert = _encoder(args[0])
        if convert is None:
            return None
        each_alike = convert
        return lambda value: [each_alike(each) for each in value]
    converts = [_encoder(each) or _same for each in args]
    return lambda value: [convert(each) for convert, each in zip(converts, value, strict=True)]


def _set_encoder(convert: Convert | None) -> Convert:
    def encode(value: Any) -> list[Any]:
        # In a fixed order, so that equal values have equal texts.
        return sorted((value if convert is None else map(convert, value)), key=_to_text)

    return encode


def _mapping_encoder(form: Any) -> Convert | None:
    key, item = get_args(form)
    if key is not str:
        raise TypeError(f"{form!r} needs text as keys")
    convert = _encoder(item) or _same
    return lambda value: {name: convert(each) for name, each in value.items()}


def _decoder(form: Any) -> Convert:
    """How to read this type from JSON data; its ValueError or TypeError becomes a CodecError."""
    if form not in _decoders:
        _decoders[form] = _new_decoder(form)
    return _decoders[form]


def _new_decoder(form: Any) -> Convert:
    if isinstance(form, NewType):
        return _decoder(form.__supertype__)
    if form in _PLAIN:
        return _plain_decoder(_PLAIN[form])
    if _is_union(form):
        return _union_decoder(form)
    if isinstance(form, type) and get_origin(form) is None:
        return _class_decoder(form)
    return _generic_decoder(form)


def _generic_decoder(form: Any) -> Convert:
    origin = get_origin(form)
    if origin is tuple:
        return _tuple_decoder(get_args(form))
    if origin is frozenset:
        member = _decoder(get_args(form)[0])
        return lambda data: frozenset(map(member, data))
    if origin in (dict, Mapping):
        item = _decoder(get_args(form)[1])
        return lambda data: {name: item(each) for name, each in data.items()}
    raise TypeError(f"{form!r} cannot be stored")


def _class_decoder(form: type) -> Convert:
    if issubclass(form, Enum):
        return form
    if form in ROWS:
        return _row_decoder(form)
    if is_dataclass(form):
        return _dataclass_decoder(form)
    if issubclass(form, datetime):
        return datetime.fromisoformat
    if issubclass(form, timedelta):
        return lambda data: timedelta(seconds=data)
    raise TypeError(f"{form!r} cannot be stored")


def _plain_decoder(allowed: tuple[type, ...]) -> Convert:
    def decode(data: Any) -> Any:
        if type(data) not in allowed:
            raise TypeError(f"{type(data).__name__} where {allowed[0].__name__} was expected")
        return data

    return decode


def _union_decoder(form: Any) -> Convert:
    classes, others = _members(form)
    plain = _plain_decoder(
        tuple(kind for member in get_args(form) if member in _PLAIN for kind in _PLAIN[member]) or (types.NoneType,)
    )
    if classes:
        table = {each.__name__: _decoder(each) for each in classes}
        # Text from before the union had a second member has no tag.
        untagged = table[classes[0].__name__]

        def decode(data: Any) -> Any:
            if type(data) is not dict:
                return plain(data)
            return (untagged if len(table) == 1 or TAG not in data else table[data[TAG]])(data)

        return decode
    if others:
        only = _decoder(others[0])
        return lambda data: None if data is None else only(data)
    return plain


def _tuple_decoder(args: tuple[Any, ...]) -> Convert:
    if len(args) == 2 and args[1] is ...:
        member = _decoder(args[0])
        return lambda data: tuple(map(member, data))
    converts = [_decoder(each) for each in args]
    return lambda data: tuple(convert(each) for convert, each in zip(converts, data, strict=True))


def _dataclass_decoder(form: Any) -> Convert:
    hints = get_type_hints(form)
    converts = [(each.name, _decoder(hints[each.name])) for each in fields(form)]
    needed = {each.name for each in fields(form) if _has_no_default(each)}

    def decode(data: Any) -> Any:
        if type(data) is not dict:
            raise TypeError(f"{type(data).__name__} where {form.__name__} was expected")
        values = {name: convert(data[name]) for name, convert in converts if name in data}
        if not needed <= values.keys():
            raise ValueError(f"{form.__name__} lacks {sorted(needed - values.keys())}")
        return form(**values)

    return decode


def _row_decoder(form: Any) -> Convert:
    hints = get_type_hints(form)
    converts = [_decoder(hints[each.name]) for each in fields(form)]

    def decode(data: Any) -> Any:
        if type(data) is not list:
            raise TypeError(f"{type(data).__name__} where the fields of {form.__name__} were expected")
        # Fields that only a newer agent knows are left out; the class itself misses those that it needs.
        return form(*(convert(each) for convert, each in zip(converts, data, strict=False)))

    return decode


def _has_no_default(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
