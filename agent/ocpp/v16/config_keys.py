"""1.6's configuration keys as a table onto the device model (1.6 chapter 9)."""

from collections.abc import Callable

from agent.frozen import dataclass
from agent.ocpp.adapter import Topology
from agent.station import standard_variables as sv
from agent.station.charging_profiles import BOUNDS, MAX_INSTALLED
from agent.station.variable import DataType, Mutability, VariableKey, VariableSpec, split_members

UNKNOWN_COMPONENT = "Unknown16"
"""Component that carries a key this table does not have to the station and back; no device model knows it."""

_COMPUTED_COMPONENT = "Computed16"

# Phases that may follow a measurand in a list, as in Voltage.L1 (1.6 sections 9.1.17 and 7.34)
_PHASES = frozenset({"L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"})

_SPECS: dict[VariableKey, VariableSpec] = {spec.key: spec for spec in sv.STANDARD_VARIABLES}


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key: the variable behind it, or `computed` where the station has no such variable.

    A computed key is read-only; its `variable` only names it on its way through the station. `also` takes every new
    value, too: 1.6 has one interval where the device model has two.
    """

    name: str
    variable: VariableKey
    computed: Callable[[Topology], str] | None = None
    also: VariableKey | None = None

    @property
    def readonly(self) -> bool:
        """Whether ChangeConfiguration is refused."""
        return self.computed is not None or _SPECS[self.variable].mutability is Mutability.READ_ONLY


def _computed(name: str, value: Callable[[Topology], str]) -> ConfigKey:
    return ConfigKey(name, VariableKey(_COMPUTED_COMPONENT, name), value)


def _connectors(topology: Topology) -> str:
    return str(sum(len(connectors) for _, connectors in topology.evses))


def _list_entries(_topology: Topology) -> str:
    return str(int(_SPECS[sv.LOCAL_LIST_ENTRIES].maximum or 0))


def _max_length(name: str, variable: VariableKey) -> ConfigKey:
    """How many items a list can have: each measurand once."""
    return _computed(name, lambda _topology: str(len(_SPECS[variable].values)))


def _profiles(_topology: Topology) -> str:
    return "Core,LocalAuthListManagement,RemoteTrigger,SmartCharging"


CONFIG_KEYS: tuple[ConfigKey, ...] = (
    # 9.1 Core
    ConfigKey("AllowOfflineTxForUnknownId", sv.OFFLINE_TX_FOR_UNKNOWN_ID),
    ConfigKey("AuthorizationCacheEnabled", sv.AUTH_CACHE_ENABLED),
    ConfigKey("AuthorizeRemoteTxRequests", sv.AUTHORIZE_REMOTE_START),
    # errata 3.14.2: the interval of MeterValuesAlignedData and of StopTxnAlignedData
    ConfigKey("ClockAlignedDataInterval", sv.ALIGNED_INTERVAL, also=sv.ALIGNED_TX_ENDED_INTERVAL),
    ConfigKey("ConnectionTimeOut", sv.EV_CONNECTION_TIME_OUT),
    ConfigKey("ConnectorPhaseRotation", sv.CONNECTOR_PHASE_ROTATION),
    ConfigKey("GetConfigurationMaxKeys", sv.GET_CONFIGURATION_MAX_KEYS),
    ConfigKey("HeartbeatInterval", sv.HEARTBEAT_INTERVAL),
    ConfigKey("LocalAuthorizeOffline", sv.LOCAL_AUTHORIZE_OFFLINE),
    ConfigKey("LocalPreAuthorize", sv.LOCAL_PRE_AUTHORIZE),
    ConfigKey("MaxEnergyOnInvalidId", sv.MAX_ENERGY_ON_INVALID_ID),
    ConfigKey("MessageTimeout", sv.MESSAGE_TIMEOUT),  # errata 3.83
    ConfigKey("MeterValuesAlignedData", sv.ALIGNED_MEASURANDS),
    _max_length("MeterValuesAlignedDataMaxLength", sv.ALIGNED_MEASURANDS),
    ConfigKey("MeterValuesSampledData", sv.SAMPLED_TX_UPDATED_MEASURANDS),
    _max_length("MeterValuesSampledDataMaxLength", sv.SAMPLED_TX_UPDATED_MEASURANDS),
    # errata 3.14.1: the interval of MeterValuesSampledData and of StopTxnSampledData
    ConfigKey("MeterValueSampleInterval", sv.SAMPLED_TX_UPDATED_INTERVAL, also=sv.SAMPLED_TX_ENDED_INTERVAL),
    ConfigKey("MinimumStatusDuration", sv.MINIMUM_STATUS_DURATION),
    _computed("NumberOfConnectors", _connectors),
    ConfigKey("ResetRetries", sv.RESET_RETRIES),
    ConfigKey("StopTransactionOnEVSideDisconnect", sv.STOP_TX_ON_EV_SIDE_DISCONNECT),
    ConfigKey("StopTransactionOnInvalidId", sv.STOP_TX_ON_INVALID_ID),
    ConfigKey("StopTxnAlignedData", sv.ALIGNED_TX_ENDED_MEASURANDS),
    _max_length("StopTxnAlignedDataMaxLength", sv.ALIGNED_TX_ENDED_MEASURANDS),
    ConfigKey("StopTxnSampledData", sv.SAMPLED_TX_ENDED_MEASURANDS),
    _max_length("StopTxnSampledDataMaxLength", sv.SAMPLED_TX_ENDED_MEASURANDS),
    _computed("SupportedFeatureProfiles", _profiles),
    ConfigKey("TransactionMessageAttempts", sv.MESSAGE_ATTEMPTS),
    ConfigKey("TransactionMessageRetryInterval", sv.MESSAGE_ATTEMPT_INTERVAL),
    ConfigKey("UnlockConnectorOnEVSideDisconnect", sv.UNLOCK_ON_EV_SIDE_DISCONNECT),
    ConfigKey("WebSocketPingInterval", sv.WEB_SOCKET_PING_INTERVAL),
    # 9.2 Local Auth List Management
    ConfigKey("LocalAuthListEnabled", sv.LOCAL_LIST_ENABLED),
    _computed("LocalAuthListMaxLength", _list_entries),
    ConfigKey("SendLocalListMaxLength", sv.LOCAL_LIST_ITEMS_PER_MESSAGE),
    # 9.4 Smart Charging
    _computed("ChargeProfileMaxStackLevel", lambda _topology: str(BOUNDS.max_stack_level)),
    _computed("ChargingScheduleAllowedChargingRateUnit", lambda _topology: "Current,Power"),
    _computed("ChargingScheduleMaxPeriods", lambda _topology: str(BOUNDS.max_periods)),
    _computed("MaxChargingProfilesInstalled", lambda _topology: str(MAX_INSTALLED)),
)

_BY_NAME = {key.name.lower(): key for key in CONFIG_KEYS}
_BY_VARIABLE = {key.variable: key for key in CONFIG_KEYS}


def find(name: str) -> ConfigKey | None:
    """The key of that name, whatever its case (CiString50Type)."""
    return _BY_NAME.get(name.strip().lower())


def behind(variable: VariableKey) -> ConfigKey | None:
    """The key that a variable stands behind."""
    return _BY_VARIABLE.get(variable)


def station_key(key16: str) -> VariableKey | None:
    """The variable that a 1.6 key names; None for keys without one (unknown, or computed)."""
    found = find(key16)
    return None if found is None or found.computed is not None else found.variable


def station_value(key16: str, value: str) -> str:
    """A 1.6 value as the device model writes it; what cannot be read stays as it is, for the model to refuse.

    Booleans may have any case, blanks around values and list members do not count. A phase behind a measurand
    is dropped: the device model lists measurands, and all phases of one are reported (errata 3.14.3).
    """
    variable = station_key(key16)
    if variable is None:
        return value
    match _SPECS[variable].data_type:
        case DataType.BOOLEAN:
            return value.strip().lower()
        case DataType.MEMBER_LIST:
            return ",".join(dict.fromkeys(_without_phase(member) for member in split_members(value)))
        case _:
            return value.strip()


def _without_phase(member: str) -> str:
    measurand, _, phase = member.rpartition(".")
    return measurand if measurand and phase in _PHASES else member
