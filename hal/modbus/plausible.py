"""Whether a reading can be that of a meter on a European low-voltage mains: how a model is told without an identity."""

from hal.readings import MeterReading

VOLTAGE_V = (180.0, 260.0)  # EN 50160: 230 V +10 % -15 %, and some room
FREQUENCY_HZ = (49.0, 61.0)  # EN 50160 interconnected: 47 to 52; here without islands, but with 60 Hz mains
LARGEST_CURRENT_A = 400.0
LARGEST_ENERGY_WH = 10**10
APPARENT_SLACK = 1.15
APPARENT_SLACK_VA = 60.0
SUM_SLACK = 0.1
SUM_SLACK_W = 30.0


def plausibility(reading: MeterReading) -> int:
    """How many values make sense; 0 where one makes none, or where nothing tells a meter from anything else."""
    if not _energy_is_sound(reading) or not _mains_are_sound(reading):
        return 0
    if not all(abs(current) <= LARGEST_CURRENT_A for current in reading.current_a):
        return 0
    if reading.power_factor is not None and abs(reading.power_factor) > 1.001:
        return 0
    if not _power_is_sound(reading):
        return 0
    live = max(1, sum(1 for volts in reading.voltage_v if volts >= VOLTAGE_V[0]))
    singles = (reading.frequency_hz, reading.power_w, reading.power_factor, reading.energy_export_wh)
    phases = (reading.voltage_v, reading.current_a, reading.phase_power_w)
    # A phase without voltage speaks for no map: it may be none at all.
    return sum(min(len(values), live) for values in phases) + sum(1 for value in singles if value is not None)


def _energy_is_sound(reading: MeterReading) -> bool:
    energies = (reading.energy_import_wh, reading.energy_export_wh or 0)
    return all(0 <= energy <= LARGEST_ENERGY_WH for energy in energies)


def _mains_are_sound(reading: MeterReading) -> bool:
    """At least one voltage or a frequency, and none that cannot be; a phase that is not wired up reads next to 0."""
    volts = reading.voltage_v
    low_v, high_v = VOLTAGE_V
    if volts and not (low_v <= volts[0] <= high_v and all(v < 10 or low_v <= v <= high_v for v in volts)):
        return False
    hertz = reading.frequency_hz
    if hertz is not None and not FREQUENCY_HZ[0] <= hertz <= FREQUENCY_HZ[1]:
        return False
    return bool(volts) or hertz is not None


def _power_is_sound(reading: MeterReading) -> bool:
    """No more active power than voltage and current can make, and the phases make the total."""
    phases_w = sum(reading.phase_power_w)
    total_w = phases_w if reading.power_w is None else reading.power_w
    if reading.phase_power_w and abs(phases_w - total_w) > abs(phases_w) * SUM_SLACK + SUM_SLACK_W:
        return False
    if len(reading.voltage_v) != len(reading.current_a) or not reading.current_a:
        return True
    pairs = zip(reading.voltage_v, reading.current_a, strict=True)
    apparent_va = sum(abs(volts * amps) for volts, amps in pairs)
    return abs(total_w) <= apparent_va * APPARENT_SLACK + APPARENT_SLACK_VA
