"""Every variable this station has, as one table; keys that the code reads have a name.

Sources: 2.0.1 part 2, "Referenced Components and Variables"; ResumptionTimeout is 2.1's (E17).
What nothing here would act upon is ReadOnly, also where the text would let it be written.
"""

from functools import partial
from typing import Final

from agent.station.samples import Measurand
from agent.station.variable import DataType, Mutability, Scope, VariableKey, VariableSpec

Key = VariableKey

AVAILABILITY_STATE: Final = "AvailabilityState"
"""Variable name of ChargingStation, EVSE and Connector, told live (see `availability_key`)."""

CLOCK_DATE_TIME: Final = Key("ClockCtrlr", "DateTime")
STATION_MODEL: Final = Key("ChargingStation", "Model")
STATION_VENDOR: Final = Key("ChargingStation", "VendorName")
STATION_SERIAL_NUMBER: Final = Key("ChargingStation", "SerialNumber")
STATION_FIRMWARE_VERSION: Final = Key("ChargingStation", "FirmwareVersion")
STATION_SUPPLY_PHASES: Final = Key("ChargingStation", "SupplyPhases")
MINIMUM_STATUS_DURATION: Final = Key("ChargingStation", "MinimumStatusDuration")

HEARTBEAT_INTERVAL: Final = Key("OCPPCommCtrlr", "HeartbeatInterval")
MESSAGE_TIMEOUT: Final = Key("OCPPCommCtrlr", "MessageTimeout", "Default")
MESSAGE_ATTEMPTS: Final = Key("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")
MESSAGE_ATTEMPT_INTERVAL: Final = Key("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent")
RETRY_BACK_OFF_REPEAT_TIMES: Final = Key("OCPPCommCtrlr", "RetryBackOffRepeatTimes")
RETRY_BACK_OFF_RANDOM_RANGE: Final = Key("OCPPCommCtrlr", "RetryBackOffRandomRange")
RETRY_BACK_OFF_WAIT_MINIMUM: Final = Key("OCPPCommCtrlr", "RetryBackOffWaitMinimum")
WEB_SOCKET_PING_INTERVAL: Final = Key("OCPPCommCtrlr", "WebSocketPingInterval")
OFFLINE_THRESHOLD: Final = Key("OCPPCommCtrlr", "OfflineThreshold")
UNLOCK_ON_EV_SIDE_DISCONNECT: Final = Key("OCPPCommCtrlr", "UnlockOnEVSideDisconnect")
RESET_RETRIES: Final = Key("OCPPCommCtrlr", "ResetRetries")
NETWORK_PROFILE_CONNECTION_ATTEMPTS: Final = Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts")

IDENTITY: Final = Key("SecurityCtrlr", "Identity")
ORGANIZATION_NAME: Final = Key("SecurityCtrlr", "OrganizationName")
SECURITY_PROFILE: Final = Key("SecurityCtrlr", "SecurityProfile")
BASIC_AUTH_PASSWORD: Final = Key("SecurityCtrlr", "BasicAuthPassword")
CERTIFICATE_ENTRIES: Final = Key("SecurityCtrlr", "CertificateEntries")

