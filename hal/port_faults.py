"""Which faults an EVSE has now, by who says so."""

from collections.abc import Callable

from hal.readings import FAULT_NAMES

HARMLESS = frozenset(
    {
        "ReaderFailure",
        "WeakSignal",
        "AuthorizationTimeout",
        "NoInternet",
        "HighTemperatureDerate",
        "CableOverTempDerate",
        "SensorFailure",
    }
)
"""Faults under which energy may go on: everything else cuts it."""

UNKNOWN_NAME = "OtherError"
"""What a fault input's word is taken for that is none of FAULT_NAMES."""


class FaultLedger:
    """A fault is active while at least one source says so; `moved` hears of each beginning and end once."""

    def __init__(self, moved: Callable[[str, bool, str], None]) -> None:
        self._moved = moved
        self._sources: dict[str, dict[str, str]] = {}

    @property
    def active(self) -> tuple[str, ...]:
        """In the order they began."""
        return tuple(self._sources)

    @property
    def details(self) -> dict[str, str]:
        """One detail a fault."""
        return {fault: next(iter(by_source.values())) for fault, by_source in self._sources.items()}

    @property
    def cuts_power(self) -> bool:
        """Whether one of them forbids energy."""
        return any(fault not in HARMLESS for fault in self._sources)

    def __contains__(self, fault: str) -> bool:
        return fault in self._sources

    def set(self, fault: str, *, source: str, detail: str = "") -> None:
        """`source` says that the fault is there."""
        if fault not in FAULT_NAMES:
            fault, detail = UNKNOWN_NAME, f"{fault}: {detail}"
        is_new = fault not in self._sources
        self._sources.setdefault(fault, {})[source] = detail
        if is_new:
            self._moved(fault, True, detail)  # noqa: FBT003 - the fields of FaultMoved in their order

    def clear(self, fault: str, *, source: str) -> None:
        """`source` no longer says so; harmless when it never did."""
        fault = fault if fault in FAULT_NAMES else UNKNOWN_NAME
        by_source = self._sources.get(fault)
        if by_source is None or by_source.pop(source, None) is None or by_source:
            return
        del self._sources[fault]
        self._moved(fault, False, "")  # noqa: FBT003 - likewise

    def keep_only(self, faults: frozenset[str], *, source: str) -> None:
        """Of what `source` said, only `faults` still hold."""
        for fault in [name for name, by_source in self._sources.items() if source in by_source]:
            if fault not in faults:
                self.clear(fault, source=source)
