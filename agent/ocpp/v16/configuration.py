"""GetConfiguration and ChangeConfiguration (1.6 sections 5.8 and 5.3)."""

from agent.ocpp.adapter import JsonObject, Topology, WrongPayload
from agent.ocpp.v16.action import Action
from agent.ocpp.v16.config_keys import CONFIG_KEYS, UNKNOWN_COMPONENT, behind, find, station_value
from agent.station.commands import (
    Answer,
    Command,
    Done,
    GetVariables,
    SetVariables,
    VariableAssignment,
    VariableResult,
    VariableResults,
)
from agent.station.device_model import VariableKey

_ALL_KEYS = tuple((key.variable, None) for key in CONFIG_KEYS)

# 1.6 section 7.22; every other word of SetVariableStatusEnumType means that nothing was changed.
_CHANGE_STATUSES = {"Accepted": "Accepted", "RebootRequired": "RebootRequired"}
_NOT_THERE = frozenset({"UnknownComponent", "UnknownVariable"})


def decode_get(payload: JsonObject, _topology: Topology) -> GetVariables:
    """An empty or missing list of keys asks for all."""
    names: list[str] = payload.get("key") or []
    return GetVariables(tuple((_variable(name), None) for name in names) or _ALL_KEYS)


def encode_get(command: Command, answer: Answer, topology: Topology) -> JsonObject:
    """Known keys with their values, and the unknown ones as they were asked."""
    told: list[JsonObject] = []
    unknown: list[str] = []
    for result in _results(answer):
        key = behind(result.key)
        if key is not None and key.computed is not None:
            told.append({"key": key.name, "readonly": True, "value": key.computed(topology)})
        elif key is None or result.status in _NOT_THERE:
            unknown.append(result.key.variable if key is None else key.name)
        elif result.value is None:  # write-only: it is there, and is never told
            told.append({"key": key.name, "readonly": key.readonly})
        else:
            told.append({"key": key.name, "readonly": key.readonly, "value": result.value})
    # Nobody asked for the keys of the whole table by name.
    asked_for_all = isinstance(command, GetVariables) and command.keys == _ALL_KEYS
    return {"configurationKey": told, **({"unknownKey": unknown} if unknown and not asked_for_all else {})}


def decode_change(payload: JsonObject, _topology: Topology) -> SetVariables:
    """One key with its new value, for each variable behind it."""
    name = payload["key"]
    value = station_value(name, payload["value"])
    key = find(name)
    also = key.also if key is not None else None
    variables = (_variable(name),) if also is None else (_variable(name), also)
    return SetVariables(tuple(VariableAssignment(variable, value) for variable in variables))


def encode_change(_command: Command, answer: Answer, _topology: Topology) -> JsonObject:
    """How the change went."""
    if isinstance(answer, Done):
        return {"status": "Rejected"}
    result = _results(answer)[0]  # what one variable of a key takes, the other takes
    key = behind(result.key)
    if key is not None and key.computed is not None:
        return {"status": "Rejected"}
    if result.status in _NOT_THERE:
        return {"status": "NotSupported"}
    return {"status": _CHANGE_STATUSES.get(result.status, "Rejected")}


def _variable(name: str) -> VariableKey:
    key = find(name)
    return VariableKey(UNKNOWN_COMPONENT, name) if key is None else key.variable


def _results(answer: Answer) -> tuple[VariableResult, ...]:
    if isinstance(answer, VariableResults):
        return answer.results
    raise WrongPayload("InternalError", "the station gave no values")


ACTIONS = {
    "GetConfiguration": Action(GetVariables, decode_get, encode_get),
    "ChangeConfiguration": Action(SetVariables, decode_change, encode_change),
}
