"""Which adapter and which schemas belong to the sub-protocol that the handshake agreed on."""

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from agent.errors import SettingsError
from agent.frozen import dataclass
from agent.ocpp.adapter import Adapter, Topology
from agent.ocpp.errors import Version


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """One row: `adapter` is "module:factory", imported when it is first spoken."""

    version: Version
    adapter: str


SUBPROTOCOLS: Mapping[str, Subprotocol] = MappingProxyType(
    {
        "ocpp1.6": Subprotocol(Version.V16, "agent.ocpp.v16.adapter:Adapter16"),
        "ocpp2.0.1": Subprotocol(Version.V201, "agent.ocpp.v201.adapter:Adapter201"),
        "ocpp2.1": Subprotocol(Version.V21, "agent.ocpp.v201.adapter:Adapter21"),
    }
)
"""Names as registered with IANA (OCPP-J 2.0.1 and 2.1 section 3.1.2)."""


def schema_version(subprotocol: str) -> Version:
    """The version whose frames and schemas are spoken. Raises SettingsError for a name not in the table."""
    return _row(subprotocol).version


def adapter_for(subprotocol: str, topology: Topology) -> Adapter:
    """The translator of one version for this station. Raises SettingsError for a name not in the table."""
    module, factory = _row(subprotocol).adapter.split(":")
    make = cast("Callable[[Topology], Adapter]", getattr(importlib.import_module(module), factory))
    return make(topology)


def _row(subprotocol: str) -> Subprotocol:
    row = SUBPROTOCOLS.get(subprotocol)
    if row is None:
        raise SettingsError(f"ocpp_versions: {subprotocol!r} is not spoken here; use one of {', '.join(SUBPROTOCOLS)}")
    return row
