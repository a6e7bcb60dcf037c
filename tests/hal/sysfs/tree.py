"""Sensor files as the kernel lays them out, in a folder of the test's own."""

from pathlib import Path

CRC_LINE = "50 05 4b 46 7f ff 0c 10 1c : crc=1c"


class HwmonTree:
    """/sys/class/hwmon with one chip."""

    def __init__(self, root: Path, *, chip: str = "lm75", number: int = 0) -> None:
        self.root = root
        self.folder = root / f"hwmon{number}"
        self.folder.mkdir(parents=True)
        (self.folder / "name").write_text(f"{chip}\n")

    def temperature(self, celsius: float, *, number: int = 1) -> None:
        self.write(f"temp{number}_input", f"{round(celsius * 1000)}\n")

    def voltage(self, volts: float, *, number: int = 0) -> None:
        self.write(f"in{number}_input", f"{round(volts * 1000)}\n")

    def write(self, name: str, text: str) -> None:
        # Renamed into place: a reader sees the old number or the new one, as in sysfs.
        made = self.folder / f".{name}"
        made.write_text(text)
        made.rename(self.folder / name)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


class W1Tree:
    """/sys/bus/w1/devices with one DS18B20."""

    def __init__(self, root: Path, *, sensor: str = "28-0316a2794bff") -> None:
        self.root = root
        self.folder = root / sensor
        self.folder.mkdir(parents=True)

    def slave(self, milli_c: int, *, sound: str = "YES", crc_line: str = CRC_LINE) -> None:
        scratchpad = crc_line.partition(" :")[0]
        self.write("w1_slave", f"{crc_line} {sound}\n{scratchpad} t={milli_c}\n")

    def temperature(self, milli_c: int) -> None:
        self.write("temperature", f"{milli_c}\n")

    def write(self, name: str, text: str) -> None:
        made = self.folder / f".{name}"
        made.write_text(text)
        made.rename(self.folder / name)
