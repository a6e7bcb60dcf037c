"""Which requests of a CSMS are understood, and how: one row each."""

from collections.abc import Callable

from agent.frozen import dataclass
from agent.ocpp.adapter import JsonObject
from agent.ocpp.v201 import (
    authorization,
    availability,
    data_transfer,
    local_list,
    remote_control,
    transactions,
    variables,
)
from agent.station.commands import (
    Answer,
    ChangeAvailability,
    ClearCache,
    Command,
    DataTransfer,
    GetBaseReport,
    GetLocalListVersion,
    GetTransactionStatus,
    GetVariables,
    RequestStart,
    RequestStop,
    Reset,
    SendLocalList,
    SetVariables,
    TriggerMessage,
    UnlockConnector,
)


@dataclass(frozen=True, slots=True)
class Action:
    """One request: the command it becomes, and the two functions that translate."""

    command: type[Command]
    decode: Callable[[JsonObject], Command]
    encode: Callable[[Answer], JsonObject]


ACTIONS: dict[str, Action] = {
    "ChangeAvailability": Action(
        ChangeAvailability, availability.decode_change_availability, availability.encode_change_availability
    ),
    "ClearCache": Action(ClearCache, authorization.decode_clear_cache, authorization.encode_clear_cache),
    "DataTransfer": Action(DataTransfer, data_transfer.decode_data_transfer, data_transfer.encode_data_transfer),
    "GetBaseReport": Action(GetBaseReport, variables.decode_get_base_report, variables.encode_get_base_report),
    "GetLocalListVersion": Action(
        GetLocalListVersion, local_list.decode_get_local_list_version, local_list.encode_local_list_version
    ),
    "GetTransactionStatus": Action(
        GetTransactionStatus, transactions.decode_get_transaction_status, transactions.encode_transaction_status
    ),
    "GetVariables": Action(GetVariables, variables.decode_get_variables, variables.encode_get_variables),
    "RequestStartTransaction": Action(
        RequestStart, remote_control.decode_request_start, remote_control.encode_request_start
    ),
    "RequestStopTransaction": Action(
        RequestStop, remote_control.decode_request_stop, remote_control.encode_request_stop
    ),
    "Reset": Action(Reset, availability.decode_reset, availability.encode_reset),
    "SendLocalList": Action(SendLocalList, local_list.decode_send_local_list, local_list.encode_send_local_list),
    "SetVariables": Action(SetVariables, variables.decode_set_variables, variables.encode_set_variables),
    "TriggerMessage": Action(TriggerMessage, remote_control.decode_trigger, remote_control.encode_trigger),
    "UnlockConnector": Action(UnlockConnector, remote_control.decode_unlock, remote_control.encode_unlock),
}
