import re
from dataclasses import is_dataclass

import pytest

from agent.settings import parse_text
from agent.settings_hints import Shape, fields_of, options_of, plain, shape_of
from agent.settings_keys import IDENTITY, Settings, all_simulated
from agent.settings_nodes import MapNode

ONE = """\
station: {identity: CP1, vendor: Example, model: Solo}
csms: {url: ws://127.0.0.1/ocpp}
evses: [{id: 1, connectors: [{}], hal: {driver: HAL}}]
"""


def sections(cls: type) -> list[type]:
    found = [cls]
    for _, hint in fields_of(cls):
        inner = hint.__args__[0] if shape_of(hint) is Shape.LIST else hint
        options = options_of(inner) if shape_of(inner) is Shape.UNION else (inner,)
        found += [one for option in options if shape_of(option) is Shape.SECTION for one in sections(plain(option))]
    return found


def test_every_key_says_what_it_means() -> None:
    undocumented = [
        f"{cls.__name__}.{one.name}"
        for cls in sections(Settings)
        for one, _ in fields_of(cls)
        if not one.metadata.get("doc")
    ]

    assert undocumented == []
    assert all(is_dataclass(cls) for cls in sections(Settings))
    assert len(sections(Settings)) == 12


@pytest.mark.parametrize("identity", ["CP001", "*-_=+|@.", "x" * 48, "DE*ICE*E1234567*1"])
def test_an_identity_of_the_characters_ocpp_allows_is_one(identity: str) -> None:
    assert re.fullmatch(IDENTITY, identity)


@pytest.mark.parametrize("identity", ["", "x" * 49, "a:b", "a b", "a/b", "é", "a\n"])
def test_an_identity_of_other_characters_is_none(identity: str) -> None:
    assert not re.fullmatch(IDENTITY, identity)


@pytest.mark.parametrize(
    ("driver", "simulated"), [("sim", True), ("sim-fast", True), ("simple", False), ("gpio", False)]
)
def test_a_station_is_simulated_when_every_driver_is(driver: str, simulated: bool) -> None:
    made = parse_text(ONE.replace("HAL", driver), environ={})

    assert made.is_simulated is simulated


def test_a_real_reader_makes_a_station_real() -> None:
    text = f"{ONE.replace('HAL', 'sim')}token_readers: [{{driver: usb-hid}}]\n"

    made = parse_text(text, environ={})

    assert not made.is_simulated
    assert all_simulated(made.evses, ())


def test_settings_carry_the_tree_they_were_read_from() -> None:
    made = parse_text(ONE.replace("HAL", "sim"), file="etc/station.yaml", environ={})

    assert isinstance(made.source.root, MapNode)
    assert made.source.locate("csms.url") == "etc/station.yaml:2:13"
