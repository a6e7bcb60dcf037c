"""From settings to parts: what is built of hardware, device model and link, with errors that name the line."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.clock import zone_of
from agent.errors import Problem, SettingsError
from agent.frozen import dataclass
from agent.ocpp.adapter import StationIdentity, Topology
from agent.ocpp.handshake import LinkSettings
from agent.settings import Settings
from agent.settings_drivers import SEVERAL, HalNode
from agent.settings_keys import EvseSettings
from agent.settings_nodes import KeyPath
from agent.smart_charging.share import Policy
from agent.station import standard_variables as variables
from agent.station.device_model import DeviceModel, VariableKey, parse_key
from agent.station.state import EvseConfig, StationConfig
from hal.board import EvseParts, EvseSpec, PartSpec, ReaderDriver, build_evse, build_reader
from hal.errors import WrongSettings
from hal.parts import Clock
from hal.registry import SharedDevices, settings_class

AGENT_VERSION = "0.1.0"
NOMINAL_V = 230.0


@dataclass(frozen=True, slots=True)
class ReaderPlan:
    """A token reader to be built: its driver and the EVSEs it serves (none: all)."""

    name: str
    spec: PartSpec
    evse_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an agent is made of, checked."""

    settings: Settings
    identity: StationIdentity
    topology: Topology
    config: StationConfig
    model: DeviceModel
    evses: tuple[EvseSpec, ...]
    readers: tuple[ReaderPlan, ...]


def make_plan(settings: Settings) -> Plan:
    """Check and translate settings. Raises SettingsError with every mistake, each with file and line."""
    problems: list[Problem] = []
    evses = tuple(_evse_spec(settings, evse, problems) for evse in settings.evses)
    readers = tuple(
        ReaderPlan(name=f"reader {number}", spec=spec, evse_ids=reader.evses)
        for number, reader in enumerate(settings.token_readers, start=1)
        if (spec := _part(settings, reader.hal, problems)) is not None
    )
    topology = Topology(tuple((evse.id, (evse.connector.id,)) for evse in settings.evses))
    model = _model(settings, topology, problems)
    if problems or model is None:
        raise SettingsError(problems=tuple(problems))
    station = settings.station
    return Plan(
        settings=settings,
        identity=StationIdentity(
            vendor=station.vendor,
            model=station.model,
            serial_number=station.serial_number,
            firmware_version=station.firmware_version or AGENT_VERSION,
        ),
        topology=topology,
        config=_station_config(settings),
        model=model,
        evses=evses,
        readers=readers,
    )


def _station_config(settings: Settings) -> StationConfig:
    return StationConfig(
        evses=tuple(
            EvseConfig(
                evse_id=evse.id,
                connector_ids=(evse.connector.id,),
                max_current_a=evse.connector.max_current_a,
                phases=evse.connector.phases,
                has_lock=evse.connector.lock,
                priority=evse.priority,
                energy_without_meter=evse.meter_failure == "continue",
            )
            for evse in settings.evses
        ),
        grid_max_current_a=settings.grid.max_current_a,
        grid_phases=settings.grid.phases,
        grid_voltage_v=settings.grid.voltage_v,
        sharing=Policy(settings.grid.sharing),
        min_pause_s=settings.grid.min_pause_s,
        time_zone=zone_of(settings.station.time_zone),
    )


def _evse_spec(settings: Settings, evse: EvseSettings, problems: list[Problem]) -> EvseSpec:
    parsed = [(node.part, _part(settings, node, problems)) for node in evse.hal.nodes]
    made = [(part, spec) for part, spec in parsed if spec is not None]
    return EvseSpec(
        evse_id=evse.id,
        max_current_a=evse.connector.max_current_a,
        phases=evse.connector.phases,
        parts={part: spec for part, spec in made if part not in SEVERAL},
        several=tuple((part, spec) for part, spec in made if part in SEVERAL),
    )


def _part(settings: Settings, node: HalNode, problems: list[Problem]) -> PartSpec | None:
    """A driver's settings, parsed; None with its problems noted."""
    try:
        return PartSpec(node.driver, node.parse(settings_class(node.driver)))
    except WrongSettings as error:
        problems.append(settings.problem((*node.path, *(error.path or ("driver",))), str(error)))
    except SettingsError as error:
        problems.extend(error.problems)
    return None


def _model(settings: Settings, topology: Topology, problems: list[Problem]) -> DeviceModel | None:
    """The device model with station.yaml's values."""
    station, csms = settings.station, settings.csms
    overrides: dict[VariableKey | str, str] = {
        variables.IDENTITY: station.identity,
        variables.STATION_VENDOR: station.vendor,
        variables.STATION_MODEL: station.model,
        variables.STATION_SERIAL_NUMBER: station.serial_number or "",
        variables.STATION_FIRMWARE_VERSION: station.firmware_version or AGENT_VERSION,
        variables.STATION_SUPPLY_PHASES: str(settings.grid.phases),
        variables.SECURITY_PROFILE: str(csms.security_profile),
        variables.MESSAGE_TIMEOUT: str(round(csms.call_timeout_s)),
        variables.WEB_SOCKET_PING_INTERVAL: str(csms.ping_interval_s),
        variables.RETRY_BACK_OFF_WAIT_MINIMUM: str(csms.reconnect.minimum_s),
        variables.RETRY_BACK_OFF_RANDOM_RANGE: str(csms.reconnect.random_range_s),
        variables.RETRY_BACK_OFF_REPEAT_TIMES: str(csms.reconnect.repeat_times),
    }
    limits: dict[VariableKey, float] = {}
    for evse in settings.evses:
        connector = evse.connector
        overrides[VariableKey("EVSE", "SupplyPhases", evse_id=evse.id)] = str(connector.phases)
        overrides[VariableKey("Connector", "SupplyPhases", evse_id=evse.id, connector_id=connector.id)] = str(
            connector.phases
        )
        overrides[VariableKey("Connector", "ConnectorType", evse_id=evse.id, connector_id=connector.id)] = (
            connector.type
        )
        limits[VariableKey("EVSE", "Power", evse_id=evse.id)] = connector.max_current_a * connector.phases * NOMINAL_V
    model = DeviceModel.build(topology.evses, overrides, limits=limits)
    return _with_configured(settings, settings.ocpp_variables, model, problems)


