"""What must fit together in station.yaml: rules that look at more than one value, or at the files it names."""

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agent.clock import zone_of
from agent.errors import SettingsError
from agent.settings_drivers import TokenReaderSettings
from agent.settings_keys import (
    CsmsSettings,
    EvseSettings,
    GridSettings,
    LocalApiSettings,
    SimulationSettings,
    StationSettings,
    TlsSettings,
    all_simulated,
)
from agent.settings_parse import Checks, Finding

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

SHORTEST_PASSWORD: Final = 16
LONGEST_PASSWORD: Final = 40
"""A00.FR.205, A00.FR.304 of 2.0.1; the 1.6 security whitepaper has the same."""

_MOST_VENDOR_16: Final = 20  # BootNotification.req chargePointVendor: CiString20

_KEY_16 = r"[A-Za-z0-9_-]{1,50}"  # configuration keys are CiString50
_NAME = r"[^.\[\]\s][^.\[\]]*(\[[^\]]+\])?"
_VARIABLE = re.compile(rf"{_KEY_16}|{_NAME}\.{_NAME}")


def check_csms(csms: CsmsSettings) -> Iterator[Finding]:
    """URL, security profile, password and certificates must tell the same story."""
    yield from _check_url(csms)
    duplicates = [version for version, count in Counter(csms.ocpp_versions).items() if count > 1]
    if duplicates:
        yield Finding(("ocpp_versions",), f"{duplicates[0]} is listed twice; list each version once")
    yield from _check_scheme(csms)
    yield from _check_password(csms)
    if csms.security_profile == 3:
        for name in ("client_cert_file", "client_key_file"):
            if getattr(csms.tls, name) is None:  # A00.FR.401
                yield Finding(("tls", name), "missing; security profile 3 needs the station's certificate and its key")


