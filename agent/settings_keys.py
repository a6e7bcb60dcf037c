"""Every key of station.yaml: its type, default, limits and meaning. The JSON Schema is made of the same."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final, Literal

from agent.errors import Problem, SettingsError
from agent.frozen import dataclass
from agent.log import Secret
from agent.settings_drivers import HalParts, TokenReaderSettings
from agent.settings_nodes import KeyPath, Node, find, keys_of, path_text

OcppVersion = Literal["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]
"""The WebSocket subprotocols on offer, as IANA lists them."""

ConnectorType = Literal[
    "cCCS1", "cCCS2", "cG105", "cTesla", "cType1", "cType2", "s309-1P-16A", "s309-1P-32A", "s309-3P-16A",
    "s309-3P-32A", "sBS1361", "sCEE-7-7", "sType2", "sType3", "Other1PhMax16A", "Other1PhOver16A", "Other3Ph",
    "Pan", "wInductive", "wResonant", "Undetermined", "Unknown",
]  # fmt: skip
"""ConnectorEnumType, 2.0.1 part 2."""

IDENTITY: Final = r"[A-Za-z0-9*\-_=+|@.]{1,48}"
"""identifierString without the colon that ends a user name (2.0.1 part 4; 2.0.1 part 2, primitive data types)."""


def key(doc: str, **rules: Any) -> dict[str, Any]:  # noqa: ANN401 - limits, patterns and the like
    """The metadata of a field; see agent.settings_parse for the rules."""
    return {"doc": doc, **rules}


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What the station is, as it tells the CSMS."""

    identity: str = field(
        metadata=key(
            "the name the CSMS knows this station by; ends the URL and is the user name",
            pattern=IDENTITY,
            pattern_says="1 to 48 letters, digits or * - _ = + | @ .",
        )
    )
    vendor: str = field(metadata=key("who made it; at most 20 characters under OCPP 1.6", pattern=r".+", longest=50))
    model: str = field(metadata=key("the maker's name for this kind of station", pattern=r".+", longest=20))
    serial_number: str | None = field(default=None, metadata=key("the station's serial number", longest=25))
    firmware_version: str | None = field(
        default=None, metadata=key("the version told to the CSMS; null for the agent's own", longest=50)
    )
    time_zone: str = field(
        default="UTC",
        metadata=key("where it stands, as Europe/Amsterdam: recurring charging profiles keep their local time there"),
    )


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files in PEM format that seed the certificate store; names are relative to this file's folder."""

    ca_file: Path | None = field(
        default=None, metadata=key("root certificates that may sign the CSMS; null for the system's own")
    )
    client_cert_file: Path | None = field(default=None, metadata=key("the station's own certificate with its chain"))
    client_key_file: Path | None = field(default=None, metadata=key("the private key of client_cert_file"))
    client_key_password_file: Path | None = field(
        default=None, metadata=key("a file holding the password of client_key_file")
    )
    manufacturer_ca_file: Path | None = field(default=None, metadata=key("root certificates that may sign firmware"))
    v2g_ca_file: Path | None = field(default=None, metadata=key("root certificates of ISO 15118"))
    verify_hostname: bool = field(
        default=True, metadata=key("whether the CSMS's certificate must be for the host of the URL")
    )


@dataclass(frozen=True, slots=True)
class ReconnectSettings:
    """Waits between connection attempts: the first defaults of RetryBackOffWaitMinimum and its kin."""

    minimum_s: int = field(default=2, metadata=key("the first wait", minimum=1, maximum=3600, unit="s"))
    random_range_s: int = field(
        default=10, metadata=key("the largest random time added to each wait", minimum=0, maximum=3600, unit="s")
    )
    repeat_times: int = field(default=4, metadata=key("how often the wait doubles", minimum=0, maximum=16))


