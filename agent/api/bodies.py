"""The bodies of the simulator's controls."""

from enum import StrEnum
from typing import Annotated

from agent.api.body_rules import Range, Text
from agent.frozen import dataclass
from agent.station.faults import Fault


class TokenType(StrEnum):
    """IdTokenEnumType of 2.0.1, without NoAuthorization, which nobody can hold before a reader."""

    CENTRAL = "Central"
    EMAID = "eMAID"
    ISO14443 = "ISO14443"
    ISO15693 = "ISO15693"
    KEY_CODE = "KeyCode"
    LOCAL = "Local"
    MAC_ADDRESS = "MacAddress"


@dataclass(frozen=True, slots=True)
class NoFields:
    """Nothing is to be told: no body, or an empty object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvBody:
    """What changes about the car; null or left out stays. Current per phase; `ignores_offer` is a car out of order."""

    wants_energy: bool | None = None
    max_current_a: Annotated[float, Range(0, 80)] | None = None
    phases: Annotated[int, Range(1, 3)] | None = None
    battery_kwh: Annotated[float, Range(0.1, 1000)] | None = None
    soc_percent: Annotated[float, Range(0, 100)] | None = None
    ignores_offer: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultBody:
    """A fault to switch on or off."""

    fault: Fault
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBody:
    """A token held before a reader: that of `evse_id`, or the station's own where it is null."""

    id_token: Annotated[str, Text(1, 36)]  # 2.0.1 IdTokenType.idToken: at most 36 characters
    type: TokenType = TokenType.ISO14443
    evse_id: Annotated[int, Range(1, 999)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBody:
    """Whether the station's network works."""

    online: bool
