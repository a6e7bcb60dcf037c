"""A station.yaml for a simulated charger, written from a few choices."""

import json
from collections.abc import Sequence
from pathlib import Path

from agent.frozen import dataclass
from agent.settings import Settings, parse_text


@dataclass(frozen=True, slots=True)
class SimulatedStation:
    """What may be chosen; a 22 kW station of the demo's kind. `ocpp` names sub-protocols, in the order of offer."""

    url: str
    identity: str
    ocpp: Sequence[str]
    evses: int = 1
    speed: float = 1.0
    api_port: int | None = None
    password_file: Path | None = None
    sim: dict[str, object] | None = None
    """Settings of the `sim` driver, such as battery_kwh."""
    variables: dict[str, str] | None = None
    log_level: str = "INFO"

    def settings(self) -> Settings:
        """The parsed station. Raises SettingsError for a choice that is none."""
        return parse_text(self.text(), file="simulated station")

    def text(self) -> str:
        """The station.yaml (JSON is YAML)."""
        profile = 0
        if self.password_file is not None:
            profile = 2 if self.url.startswith("wss:") else 1
        return json.dumps(
            {
                "station": {
                    "identity": self.identity,
                    "vendor": "evse-agent",
                    "model": "Simulated-22kW",
                    "serial_number": f"SIM-{self.identity}"[:25],
                },
                "csms": {
                    "url": self.url,
                    "ocpp_versions": list(self.ocpp),
                    "security_profile": profile,
                    "basic_auth_password_file": str(self.password_file) if self.password_file else None,
                },
                "evses": [
                    {
                        "id": number,
                        "connectors": [{"id": 1, "lock": True}],
                        "hal": {"driver": "sim", **(self.sim or {})},
                    }
                    for number in range(1, self.evses + 1)
                ],
                "token_readers": [{"driver": "sim-reader"}],
                "local_api": {"enabled": self.api_port is not None, "port": self.api_port or 0},
                "simulation": {"speed": self.speed},
                "logging": {"level": self.log_level},
                "ocpp_variables": self.variables or {},
            },
            indent=1,
        )