def _with_configured(
    settings: Settings, configured: Mapping[str, str], model: DeviceModel, problems: list[Problem]
) -> DeviceModel:
    """The values of `ocpp_variables`, by Component.Variable or by 1.6 key."""
    for name, value in configured.items():
        try:
            model = model.with_value(*_variable(name, value))
        except ValueError as error:
            problems.append(settings.problem(("ocpp_variables", name), str(error)))
    return model


def _variable(name: str, value: str) -> tuple[VariableKey, str]:
    """The variable and value that a line of `ocpp_variables` means. Raises ValueError."""
    if "." in name:
        return parse_key(name), value
    from agent.ocpp.v16.config_keys import station_key, station_value

    key = station_key(name)
    if key is None:
        raise ValueError(f"{name!r} is neither an OCPP 1.6 key that can be set nor of the form Component.Variable")
    return key, station_value(name, value)


@dataclass(frozen=True, slots=True)
class Hardware:
    """The drivers of a station, not yet started: by EVSE id, and the readers in the order of the plan."""

    evses: Mapping[int, EvseParts]
    readers: tuple[ReaderDriver, ...]


def build_hardware(plan: Plan, *, clock: Clock, shared: SharedDevices, data_dir: Path | None = None) -> Hardware:
    """Make all drivers; opens no device. Raises SettingsError with every mistake at the line of its driver."""
    settings = plan.settings
    problems: list[Problem] = []
    evses: dict[int, EvseParts] = {}
    readers: list[ReaderDriver] = []
    for index, (spec, evse) in enumerate(zip(plan.evses, settings.evses, strict=True)):
        with _located(settings, problems, nodes=evse.hal.nodes, above=("evses", index, "hal")):
            evses[spec.evse_id] = build_evse(spec, clock=clock, shared=shared, data_dir=data_dir)
    for reader, configured in zip(plan.readers, settings.token_readers, strict=True):
        with _located(settings, problems, nodes=(), above=configured.hal.path):
            readers.append(build_reader(reader.spec, name=reader.name, clock=clock, shared=shared))
    if problems:
        raise SettingsError(problems=problems)
    return Hardware(evses, tuple(readers))


@contextmanager
def _located(
    settings: Settings, problems: list[Problem], *, nodes: Sequence[HalNode], above: KeyPath
) -> Iterator[None]:
    """Note a WrongSettings at its key below the driver it names, or below `above` where that is none of the file."""
    try:
        yield
    except WrongSettings as error:
        part, *rest = error.path or ("",)
        of_part = [node.path for node in nodes if node.part == part]
        number = 0
        if part in SEVERAL and rest and isinstance(rest[0], int):
            number, *rest = rest[0], *rest[1:]
        path = (*of_part[number], *rest) if number < len(of_part) else (*above, *error.path)
        problems.append(settings.problem(path, str(error)))


def link_settings(plan: Plan) -> LinkSettings:
    """How to connect. Raises SettingsError where a password or key file cannot be read."""
    csms = plan.settings.csms
    password = csms.read_password()
    return LinkSettings(
        url=csms.url,
        identity=plan.settings.station.identity,
        subprotocols=tuple(csms.ocpp_versions),
        password=password.reveal().encode() if password is not None else None,
        ping_interval_s=float(csms.ping_interval_s),
        call_timeout_s=csms.call_timeout_s,
        ssl=_tls(plan.settings) if csms.url.startswith("wss:") else None,
    )


def _tls(settings: Settings) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the files of station.yaml (2.0.1 A00.FR.3xx)."""
    tls = settings.csms.tls
    try:
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        problem = settings.problem(("csms", "tls", "ca_file"), f"{tls.ca_file}: no root certificates in it: {error}")
        raise SettingsError(problems=[problem]) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = tls.verify_hostname
    if tls.client_cert_file is not None:
        file = tls.client_key_password_file
        try:
            # Without a password OpenSSL would ask for one at the terminal, and wait.
            password = file.read_text(encoding="utf-8").strip() if file is not None else ""
            context.load_cert_chain(tls.client_cert_file, tls.client_key_file, password)
        except (OSError, ssl.SSLError) as error:
            message = f"{tls.client_cert_file}: it or its key cannot be used: {error}"
            raise SettingsError(problems=[settings.problem(("csms", "tls", "client_cert_file"), message)]) from error
    return context
