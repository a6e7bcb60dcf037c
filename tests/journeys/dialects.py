"""What each version calls the same thing, so that a journey is told once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hil.csms.books import Transaction
from hil.csms.server import BenchCsms
from hil.csms.station import Station

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A call of the CSMS."""

    action: str
    payload: dict[str, Any] = field(default_factory=dict)

    async def to(self, station: Station, *, timeout_s: float = 10.0) -> Payload:
        """The station's answer."""
        return await station.call(self.action, self.payload, timeout_s=timeout_s)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version. Statuses and reasons are 1.6's words; `status` and `reason` fold them into 2.0.1's."""

    subprotocol: str
    start: str
    end: str
    sampled: str
    statuses: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_16(self) -> bool:
        """Whether this is OCPP 1.6."""
        return self.subprotocol == "ocpp1.6"

    def is_start(self, payload: Payload) -> bool:
        """Whether a message of action `start` begins a transaction."""
        return self.is_16 or bool(payload["eventType"] == "Started")

    def is_end(self, payload: Payload) -> bool:
        """Whether a message of action `end` ends one."""
        return self.is_16 or bool(payload["eventType"] == "Ended")

    async def started(self, station: Station, *, timeout_s: float = 10.0) -> Payload:
        """The next message that begins a transaction."""
        return await station.expect(self.start, where=self.is_start, timeout_s=timeout_s)

    async def ended(self, station: Station, *, timeout_s: float = 10.0) -> Payload:
        """The next message that ends a transaction."""
        return await station.expect(self.end, where=self.is_end, timeout_s=timeout_s)

    async def status(self, station: Station, status: str, *, evse_id: int = 1, timeout_s: float = 10.0) -> Payload:
        """The next StatusNotification with this status."""
        number, word = ("connectorId", "status") if self.is_16 else ("evseId", "connectorStatus")
        wanted = self.statuses.get(status, status)

        def fits(payload: Payload) -> bool:
            return bool(payload[number] == evse_id and payload[word] == wanted)

        return await station.expect("StatusNotification", where=fits, timeout_s=timeout_s)

    def reason(self, word: str) -> str:
        """Why a transaction ended, in this version's word."""
        return self.reasons.get(word, word)

    def stopped_reason(self, payload: Payload) -> str:
        """The reason in a message that ends a transaction."""
        if self.is_16:
            return str(payload.get("reason", "Local"))
        return str(payload["transactionInfo"].get("stoppedReason", "Local"))

    def transaction_id(self, csms: BenchCsms) -> str | int:
        """The id of the newest transaction, as the CSMS writes it."""
        newest: Transaction = csms.ledger.transactions[-1]
        return int(newest.transaction_id) if self.is_16 else newest.transaction_id

    def remote_start(self, token: str, *, evse_id: int | None = None, remote_start_id: int = 7) -> Ask:
        """Start a charge from afar."""
        if self.is_16:
            where = {} if evse_id is None else {"connectorId": evse_id}
            return Ask("RemoteStartTransaction", {"idTag": token, **where})
        where = {} if evse_id is None else {"evseId": evse_id}
        id_token = {"idToken": token, "type": "ISO14443"}
        return Ask("RequestStartTransaction", {"idToken": id_token, "remoteStartId": remote_start_id, **where})

    def remote_stop(self, csms: BenchCsms) -> Ask:
        """Stop the newest transaction from afar."""
        action = "RemoteStopTransaction" if self.is_16 else "RequestStopTransaction"
        return Ask(action, {"transactionId": self.transaction_id(csms)})

    def availability(self, *, operative: bool, evse_id: int | None = None) -> Ask:
        """Take out of service, or back."""
        word = "Operative" if operative else "Inoperative"
        if self.is_16:
            return Ask("ChangeAvailability", {"connectorId": evse_id or 0, "type": word})
        where = {} if evse_id is None else {"evse": {"id": evse_id}}
        return Ask("ChangeAvailability", {"operationalStatus": word, **where})

    def reset(self, *, at_once: bool) -> Ask:
        """Restart: Hard or Soft in 1.6, Immediate or OnIdle in 2.0.1."""
        if self.is_16:
            return Ask("Reset", {"type": "Hard" if at_once else "Soft"})
        return Ask("Reset", {"type": "Immediate" if at_once else "OnIdle"})

    def unlock(self, *, evse_id: int = 1) -> Ask:
        """Release the cable."""
        if self.is_16:
            return Ask("UnlockConnector", {"connectorId": evse_id})
        return Ask("UnlockConnector", {"evseId": evse_id, "connectorId": 1})

    def trigger(self, message: str, *, evse_id: int | None = None) -> Ask:
        """Ask for a message now."""
        if evse_id is None:
            return Ask("TriggerMessage", {"requestedMessage": message})
        if self.is_16:
            return Ask("TriggerMessage", {"requestedMessage": message, "connectorId": evse_id})
        evse = {"id": evse_id, "connectorId": 1} if message == "StatusNotification" else {"id": evse_id}
        return Ask("TriggerMessage", {"requestedMessage": message, "evse": evse})

    def change(self, key: str, variable: str, value: str) -> Ask:
        """Change one setting; `key` is 1.6's name, `variable` is Component.Variable."""
        if self.is_16:
            return Ask("ChangeConfiguration", {"key": key, "value": value})
        component, name = variable.split(".")
        item = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": value}
        return Ask("SetVariables", {"setVariableData": [item]})

    def local_list(self, entries: Mapping[str, str], *, version: int = 1) -> Ask:
        """Replace the local list by these tokens with their statuses."""
        if self.is_16:
            listed: list[dict[str, Any]] = [
                {"idTag": token, "idTagInfo": {"status": status}} for token, status in entries.items()
            ]
            return Ask(
                "SendLocalList", {"listVersion": version, "updateType": "Full", "localAuthorizationList": listed}
            )
        listed = [
            {"idToken": {"idToken": token, "type": "ISO14443"}, "idTokenInfo": {"status": status}}
            for token, status in entries.items()
        ]
        return Ask("SendLocalList", {"versionNumber": version, "updateType": "Full", "localAuthorizationList": listed})


def outcome(answer: Payload) -> str:
    """How a SetVariables or ChangeConfiguration went."""
    if "status" in answer:
        return str(answer["status"])
    return str(answer["setVariableResult"][0]["attributeStatus"])


_OCCUPIED = dict.fromkeys(("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"), "Occupied")

DIALECTS: dict[str, Dialect] = {
    "ocpp1.6": Dialect("ocpp1.6", "StartTransaction", "StopTransaction", "MeterValues"),
    "ocpp2.0.1": Dialect(
        "ocpp2.0.1",
        "TransactionEvent",
        "TransactionEvent",
        "TransactionEvent",
        statuses=_OCCUPIED,
        reasons={"HardReset": "ImmediateReset", "UnlockCommand": "Remote"},
    ),
}
