"""station.yaml as frozen settings: read once, checked as a whole, every mistake told in one go.

settings = load(Path("/etc/evse-agent/station.yaml"))
for warning in settings.warnings: ...
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from agent.errors import Problem, SettingsError
from agent.settings_checks import SECTION_CHECKS, check_whole
from agent.settings_drivers import ALL, PARTS, HalNode, HalParts, TokenReaderSettings
from agent.settings_hints import fields_of
from agent.settings_keys import (
    ConnectorSettings,
    CsmsSettings,
    EvseSettings,
    GridSettings,
    LocalApiSettings,
    LoggingSettings,
    OcppVersion,
    ReconnectSettings,
    Settings,
    SimulationSettings,
    Source,
    StationSettings,
    StorageSettings,
    TlsSettings,
)
from agent.settings_nodes import Kind, MapNode, Problems, Scalar, find, is_null
from agent.settings_parse import Parser, parse_into
from agent.settings_yaml import read_nodes, read_text, shown_file

__all__ = [
    "ALL",
    "PARTS",
    "ConnectorSettings",
    "CsmsSettings",
    "EvseSettings",
    "GridSettings",
    "HalNode",
    "HalParts",
    "LocalApiSettings",
    "LoggingSettings",
    "OcppVersion",
    "ReconnectSettings",
    "Settings",
    "SimulationSettings",
    "StationSettings",
    "StorageSettings",
    "TlsSettings",
    "TokenReaderSettings",
    "load",
    "parse_into",
    "parse_text",
]

CREDENTIAL = "basic_auth_password"
"""The systemd credential that holds the password where station.yaml names no file (systemd.exec(5))."""


def load(path: Path, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in a file. Raises SettingsError whose `problems` (and lines) are all its mistakes."""
    return parse_text(read_text(path), file=str(path), environ=environ)


def parse_text(text: str, *, file: str = "station.yaml", environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in a text; `file` names it in messages, and names in it are relative to that file's folder."""
    problems = Problems()
    root = read_nodes(text, file=file, problems=problems)
    if root is None or is_null(root):
        problems.raise_if_any()
        raise SettingsError(
            problems=[Problem(shown_file(file), "", "is empty; copy a file from config/ to begin with")]
        )
    if isinstance(root, MapNode):
        root = _with_credential(root, environ)
    parser = Parser(problems, checks=SECTION_CHECKS)
    values = parser.values(Settings, root, ())
    if isinstance(values, dict):
        present = {key.text for key, _ in root.entries} if isinstance(root, MapNode) else set()
        for finding in check_whole({**_defaults(left_out=present), **values}):
            where, _ = find(root, finding.path)
            (parser.warnings if finding.is_warning else problems).add(where, finding.path, finding.message)
    problems.raise_if_any()
    if not isinstance(values, dict):  # never: a root that is no mapping is a problem
        raise SettingsError(f"{shown_file(file)}: cannot be read")
    return Settings(**values, source=Source(shown_file(file), root), warnings=parser.warnings.listed())


def _defaults(*, left_out: set[str]) -> dict[str, Any]:
    """The defaults of the sections that the file does not mention."""
    defaults: dict[str, Any] = {}
    for one, _ in fields_of(Settings):
        if one.name not in left_out and one.default is not MISSING:
            defaults[one.name] = one.default
    return defaults


def _with_credential(root: MapNode, environ: Mapping[str, str]) -> MapNode:
    """The tree with the password file that systemd hands over, where a password is needed and none is named."""
    csms, folder = root.get("csms"), environ.get("CREDENTIALS_DIRECTORY")
    if not isinstance(csms, MapNode) or not folder:
        return root
    given = [csms.get(name) for name in ("basic_auth_password_file", "basic_auth_password")]
    profile = csms.get("security_profile")
    file = Path(folder) / CREDENTIAL
    is_needed = isinstance(profile, Scalar) and profile.text in {"1", "2"}
    if not is_needed or any(node is not None and not is_null(node) for node in given) or not file.is_file():
        return root
    entry = (
        Scalar("basic_auth_password_file", Kind.TEXT, is_plain=True, where=csms.where),
        Scalar(str(file), Kind.TEXT, is_plain=True, where=csms.where),
    )
    rest = csms.without("basic_auth_password_file")
    filled = MapNode((*rest.entries, entry), csms.where)
    return MapNode(tuple((key, filled if key.text == "csms" else value) for key, value in root.entries), root.where)