AUTH_ENABLED: Final = Key("AuthCtrlr", "Enabled")
AUTHORIZE_REMOTE_START: Final = Key("AuthCtrlr", "AuthorizeRemoteStart")
LOCAL_AUTHORIZE_OFFLINE: Final = Key("AuthCtrlr", "LocalAuthorizeOffline")
LOCAL_PRE_AUTHORIZE: Final = Key("AuthCtrlr", "LocalPreAuthorize")
OFFLINE_TX_FOR_UNKNOWN_ID: Final = Key("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
DISABLE_REMOTE_AUTHORIZATION: Final = Key("AuthCtrlr", "DisableRemoteAuthorization")
MASTER_PASS_GROUP_ID: Final = Key("AuthCtrlr", "MasterPassGroupId")

AUTH_CACHE_ENABLED: Final = Key("AuthCacheCtrlr", "Enabled")
AUTH_CACHE_LIFE_TIME: Final = Key("AuthCacheCtrlr", "LifeTime")
AUTH_CACHE_DISABLE_POST_AUTHORIZE: Final = Key("AuthCacheCtrlr", "DisablePostAuthorize")
LOCAL_LIST_ENABLED: Final = Key("LocalAuthListCtrlr", "Enabled")
LOCAL_LIST_ENTRIES: Final = Key("LocalAuthListCtrlr", "Entries")
LOCAL_LIST_ITEMS_PER_MESSAGE: Final = Key("LocalAuthListCtrlr", "ItemsPerMessage")
LOCAL_LIST_DISABLE_POST_AUTHORIZE: Final = Key("LocalAuthListCtrlr", "DisablePostAuthorize")

EV_CONNECTION_TIME_OUT: Final = Key("TxCtrlr", "EVConnectionTimeOut")
MAX_ENERGY_ON_INVALID_ID: Final = Key("TxCtrlr", "MaxEnergyOnInvalidId")
STOP_TX_ON_EV_SIDE_DISCONNECT: Final = Key("TxCtrlr", "StopTxOnEVSideDisconnect")
STOP_TX_ON_INVALID_ID: Final = Key("TxCtrlr", "StopTxOnInvalidId")
TX_BEFORE_ACCEPTED_ENABLED: Final = Key("TxCtrlr", "TxBeforeAcceptedEnabled")
TX_START_POINT: Final = Key("TxCtrlr", "TxStartPoint")
TX_STOP_POINT: Final = Key("TxCtrlr", "TxStopPoint")
RESUMPTION_TIMEOUT: Final = Key("TxCtrlr", "ResumptionTimeout")

SAMPLED_ENABLED: Final = Key("SampledDataCtrlr", "Enabled")
SAMPLED_TX_STARTED_MEASURANDS: Final = Key("SampledDataCtrlr", "TxStartedMeasurands")
SAMPLED_TX_UPDATED_MEASURANDS: Final = Key("SampledDataCtrlr", "TxUpdatedMeasurands")
SAMPLED_TX_UPDATED_INTERVAL: Final = Key("SampledDataCtrlr", "TxUpdatedInterval")
SAMPLED_TX_ENDED_MEASURANDS: Final = Key("SampledDataCtrlr", "TxEndedMeasurands")
SAMPLED_TX_ENDED_INTERVAL: Final = Key("SampledDataCtrlr", "TxEndedInterval")
ALIGNED_ENABLED: Final = Key("AlignedDataCtrlr", "Enabled")
ALIGNED_INTERVAL: Final = Key("AlignedDataCtrlr", "Interval")
ALIGNED_MEASURANDS: Final = Key("AlignedDataCtrlr", "Measurands")
ALIGNED_SEND_DURING_IDLE: Final = Key("AlignedDataCtrlr", "SendDuringIdle")
ALIGNED_TX_ENDED_INTERVAL: Final = Key("AlignedDataCtrlr", "TxEndedInterval")
ALIGNED_TX_ENDED_MEASURANDS: Final = Key("AlignedDataCtrlr", "TxEndedMeasurands")

GET_CONFIGURATION_MAX_KEYS: Final = Key("Ocpp16Ctrlr", "GetConfigurationMaxKeys")
CONNECTOR_PHASE_ROTATION: Final = Key("Ocpp16Ctrlr", "ConnectorPhaseRotation")


def availability_key(evse_id: int | None = None, connector_id: int | None = None) -> VariableKey:
    """The AvailabilityState of the station, of an EVSE or of a connector."""
    component = "ChargingStation" if evse_id is None else "EVSE" if connector_id is None else "Connector"
    return Key(component, AVAILABILITY_STATE, evse_id=evse_id, connector_id=connector_id)


# Temperature is no measurand of 2.x, so that nobody may ask for it.
_MEASURANDS = tuple(measurand.value for measurand in Measurand if measurand is not Measurand.TEMPERATURE)
_TX_POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
_STATES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
_DAY_S = 86_400
_ENERGY = "Energy.Active.Import.Register"

_text = partial(VariableSpec, data_type=DataType.STRING)
_flag = partial(VariableSpec, data_type=DataType.BOOLEAN)
_integer = partial(VariableSpec, data_type=DataType.INTEGER)
_seconds = partial(VariableSpec, data_type=DataType.INTEGER, unit="s")
_options = partial(VariableSpec, data_type=DataType.OPTION_LIST)
_members = partial(VariableSpec, data_type=DataType.MEMBER_LIST)
_measurands = partial(_members, values=_MEASURANDS, mutability=Mutability.READ_WRITE)
_sequence = partial(VariableSpec, data_type=DataType.SEQUENCE_LIST)
_fixed_flag = partial(_flag, constant=True)
_fixed = partial(_integer, constant=True)

_RW: Final = Mutability.READ_WRITE

_HARDWARE: tuple[VariableSpec, ...] = (
    _options(availability_key(), default="", values=_STATES, persistent=False),
    _fixed_flag(Key("ChargingStation", "Available"), default="true"),
    _text(STATION_MODEL, default="", maximum=20, constant=True),
    _text(STATION_VENDOR, default="", maximum=50, constant=True),
    _text(STATION_SERIAL_NUMBER, default="", maximum=25, constant=True),
    _text(STATION_FIRMWARE_VERSION, default="", maximum=50, constant=True),
    _fixed(STATION_SUPPLY_PHASES, default="3", maximum=3),
    _seconds(MINIMUM_STATUS_DURATION, default="0", maximum=_DAY_S, mutability=_RW),
    _options(Key("EVSE", AVAILABILITY_STATE), default="", values=_STATES, persistent=False, scope=Scope.EVSE),
    _fixed_flag(Key("EVSE", "Available"), default="true", scope=Scope.EVSE),
    _fixed_flag(Key("EVSE", "AllowReset"), default="false", scope=Scope.EVSE),
    # 2.13.7: the limit is what counts; the value itself is only told where a meter says it.
    VariableSpec(
        Key("EVSE", "Power"), DataType.DECIMAL, default="", unit="W", maximum=22_080, scope=Scope.EVSE, persistent=False
    ),
    _fixed(Key("EVSE", "SupplyPhases"), default="3", maximum=3, scope=Scope.EVSE),
    _options(Key("Connector", AVAILABILITY_STATE), default="", values=_STATES, persistent=False, scope=Scope.CONNECTOR),
    _fixed_flag(Key("Connector", "Available"), default="true", scope=Scope.CONNECTOR),
    _text(Key("Connector", "ConnectorType"), default="sType2", maximum=20, constant=True, scope=Scope.CONNECTOR),
    _fixed(Key("Connector", "SupplyPhases"), default="3", maximum=3, scope=Scope.CONNECTOR),
)

_CLOCK: tuple[VariableSpec, ...] = (
    VariableSpec(CLOCK_DATE_TIME, DataType.DATE_TIME, default="", persistent=False),
    _sequence(Key("ClockCtrlr", "TimeSource"), default="Heartbeat", values=("Heartbeat",), fewest=1, mutability=_RW),
)

_COMMUNICATION: tuple[VariableSpec, ...] = (
    _fixed(Key("OCPPCommCtrlr", "ActiveNetworkProfile"), default="1"),
    _members(Key("OCPPCommCtrlr", "FileTransferProtocols"), default="", values=("HTTP", "HTTPS"), constant=True),
    _seconds(HEARTBEAT_INTERVAL, default="300", minimum=1, maximum=_DAY_S, mutability=_RW),
    _seconds(MESSAGE_TIMEOUT, default="30", minimum=1, maximum=600),
    _integer(MESSAGE_ATTEMPTS, default="3", minimum=1, maximum=100, mutability=_RW),
    _seconds(MESSAGE_ATTEMPT_INTERVAL, default="60", maximum=_DAY_S, mutability=_RW),
    _sequence(
        Key("OCPPCommCtrlr", "NetworkConfigurationPriority"), default="1", values=("1",), fewest=1, mutability=_RW
    ),
    _fixed(NETWORK_PROFILE_CONNECTION_ATTEMPTS, default="1"),
    _seconds(OFFLINE_THRESHOLD, default="60", maximum=_DAY_S, mutability=_RW),
    _fixed_flag(Key("OCPPCommCtrlr", "QueueAllMessages"), default="false"),
    _fixed(RESET_RETRIES, default="0"),
    _seconds(RETRY_BACK_OFF_RANDOM_RANGE, default="10", maximum=3600, mutability=_RW),
    _integer(RETRY_BACK_OFF_REPEAT_TIMES, default="4", maximum=16, mutability=_RW),
    _seconds(RETRY_BACK_OFF_WAIT_MINIMUM, default="2", minimum=1, maximum=3600, mutability=_RW),
    _flag(UNLOCK_ON_EV_SIDE_DISCONNECT, default="true", mutability=_RW),
    _seconds(WEB_SOCKET_PING_INTERVAL, default="30", maximum=3600, mutability=_RW),
)

_DEVICE_DATA: tuple[VariableSpec, ...] = (
    _fixed(Key("DeviceDataCtrlr", "BytesPerMessage", "GetReport"), default="65536"),
    _fixed(Key("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"), default="65536"),
    _fixed(Key("DeviceDataCtrlr", "BytesPerMessage", "SetVariables"), default="65536"),
    _fixed(Key("DeviceDataCtrlr", "ConfigurationValueSize"), default="1000", maximum=1000),
    _fixed(Key("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"), default="50"),
    _fixed(Key("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"), default="100"),
    _fixed(Key("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"), default="100"),
    _fixed(Key("DeviceDataCtrlr", "ReportingValueSize"), default="2500", maximum=2500),
)

_SECURITY: tuple[VariableSpec, ...] = (
    # A01: a password of 16 to 40 characters, never told back
    _text(BASIC_AUTH_PASSWORD, default="", minimum=16, maximum=40, mutability=Mutability.WRITE_ONLY),
    _integer(CERTIFICATE_ENTRIES, default="0", maximum=64),
    _text(IDENTITY, default="", maximum=48, constant=True),
    _text(ORGANIZATION_NAME, default="", maximum=64),
    _integer(SECURITY_PROFILE, default="0", maximum=3),
)

_AUTHORIZATION: tuple[VariableSpec, ...] = (
    _flag(AUTH_ENABLED, default="true", mutability=_RW),
    _flag(AUTHORIZE_REMOTE_START, default="false", mutability=_RW),
    _flag(DISABLE_REMOTE_AUTHORIZATION, default="false", mutability=_RW),
    _flag(LOCAL_AUTHORIZE_OFFLINE, default="true", mutability=_RW),
    _flag(LOCAL_PRE_AUTHORIZE, default="false", mutability=_RW),
    _text(MASTER_PASS_GROUP_ID, default="", maximum=36, mutability=_RW),
    _flag(OFFLINE_TX_FOR_UNKNOWN_ID, default="false", mutability=_RW),
    _fixed_flag(Key("AuthCacheCtrlr", "Available"), default="true"),
    _flag(AUTH_CACHE_DISABLE_POST_AUTHORIZE, default="false", mutability=_RW),
    _flag(AUTH_CACHE_ENABLED, default="true", mutability=_RW),
    _seconds(AUTH_CACHE_LIFE_TIME, default="2592000", minimum=1, mutability=_RW),
    _options(Key("AuthCacheCtrlr", "Policy"), default="LRU", values=("LRU", "LFU", "FIFO", "CUSTOM"), constant=True),
    _fixed_flag(Key("LocalAuthListCtrlr", "Available"), default="true"),
    _fixed(Key("LocalAuthListCtrlr", "BytesPerMessage"), default="65536"),
    _flag(LOCAL_LIST_DISABLE_POST_AUTHORIZE, default="false", mutability=_RW),
    _flag(LOCAL_LIST_ENABLED, default="true", mutability=_RW),
    _integer(LOCAL_LIST_ENTRIES, default="0", maximum=10_000),
    _fixed(LOCAL_LIST_ITEMS_PER_MESSAGE, default="100"),
    _fixed_flag(Key("LocalAuthListCtrlr", "SupportsExpiryDateTime"), default="true"),
)

_TRANSACTIONS: tuple[VariableSpec, ...] = (
    _seconds(EV_CONNECTION_TIME_OUT, default="60", maximum=_DAY_S, mutability=_RW),
    _integer(MAX_ENERGY_ON_INVALID_ID, default="0", unit="Wh", mutability=_RW),
    _flag(STOP_TX_ON_EV_SIDE_DISCONNECT, default="true", mutability=_RW),
    _flag(STOP_TX_ON_INVALID_ID, default="true", mutability=_RW),
    _flag(TX_BEFORE_ACCEPTED_ENABLED, default="false", mutability=_RW),
    # Without any point a transaction would never start, or never end: one at least.
    _members(TX_START_POINT, default="PowerPathClosed", values=_TX_POINTS, fewest=1, mutability=_RW),
    _members(TX_STOP_POINT, default="EVConnected,Authorized", values=_TX_POINTS, fewest=1, mutability=_RW),
    _seconds(RESUMPTION_TIMEOUT, default="0", maximum=_DAY_S, mutability=_RW),
)

_METERING: tuple[VariableSpec, ...] = (
    _fixed_flag(Key("SampledDataCtrlr", "Available"), default="true"),
    _flag(SAMPLED_ENABLED, default="true", mutability=_RW),
    _measurands(SAMPLED_TX_STARTED_MEASURANDS, default=_ENERGY),
    _measurands(SAMPLED_TX_UPDATED_MEASURANDS, default=f"{_ENERGY},Power.Active.Import,Current.Import,Voltage"),
    _seconds(SAMPLED_TX_UPDATED_INTERVAL, default="60", maximum=_DAY_S, mutability=_RW),
    _measurands(SAMPLED_TX_ENDED_MEASURANDS, default=_ENERGY),
    _seconds(SAMPLED_TX_ENDED_INTERVAL, default="0", maximum=_DAY_S, mutability=_RW),
    _fixed_flag(Key("AlignedDataCtrlr", "Available"), default="true"),
    _flag(ALIGNED_ENABLED, default="true", mutability=_RW),
    _seconds(ALIGNED_INTERVAL, default="0", maximum=_DAY_S, mutability=_RW),
    _measurands(ALIGNED_MEASURANDS, default=_ENERGY),
    _flag(ALIGNED_SEND_DURING_IDLE, default="false", mutability=_RW),
    _seconds(ALIGNED_TX_ENDED_INTERVAL, default="0", maximum=_DAY_S, mutability=_RW),
    _measurands(ALIGNED_TX_ENDED_MEASURANDS, default=""),
)

_NOT_THERE: tuple[VariableSpec, ...] = (
    _fixed_flag(Key("DisplayMessageCtrlr", "Available"), default="false"),
    _fixed_flag(Key("MonitoringCtrlr", "Available"), default="false"),
    _fixed_flag(Key("ReservationCtrlr", "Available"), default="false"),
    _fixed_flag(Key("SmartChargingCtrlr", "Available"), default="false"),
    _fixed_flag(Key("TariffCostCtrlr", "Available", "Cost"), default="false"),
    _fixed_flag(Key("TariffCostCtrlr", "Available", "Tariff"), default="false"),
)

_OCPP16: tuple[VariableSpec, ...] = (
    # Keys of 1.6 that have no variable in 2.x.
    _text(CONNECTOR_PHASE_ROTATION, default="0.Unknown", maximum=500),
    _fixed(GET_CONFIGURATION_MAX_KEYS, default="100"),
)

STANDARD_VARIABLES: tuple[VariableSpec, ...] = (
    *_HARDWARE,
    *_CLOCK,
    *_COMMUNICATION,
    *_DEVICE_DATA,
    *_SECURITY,
    *_AUTHORIZATION,
    *_TRANSACTIONS,
    *_METERING,
    *_NOT_THERE,
    *_OCPP16,
)