@dataclass(frozen=True, slots=True)
class CsmsSettings:
    """How the CSMS is reached."""

    url: str = field(
        metadata=key(
            "where the CSMS listens; the identity is appended",
            pattern=r"wss?://.+",
            pattern_says="a ws:// or wss:// address",
        )
    )
    ocpp_versions: tuple[OcppVersion, ...] = field(
        default=("ocpp2.0.1", "ocpp1.6"), metadata=key("the OCPP versions, offered in this order", fewest=1)
    )
    security_profile: int = field(
        default=0,
        metadata=key("0 none, 1 password, 2 TLS and password, 3 TLS with a certificate of ours", minimum=0, maximum=3),
    )
    basic_auth_password_file: Path | None = field(
        default=None, metadata=key("a file holding the password; null for the systemd credential basic_auth_password")
    )
    basic_auth_password: Secret | None = field(
        default=None, metadata=key("the password itself; better in a file of its own", longest=64)
    )
    tls: TlsSettings = field(default=TlsSettings(), metadata=key("certificates and keys"))
    call_timeout_s: float = field(
        default=30.0, metadata=key("how long an answer of the CSMS is waited for", minimum=1, maximum=600, unit="s")
    )
    ping_interval_s: int = field(
        default=30,
        metadata=key("time between WebSocket pings, 0 for none", minimum=0, maximum=3600, unit="s"),
    )
    reconnect: ReconnectSettings = field(default=ReconnectSettings(), metadata=key("waits between connection attempts"))

    def read_password(self) -> Secret | None:
        """The password of profiles 1 and 2, from its file or inline. Raises SettingsError if the file is unreadable."""
        if self.basic_auth_password_file is None:
            return self.basic_auth_password
        try:
            return Secret(self.basic_auth_password_file.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{self.basic_auth_password_file}: the password cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """The one socket or cable of an EVSE."""

    id: int = field(default=1, metadata=key("its number within the EVSE", minimum=1, maximum=1))
    type: ConnectorType = field(default="sType2", metadata=key("what is plugged here; c for a cable, s for a socket"))
    # IEC 61851-1 annex A: a pilot can offer 6 to 80 A
    max_current_a: float = field(
        default=32.0, metadata=key("ampacity of the installation, per phase", minimum=6, maximum=80, unit="A")
    )
    phases: int = field(default=3, metadata=key("phases wired to it", minimum=1, maximum=3))
    lock: bool = field(default=False, metadata=key("whether a motor can lock the plug"))


@dataclass(frozen=True, slots=True)
class EvseSettings:
    """One EVSE: it charges one vehicle at a time."""

    id: int = field(metadata=key("its number, counted from 1 without a gap", minimum=1, maximum=99))
    connectors: tuple[ConnectorSettings, ...] = field(
        metadata=key("exactly one for now; make a further socket an EVSE of its own", fewest=1, most=1)
    )
    hal: HalParts = field(metadata=key("the drivers of its parts, or one driver for all of them"))
    meter_failure: Literal["end", "continue"] = field(
        default="end", metadata=key("what becomes of a transaction whose meter fails")
    )
    priority: int = field(
        default=0, metadata=key("the highest is served first where grid.sharing is priority", minimum=0, maximum=99)
    )

    @property
    def connector(self) -> ConnectorSettings:
        """The one connector."""
        return self.connectors[0]


@dataclass(frozen=True, slots=True)
class GridSettings:
    """The supply that all EVSEs share."""

    max_current_a: float | None = field(
        default=None,
        metadata=key(
            "what all EVSEs together may draw, per phase; null for no limit", minimum=6, maximum=10_000, unit="A"
        ),
    )
    phases: int = field(default=3, metadata=key("phases of the supply", minimum=1, maximum=3))
    voltage_v: float = field(
        default=230.0,
        metadata=key(
            "nominal voltage from phase to neutral, by which limits in watts become amperes",
            minimum=100,
            maximum=300,
            unit="V",
        ),
    )
    sharing: Literal["equal", "first-come", "priority"] = field(
        default="equal", metadata=key("who is served first where there is not enough current for all EVSEs")
    )
    min_pause_s: int = field(
        default=60,
        metadata=key("a charge paused for want of current is not resumed before", minimum=0, maximum=3600, unit="s"),
    )


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where state and unsent messages are kept."""

    path: Path = field(
        default=Path("/var/lib/evse-agent"), metadata=key("a folder on a disk that survives a power cut")
    )
    max_mb: int = field(default=64, metadata=key("how large it may grow", minimum=4, maximum=65_536, unit="MB"))


@dataclass(frozen=True, slots=True)
class LocalApiSettings:
    """Status and metrics for this machine; there is no password, so only loopback addresses are allowed."""

    enabled: bool = field(default=True, metadata=key("whether to serve it"))
    host: str = field(
        default="127.0.0.1",
        metadata=key("the address to listen on", pattern=r"[^\s/]+", pattern_says="a host name or IP address"),
    )
    port: int = field(default=8080, metadata=key("the TCP port, 0 for any free one", minimum=0, maximum=65_535))


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Only for a station whose drivers are all simulated."""

    speed: float = field(
        default=1.0, metadata=key("how many times faster than real its time runs", minimum=0.1, maximum=1000)
    )


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = field(
        default="INFO", metadata=key("the least important kind of event that is logged")
    )
    json: bool | None = field(
        default=None, metadata=key("one JSON object a line; null for JSON unless a terminal is attached")
    )


@dataclass(frozen=True, slots=True)
class Source:
    """The file behind the settings."""

    file: str
    root: Node = field(repr=False)

    def locate(self, path: KeyPath | str) -> str:
        """file:line:column of a key, or of the nearest one above it that the file holds."""
        return str(find(self.root, keys_of(path) if isinstance(path, str) else path)[0])


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole station.yaml."""

    station: StationSettings = field(metadata=key("what the station is"))
    csms: CsmsSettings = field(metadata=key("how the CSMS is reached"))
    evses: tuple[EvseSettings, ...] = field(metadata=key("the EVSEs", fewest=1, most=99))
    token_readers: tuple[TokenReaderSettings, ...] = field(default=(), metadata=key("RFID readers and the like"))
    grid: GridSettings = field(default=GridSettings(), metadata=key("the supply that all EVSEs share"))
    storage: StorageSettings = field(default=StorageSettings(), metadata=key("where state is kept"))
    local_api: LocalApiSettings = field(default=LocalApiSettings(), metadata=key("status and metrics for the site"))
    simulation: SimulationSettings = field(default=SimulationSettings(), metadata=key("only where all is simulated"))
    logging: LoggingSettings = field(default=LoggingSettings(), metadata=key("what is logged, and how"))
    ocpp_variables: Mapping[str, str] = field(
        default_factory=dict,
        repr=False,  # SecurityCtrlr.BasicAuthPassword may be among them
        metadata=key(
            "first values of OCPP variables, by Component.Variable or by their OCPP 1.6 key",
            as_written=True,
            pattern_says="a text, number or boolean; a list is one text with commas",
        ),
    )
    source: Source = field(kw_only=True, metadata={"internal": True})
    warnings: tuple[Problem, ...] = field(default=(), metadata={"internal": True})

    @property
    def is_simulated(self) -> bool:
        """Whether every driver is one of the simulator's."""
        return all_simulated(self.evses, self.token_readers)

    def locate(self, path: KeyPath | str) -> str:
        """file:line:column of a path, `("evses", 0, "hal")` or `evses[0].hal`, or of what is nearest above it."""
        return self.source.locate(path)

    def problem(self, path: KeyPath | str, message: str) -> Problem:
        """A mistake at a path, found by a later check, in the same form as those found here."""
        return Problem(self.locate(path), path if isinstance(path, str) else path_text(path), message)


def all_simulated(evses: tuple[EvseSettings, ...], token_readers: tuple[TokenReaderSettings, ...]) -> bool:
    """Whether every driver named is one of the simulator's."""
    names = [node.driver for evse in evses for node in evse.hal.nodes] + [reader.hal.driver for reader in token_readers]
    return all(name == "sim" or name.startswith("sim-") for name in names)
