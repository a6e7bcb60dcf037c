from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Moment
from agent.station.facts import (
    EnergySampled,
    Fact,
    IdleMeterSampled,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from agent.station.id_token import IdToken
from agent.station.samples import Measurand, Quantity
from agent.station.state import EvseRecord, StationRecord
from agent.station.variable import VariableKey
from agent.store.codec import Codec, CodecError

# Any text that Python can hold, lone surrogates included: a vendor's text may hold them.
TEXT = st.text(st.characters(), max_size=20)
FLOATS = st.floats(allow_nan=False)
WHENS = st.datetimes(timezones=st.just(UTC))
MOMENTS = st.builds(Moment, wall=WHENS, mono_s=FLOATS, boot=TEXT, wall_known=st.booleans())

for _type, _strategy in ((str, TEXT), (float, FLOATS), (datetime, WHENS), (Moment, MOMENTS)):
    st.register_type_strategy(_type, _strategy)

FACTS = st.one_of(
    st.builds(TransactionStarted),
    st.builds(TransactionUpdated),
    st.builds(EnergySampled),
    st.builds(TransactionEnded),
    st.builds(IdleMeterSampled),
)


class Colour(StrEnum):
    RED = "Red"


class Size(Enum):
    SMALL = 1


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    size: Size = Size.SMALL


@dataclass(frozen=True, slots=True)
class Twig:
    colours: frozenset[Colour] = frozenset()
    pair: tuple[int, str] = (1, "one")
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    leaf: Leaf | None = None
    part: Leaf | Twig | None = None
    notes: dict[str, int] | None = None
    parts: tuple[Leaf | Twig, ...] = ()
    number: int | float | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    type: str


@given(FACTS)
def test_every_fact_comes_back_as_it_was(fact: Fact) -> None:
    codec = Codec(Fact)

    read = codec.decode(codec.encode(fact))

    assert type(read) is type(fact)
    assert read == fact


@given(st.builds(EvseRecord))
def test_an_evse_record_comes_back_as_it_was(record: EvseRecord) -> None:
    codec = Codec(EvseRecord)

    assert codec.decode(codec.encode(record)) == record


@given(st.builds(VariableKey) | st.builds(StationRecord))
def test_other_stored_dataclasses_come_back_as_they_were(value: VariableKey | StationRecord) -> None:
    codec = Codec(type(value))

    assert codec.decode(codec.encode(value)) == value


def test_a_token_keeps_its_case_and_type() -> None:
    codec = Codec(IdToken)

    read = codec.decode(codec.encode(IdToken("AbC", "eMAID")))

    assert (read.value, read.type) == ("AbC", "eMAID")


@given(st.builds(Tree))
def test_containers_enums_and_unions_come_back_as_they_were(tree: Tree) -> None:
    codec = Codec(Tree)

    assert codec.decode(codec.encode(tree)) == tree


def test_equal_sets_have_equal_texts() -> None:
    codec = Codec(frozenset[str])

    assert codec.encode(frozenset("abcdef")) == codec.encode(frozenset("fedcba")) == '["a","b","c","d","e","f"]'


def test_text_is_ascii_even_for_a_lone_surrogate() -> None:
    codec = Codec(Leaf)

    text = codec.encode(Leaf("\ud800ü"))

    assert text.isascii()
    assert codec.decode(text).name == "\ud800ü"


def test_unknown_keys_are_ignored() -> None:
    assert Codec(Leaf).decode('{"name":"oak","age":7}') == Leaf("oak")


def test_missing_keys_take_their_defaults() -> None:
    assert Codec(Tree).decode("{}") == Tree()


def test_a_member_stored_before_its_field_became_a_union_is_still_read() -> None:
    assert Codec(Tree).decode('{"part":{"name":"oak"}}') == Tree(part=Leaf("oak"))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"name":7}',
        '{"name":"oak","size":9}',
        '{"name":null}',
    ],
)
def test_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        Codec(Leaf).decode(text)


def test_a_quantity_is_stored_as_a_row_whose_order_is_for_ever() -> None:
    codec = Codec(Quantity)
    quantity = Quantity(Measurand.VOLTAGE, 231.5, "V", "L1-N", "Inlet")

    assert codec.encode(quantity) == '["Voltage",231.5,"V","L1-N","Inlet"]'
    assert codec.decode('["Voltage",231.5,"V"]') == Quantity(Measurand.VOLTAGE, 231.5, "V")
    assert codec.decode('["Voltage",231.5,"V",null,"Outlet","of a newer agent"]') == Quantity(
        Measurand.VOLTAGE, 231.5, "V"
    )


@pytest.mark.parametrize(
    "text", ["[]", '["Voltage",1]', '["Volts",1,"V"]', '{"measurand":"Voltage"}', '["Voltage","1","V"]']
)
def test_a_row_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        Codec(Quantity).decode(text)


def test_an_unknown_member_of_a_union_is_refused() -> None:
    with pytest.raises(CodecError):
        Codec(Fact).decode('{"type":"NeverHeardOf"}')


def test_a_number_is_no_boolean() -> None:
    with pytest.raises(CodecError):
        Codec(StationRecord).decode('{"operative":1}')


def test_a_value_that_is_no_member_of_the_union_is_not_stored() -> None:
    with pytest.raises(TypeError):
        Codec(Fact).encode(Leaf("oak"))


@pytest.mark.parametrize("form", [object, list[int], Leaf | Tagged, dict[int, str], datetime | timedelta])
def test_a_type_that_could_not_be_read_back_is_refused(form: object) -> None:
    with pytest.raises(TypeError):
        Codec(form).encode(None)
