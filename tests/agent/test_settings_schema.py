import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from agent.errors import SettingsError
from agent.settings import parse_text
from agent.settings_nodes import ListNode, MapNode, Node, Problems
from agent.settings_schema import as_text, station_schema
from agent.settings_yaml import read_nodes

CONFIG = Path(__file__).parents[2] / "config"
FILES = tuple(sorted(file.name for file in CONFIG.glob("*.yaml")))


def accepts(content: Any) -> bool:
    return bool(jsonschema_rs.Draft202012Validator(station_schema()).is_valid(content))


def good() -> dict[str, Any]:
    return {
        "station": {"identity": "CP1", "vendor": "Example", "model": "Solo"},
        "csms": {"url": "ws://127.0.0.1:9000/ocpp"},
        "evses": [{"id": 1, "connectors": [{"id": 1}], "hal": {"driver": "sim"}}],
    }


def keys_in(node: Node, path: str = "") -> set[str]:
    if isinstance(node, ListNode):
        return {key for item in node.items for key in keys_in(item, path)}
    if not isinstance(node, MapNode):
        return set()
    found: set[str] = set()
    for key, value in node.entries:
        found |= {f"{path}.{key.text}"} | keys_in(value, f"{path}.{key.text}")
    return found


def keys_of(schema: dict[str, Any], path: str = "") -> set[str]:
    found: set[str] = set()
    for name, inner in schema.get("properties", {}).items():
        found |= {f"{path}.{name}"} | keys_of(inner.get("items", inner), f"{path}.{name}")
    return found


def test_the_schema_in_config_is_current() -> None:
    # if not: python -m agent.settings_schema > config/station.schema.json
    assert (CONFIG / "station.schema.json").read_text() == as_text(station_schema())


def test_the_schema_is_a_schema() -> None:
    assert jsonschema_rs.meta.is_valid(station_schema())


def test_the_module_prints_the_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.settings_schema"], cwd=CONFIG.parent, check=True, capture_output=True
    )

    assert json.loads(done.stdout) == station_schema()


@pytest.mark.parametrize("name", FILES)
def test_the_files_in_config_fit_the_schema(name: str) -> None:
    assert accepts(yaml.safe_load((CONFIG / name).read_text()))


def test_every_file_in_config_is_tested() -> None:
    assert sorted(file.name for file in CONFIG.glob("*.yaml")) == sorted(FILES)


def test_sim_yaml_has_every_key() -> None:
    root = read_nodes((CONFIG / "sim.yaml").read_text(), file="sim.yaml", problems=Problems())
    assert root is not None

    assert keys_of(station_schema()) - keys_in(root) == set()


def test_every_line_of_sim_yaml_says_what_it_means() -> None:
    lines = [line for line in (CONFIG / "sim.yaml").read_text().splitlines() if line and not line.startswith("#")]

    assert [line for line in lines if " # " not in line and not re.fullmatch(r"[a-z_]+:", line)] == []


BAD: list[tuple[tuple[str | int, ...], Any]] = [
    (("station", "identity"), "a:b"),
    (("station", "identity"), 1),
    (("station", "model"), "m" * 21),
    (("station", "colour"), "red"),
    (("csms", "url"), "http://x"),
    (("csms", "ocpp_versions"), []),
    (("csms", "ocpp_versions"), ["ocpp2.0"]),
    (("csms", "security_profile"), 4),
    (("csms", "call_timeout_s"), "30"),
    (("csms", "tls"), []),
    (("csms", "tls"), {"ca": "x"}),
    (("evses",), []),
    (("evses", 0, "id"), 0),
    (("evses", 0, "connectors"), [{"id": 1}, {"id": 1}]),
    (("evses", 0, "connectors", 0, "max_current_a"), 320),
    (("evses", 0, "connectors", 0, "type"), "type2"),
    (("evses", 0, "hal"), {}),
    (("evses", 0, "hal"), {"metre": {"driver": "sim"}}),
    (("evses", 0, "hal"), {"meter": {"port": "x"}}),
    (("evses", 0, "hal"), {"faults": [{}]}),
    (("evses", 0, "meter_failure"), None),
    (("token_readers",), {"driver": "x"}),
    (("token_readers",), [{"evses": [1]}]),
    (("grid",), {"max_current_a": 1}),
    (("local_api",), {"port": 70000}),
    (("logging",), {"level": "info"}),
    (("ocpp_variables",), {"A.B": [1]}),
    (("colour",), "red"),
]


@pytest.mark.parametrize(("path", "value"), BAD)
def test_schema_and_agent_refuse_the_same(path: tuple[str | int, ...], value: Any) -> None:
    content: Any = good()
    at = content
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    assert not accepts(content)
    with pytest.raises(SettingsError):
        parse_text(yaml.safe_dump(content), environ={})


GOOD: list[tuple[str, Any]] = [
    ("grid", {"max_current_a": None}),
    ("grid", {"max_current_a": 63.5, "phases": 3}),
    ("token_readers", [{"driver": "usb-hid", "device": "/dev/x", "evses": [1]}]),
    ("ocpp_variables", {"HeartbeatInterval": 300, "A.B": True, "C": "x"}),
    ("logging", {"json": None, "level": "DEBUG"}),
    ("storage", {"path": "/var/lib/x", "max_mb": 64}),
    ("evses", [{"id": 1, "connectors": [{}], "hal": {"driver": "sim", "meter": {"driver": "x", "port": "y"}}}]),
    ("evses", [{"id": 1, "connectors": [{}], "hal": {"faults": [{"driver": "x"}], "pilot": {"driver": "y"}}}]),
]


@pytest.mark.parametrize(("section", "value"), GOOD)
def test_schema_and_agent_accept_the_same(section: str, value: Any) -> None:
    content = {**good(), section: value}

    assert accepts(content)
    assert parse_text(yaml.safe_dump(content), environ={}).station.identity == "CP1"


def test_a_password_is_marked_as_one() -> None:
    described = station_schema()["properties"]["csms"]["properties"]["basic_auth_password"]

    assert described["writeOnly"] is True
    assert described["type"] == ["string", "null"]
