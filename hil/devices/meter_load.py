"""The physics behind an emulated meter: voltages and currents make power, power over time makes energy."""

from collections.abc import Callable

from hil.devices.sdm630 import Load, Phases

AMBIENT_C = 25.0


class MeteredLoad:
    """What flows through a meter, and what has flowed. `clock` lets time pass by itself; without it, `advance` does."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        import_kwh: float = 0.0,
        export_kwh: float = 0.0,
        frequency_hz: float = 50.0,
    ) -> None:
        self.frequency_hz = frequency_hz
        self.temperature_c = AMBIENT_C
        self._load = Load()
        self._clock = clock
        self._seen_s = clock() if clock else 0.0
        self._import_wh = import_kwh * 1000
        self._export_wh = export_kwh * 1000

    def set(
        self,
        *,
        current_a: Phases | None = None,
        voltage_v: Phases | None = None,
        power_factor: float | None = None,
        exporting: bool | None = None,
    ) -> None:
        """Change the load from now on; what is not given stays."""
        self.catch_up()
        old = self._load
        self._load = Load(
            current_a=old.current_a if current_a is None else current_a,
            voltage_v=old.voltage_v if voltage_v is None else voltage_v,
            power_factor=old.power_factor if power_factor is None else power_factor,
            exporting=old.exporting if exporting is None else exporting,
        )

    def advance(self, seconds: float) -> None:
        """Let it run for `seconds`."""
        power_w = sum(self._load.power_w)
        if power_w >= 0:
            self._import_wh += power_w * seconds / 3600
        else:
            self._export_wh -= power_w * seconds / 3600

    def catch_up(self) -> None:
        """Bring the energies up to now, where there is a clock."""
        if self._clock is not None:
            now_s = self._clock()
            self.advance(now_s - self._seen_s)
            self._seen_s = now_s

    def value(self, quantity: str, phase: str | None) -> float:
        """One value in Wh, W, A, V, Hz or degrees Celsius, as a map names it. Raises KeyError for what it has not."""
        load = self._load
        if phase is None:
            power_w, apparent_va = sum(load.power_w), sum(load.apparent_va)
            return {
                "energy_import": self._import_wh,
                "energy_export": self._export_wh,
                "power": power_w,
                "power_factor": power_w / apparent_va if apparent_va else 1.0,
                "frequency": self.frequency_hz,
                "temperature": self.temperature_c,
            }[quantity]
        index = ("L1", "L2", "L3").index(phase)
        return {
            "power": load.power_w[index],
            "current": load.current_a[index],
            "voltage": load.voltage_v[index],
        }[quantity]