def _check_url(csms: CsmsSettings) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    path = ("url",)
    try:
        parts = urlsplit(csms.url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        yield Finding(path, f"not an address: {error}; give ws://host:port/path or wss://host:port/path")
        return
    if any(letter.isspace() or not letter.isprintable() for letter in csms.url):
        yield Finding(path, "an address holds no blanks; remove them or write %20")
    if not host:
        yield Finding(path, "names no host; give ws://host:port/path or wss://host:port/path")
    if parts.username is not None or parts.password is not None:
        yield Finding(path, "holds a user name or password; put the password in csms.basic_auth_password_file")
    if "?" in csms.url or "#" in csms.url:
        yield Finding(path, "holds ? or #; the identity is appended to the path, so the address must end with it")


def _check_scheme(csms: CsmsSettings) -> Iterator[Finding]:
    is_tls, profile = csms.url.startswith("wss://"), csms.security_profile
    if is_tls and profile == 1:
        message = "1 is a password without TLS, but csms.url begins with wss://; give 2 for TLS and password"
        yield Finding(("security_profile",), message)
    elif not is_tls and profile >= 2:
        message = f"{profile} needs TLS, but csms.url begins with ws://; give a wss:// address"
        yield Finding(("security_profile",), message)
    if is_tls and profile == 0:
        message = "0 with wss://: the CSMS cannot tell who connects; profile 2 adds a password"
        yield Finding(("security_profile",), message, is_warning=True)
    if not is_tls and not _is_local(csms.url):  # A00.FR.206
        yield Finding(("url",), "ws:// is readable for everybody on the way; use wss:// or a VPN", is_warning=True)


def _is_local(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def _check_password(csms: CsmsSettings) -> Iterator[Finding]:
    inline, file = csms.basic_auth_password, csms.basic_auth_password_file
    if inline is not None:
        message = "a password in this file is read by whoever reads the file; use csms.basic_auth_password_file"
        yield Finding(("basic_auth_password",), message, is_warning=True)
        if file is not None:
            yield Finding(("basic_auth_password",), "a password and a password file; remove one of them")
    given = "basic_auth_password_file" if file is not None else "basic_auth_password"
    if inline is None and file is None:
        if csms.security_profile in {1, 2}:
            message = f"missing; security profile {csms.security_profile} needs a password: name a file that holds it"
            yield Finding(("basic_auth_password_file",), message)
        return
    if csms.security_profile == 0:
        yield Finding((given,), "a password is given, but security profile 0 sends none; give profile 1 or 2")
    elif csms.security_profile == 3:
        yield Finding((given,), "security profile 3 sends no password; this one is not used", is_warning=True)
    if file is not None:
        unusable = list(_check_file(file, ("basic_auth_password_file",), is_secret=True))
        yield from unusable
        if any(not finding.is_warning for finding in unusable):
            return
    yield from _check_password_length(csms, given)


def _check_password_length(csms: CsmsSettings, given: str) -> Iterator[Finding]:
    try:
        password = csms.read_password()
    except SettingsError as error:
        yield Finding((given,), str(error))
        return
    length = len(password.reveal()) if password is not None else 0
    if length == 0:
        yield Finding((given,), "the password is empty; give one of 16 to 40 characters")
    elif not SHORTEST_PASSWORD <= length <= LONGEST_PASSWORD:
        message = f"the password has {length} characters; OCPP asks for {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
        yield Finding((given,), message, is_warning=True)


def check_tls(tls: TlsSettings) -> Iterator[Finding]:
    """The files must be there; a key must not be everybody's."""
    for name in ("ca_file", "client_cert_file", "manufacturer_ca_file", "v2g_ca_file"):
        yield from _check_file(getattr(tls, name), (name,))
    for name in ("client_key_file", "client_key_password_file"):
        yield from _check_file(getattr(tls, name), (name,), is_secret=True)
    if (tls.client_cert_file is None) != (tls.client_key_file is None):
        lacking = "client_key_file" if tls.client_key_file is None else "client_cert_file"
        yield Finding((lacking,), "missing; a certificate and its key go together")
    if tls.client_key_password_file is not None and tls.client_key_file is None:
        yield Finding(("client_key_password_file",), "a password for no key; name the key in client_key_file")
    if not tls.verify_hostname:
        message = "false: whoever holds any trusted certificate can pose as the CSMS"
        yield Finding(("verify_hostname",), message, is_warning=True)


def _check_file(file: Path | None, path: tuple[str, ...], *, is_secret: bool = False) -> Iterator[Finding]:
    if file is None:
        return
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        yield Finding(path, f"{file}: no such file; check the name (relative to the folder of this file)")
        return
    except (OSError, ValueError) as error:
        yield Finding(path, f"{file}: cannot be read: {error}")
        return
    if not stat.S_ISREG(mode):
        yield Finding(path, f"{file}: is not a regular file; name a file")
    elif not os.access(file, os.R_OK):
        yield Finding(path, f"{file}: may not be read by this user; check its owner and mode")
    elif is_secret and mode & stat.S_IROTH:
        yield Finding(path, f"{file}: everybody on this system can read it; chmod o-r", is_warning=True)


def check_local_api(local_api: LocalApiSettings) -> Iterator[Finding]:
    """It has no password."""
    if local_api.enabled and local_api.host not in LOOPBACK:
        message = f"{local_api.host} is not this machine, and the API has no password; give 127.0.0.1, ::1 or localhost"
        yield Finding(("host",), message)


def check_evses(evses: tuple[EvseSettings, ...]) -> Iterator[Finding]:
    """EVSEs are numbered from 1 without a gap (2.0.1 part 1, numbering of EVSEs)."""
    seen: dict[int, int] = {}
    for index, evse in enumerate(evses):
        if evse.id in seen:
            yield Finding((index, "id"), f"{evse.id} is the id of evses[{seen[evse.id]}] too; give each EVSE its own")
        elif evse.id > len(evses):
            message = f"{evse.id} leaves a gap; number the EVSEs 1 to {len(evses)}"
            yield Finding((index, "id"), message)
        seen.setdefault(evse.id, index)


def check_grid(grid: GridSettings, evses: tuple[EvseSettings, ...]) -> Iterator[Finding]:
    """No connector can have more phases than the supply."""
    for index, evse in enumerate(evses):
        if evse.connector.phases > grid.phases:
            message = f"{evse.connector.phases} phases, but the supply (grid.phases) has {grid.phases}; correct one"
            yield Finding(("evses", index, "connectors", 0, "phases"), message)


def check_readers(readers: tuple[TokenReaderSettings, ...], evses: tuple[EvseSettings, ...]) -> Iterator[Finding]:
    """A reader stands at EVSEs that exist."""
    known = {evse.id for evse in evses}
    for index, reader in enumerate(readers):
        for at, evse_id in enumerate(reader.evses):
            if evse_id not in known:
                ids = ", ".join(str(one) for one in sorted(known))
                yield Finding((index, "evses", at), f"there is no EVSE {evse_id}; give some of {ids}")


def check_simulation(
    simulation: SimulationSettings, evses: tuple[EvseSettings, ...], readers: tuple[TokenReaderSettings, ...]
) -> Iterator[Finding]:
    """Time runs faster only where nothing is real."""
    if simulation.speed != 1.0 and not all_simulated(evses, readers):
        message = "only a station whose drivers are all simulated can change the speed of time; remove it"
        yield Finding(("speed",), message)


def check_station(station: StationSettings) -> Iterator[Finding]:
    """The time zone is one that this system knows."""
    try:
        zone_of(station.time_zone)
    except ValueError as error:
        yield Finding(("time_zone",), f"{error}; give a name such as Europe/Amsterdam, or UTC")


def check_vendor(station: StationSettings, csms: CsmsSettings) -> Iterator[Finding]:
    """OCPP 1.6 has less room for the vendor's name."""
    if "ocpp1.6" in csms.ocpp_versions and len(station.vendor) > _MOST_VENDOR_16:
        message = f"{len(station.vendor)} characters, but OCPP 1.6 allows {_MOST_VENDOR_16}; shorten it"
        yield Finding(("vendor",), message)


def check_variables(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Names look like variables, and none is there twice: case does not count in them."""
    seen: dict[str, str] = {}
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            message = "not a variable's name; give Component.Variable, Component[instance].Variable or an OCPP 1.6 key"
            yield Finding((name,), message)
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield Finding((name,), f"the same variable as {first}; remove one of them")


SECTION_CHECKS: Final[Checks] = {
    StationSettings: check_station,
    CsmsSettings: check_csms,
    TlsSettings: check_tls,
    LocalApiSettings: check_local_api,
}
"""What is looked at as soon as one section is read."""

_Check = tuple[tuple[str, ...], Callable[..., Iterable[Finding]], str]

WHOLE_CHECKS: Final[tuple[_Check, ...]] = (
    (("evses",), check_evses, "evses"),
    (("grid", "evses"), check_grid, ""),
    (("token_readers", "evses"), check_readers, "token_readers"),
    (("simulation", "evses", "token_readers"), check_simulation, "simulation"),
    (("station", "csms"), check_vendor, "station"),
    (("ocpp_variables",), check_variables, "ocpp_variables"),
)
"""Sections that must be free of mistakes, what looks at them, and the section its paths begin in."""


def check_whole(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Run every check whose sections could be read."""
    for sections, check, prefix in WHOLE_CHECKS:
        if all(section in values for section in sections):
            for finding in check(*(values[section] for section in sections)):
                path = (prefix, *finding.path) if prefix else finding.path
                yield Finding(path, finding.message, finding.is_warning)
