"""From the agreed sub-protocol to adapter and schemas."""

import subprocess
import sys

import pytest

from agent.errors import SettingsError
from agent.ocpp.adapter import Topology
from agent.ocpp.errors import Version
from agent.ocpp.negotiate import SUBPROTOCOLS, adapter_for, schema_version

TOPOLOGY = Topology(((1, (1,)),))


@pytest.mark.parametrize("subprotocol", SUBPROTOCOLS)
def test_each_sub_protocol_has_an_adapter_of_its_name(subprotocol: str) -> None:
    assert adapter_for(subprotocol, TOPOLOGY).subprotocol == subprotocol


def test_each_sub_protocol_has_its_schemas() -> None:
    assert schema_version("ocpp1.6") is Version.V16
    assert schema_version("ocpp2.0.1") is Version.V201
    assert schema_version("ocpp2.1") is Version.V21


def test_a_name_that_is_not_spoken_is_refused_with_the_choice() -> None:
    with pytest.raises(SettingsError, match=r"ocpp1\.5.*ocpp1\.6, ocpp2\.0\.1"):
        schema_version("ocpp1.5")
    with pytest.raises(SettingsError):
        adapter_for("", TOPOLOGY)


def test_no_adapter_is_imported_before_it_is_spoken() -> None:
    code = "import sys, agent.ocpp.negotiate; print([m for m in sys.modules if m.startswith(('agent.ocpp.v', 'ocpp'))])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout.strip() == "[]"
