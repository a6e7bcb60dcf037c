"""The kernel's sensor files: how they are found, and what is in them.

hwmon: Documentation/hwmon/sysfs-interface.rst (tempN_input in millidegrees, inN_input in millivolts, tempN_fault).
1-Wire: Documentation/w1/slaves/w1_therm.rst (w1_slave with its CRC line, temperature in millidegrees).
All of this may block, a 1-Wire thermometer for the 750 ms of its conversion.
"""

import math
import re
from pathlib import Path

from hal.errors import BadReading, DeviceGone, DeviceSilent
from hal.sysfs.verdict import Measurement

HWMON = Path("/sys/class/hwmon")
W1_DEVICES = Path("/sys/bus/w1/devices")
DS18B20 = "28-*"
POWER_ON_MILLI_C = 85_000
"""What the scratchpad of a DS18B20 holds before its first conversion: the supply failed meanwhile."""
MOST_BYTES = 512

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_BYTES = r"(?:[0-9a-f]{2} ){9}"
_W1_SLAVE = re.compile(
    rf"(?P<first>{_BYTES}): crc=[0-9a-f]{{2}} (?P<sound>YES|NO)\s*\n{_BYTES}t=(?P<milli_c>-?[0-9]{{1,6}})\s*"
)


def read_hwmon(folder: Path, *, temperature: int | None, voltage: int | None, factor: float) -> Measurement:
    """One look at a hwmon chip; `factor` is that of the divider before its voltage input.

    Raises DeviceGone, DeviceSilent or BadReading, without the device's name.
    """
    temperature_c = voltage_v = None
    if temperature is not None:
        fault = folder / f"temp{temperature}_fault"
        if fault.exists() and _whole(fault) != 0:
            raise BadReading(f"{fault.name} says that the sensor is broken")
        temperature_c = _whole(folder / f"temp{temperature}_input") / 1000
    if voltage is not None:
        voltage_v = _whole(folder / f"in{voltage}_input") / 1000 * factor
    return Measurement(temperature_c, voltage_v)


def hwmon_folder(chip: str, *, root: Path = HWMON) -> Path:
    """The directory of a chip by its name, or by its path. Raises DeviceGone where there is none, or more than one."""
    if chip.startswith("/"):
        return Path(chip)
    named = [one.parent for one in sorted(root.glob("hwmon*/name")) if _text(one).strip() == chip]
    return _only(named, f"chip {chip!r} in {root}")


def read_w1(folder: Path) -> Measurement:
    """One conversion of a 1-Wire thermometer. Raises DeviceGone, DeviceSilent or BadReading."""
    with_crc = folder / "w1_slave"
    milli_c = parse_w1_slave(_text(with_crc)) if with_crc.exists() else _whole(folder / "temperature")
    if milli_c == POWER_ON_MILLI_C:
        raise BadReading("85 °C is what the sensor holds after a power failure")
    return Measurement(milli_c / 1000)


def w1_folder(sensor: str, *, root: Path = W1_DEVICES) -> Path:
    """The directory of a 1-Wire sensor by its id or its path; "" is the only DS18B20 there is. Raises DeviceGone."""
    if sensor:
        return Path(sensor) if sensor.startswith("/") else root / sensor
    return _only(sorted(root.glob(DS18B20)), f"DS18B20 in {root}")


def parse_w1_slave(text: str) -> int:
    """Millidegrees from the two lines of w1_slave. Raises BadReading where they are not sound."""
    lines = _W1_SLAVE.fullmatch(text)
    if lines is None:
        raise BadReading(f"w1_slave makes no sense ({len(text)} characters)")
    if lines["sound"] != "YES":
        raise BadReading("the sensor's answer has a wrong CRC")
    if set(lines["first"].split()) == {"00"}:
        raise BadReading("the bus is shorted: every byte is 0")  # its CRC is 0 too
    return int(lines["milli_c"])


def plausible(measurement: Measurement, *, lowest_c: float, highest_c: float) -> Measurement:
    """The same. Raises BadReading for a temperature that cannot be, and a voltage that is no number."""
    at_c, voltage_v = measurement.temperature_c, measurement.voltage_v
    if at_c is not None and not lowest_c <= at_c <= highest_c:
        raise BadReading(f"{at_c:.1f} °C cannot be ({lowest_c:g} to {highest_c:g})")
    if voltage_v is not None and not math.isfinite(voltage_v):
        raise BadReading("the voltage is no number")
    return measurement


def _whole(path: Path) -> int:
    text = _text(path).strip()
    if not _WHOLE.fullmatch(text):
        raise BadReading(f"{path.name} holds no number")
    return int(text)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("ascii", errors="replace")
    except FileNotFoundError as error:
        raise DeviceGone(f"{path} is not there") from error
    except OSError as error:  # EIO, ENXIO, ENODATA: the file is there, the sensor does not answer
        raise DeviceSilent(f"{path} cannot be read: {error.strerror}") from error


def _only(found: list[Path], what: str) -> Path:
    if len(found) != 1:
        raise DeviceGone(f"{len(found) or 'no'} {what}" + ("; give the path" if found else ""))
    return found[0]
