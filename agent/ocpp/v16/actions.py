"""Every action that a CSMS may send to this station, and those it may not."""

from agent.ocpp.v16 import (
    authorization,
    availability,
    configuration,
    data_transfer,
    local_list,
    remote_control,
    smart_charging,
)
from agent.ocpp.v16.action import Action

ACTIONS: dict[str, Action] = {
    **authorization.ACTIONS,
    **availability.ACTIONS,
    **configuration.ACTIONS,
    **data_transfer.ACTIONS,
    **local_list.ACTIONS,
    **remote_control.ACTIONS,
    **smart_charging.ACTIONS,
}

NOT_SUPPORTED = frozenset(
    {
        # feature profiles that this station does not list
        "CancelReservation",
        "ReserveNow",
        "GetDiagnostics",
        "UpdateFirmware",
        # the security extensions of the white paper
        "CertificateSigned",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetInstalledCertificateIds",
        "GetLog",
        "InstallCertificate",
        "SignedUpdateFirmware",
        # what only a charge point asks
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
"""Recognized, yet answered NotSupported; any other action is NotImplemented (OCPP-J 1.6, table 7)."""
