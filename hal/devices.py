"""Which devices the drivers stand for, and how each is tested: what the table in README.md is made of."""

from dataclasses import dataclass

from hal.modbus.map_file import known_maps, load_map
from hal.registry import DRIVERS, EXTRAS, driver_class


@dataclass(frozen=True, slots=True)
class Supported:
    """The devices behind one driver; `emulator` and `tests` are paths in this repository."""

    devices: str
    emulator: str
    tests: str


GPIO_BENCH = "hil/devices/gpio_bench.py"
SYSFS = "tests/hal/sysfs"
"""A directory tree with the kernel's file formats."""

SUPPORTED: dict[str, Supported] = {
    "sim": Supported("none: a simulated EVSE with its vehicle", "hal/sim", "tests/contracts/test_sim.py"),
    "sim-reader": Supported("none: a simulated card reader", "hal/sim", "tests/hal/sim/test_reader.py"),
    "modbus-meter": Supported("the meters below", "hil/devices/meter.py", "tests/hal/modbus/test_meter.py"),
    "gpio": Supported("contactor with its mirror contacts", GPIO_BENCH, "tests/hal/gpio/test_contactor.py"),
    "gpio-phase-switch": Supported("switch between one phase and three", GPIO_BENCH, "tests/hal/gpio"),
    "gpio-lock": Supported("lock motor with end switches", GPIO_BENCH, "tests/hal/gpio/test_lock.py"),
    "gpio-faults": Supported(
        "RCD, emergency stop, door, over-temperature and other contacts", GPIO_BENCH, "tests/hal/gpio/test_faults.py"
    ),
    "gpio-limit": Supported("curtailment relay, ripple control", GPIO_BENCH, "tests/hal/gpio/test_limit.py"),
    "gpio-stop-button": Supported("stop button", GPIO_BENCH, "tests/hal/gpio/test_stop_button.py"),
    "gpio-indicator": Supported("lights with patterns", GPIO_BENCH, "tests/hal/gpio/test_indicator.py"),
    "pn532": Supported("NXP PN532 on a serial port", "hil/devices/pn532_board.py", "tests/hal/readers/test_pn532.py"),
    "rdm6300": Supported(
        "RDM6300 and other 125 kHz readers with its frame", "hil/devices/rdm6300_reader.py", "tests/hal/readers"
    ),
    "usb-hid": Supported("readers that type like a keyboard", "hil/devices/hid_keys.py", "tests/hal/readers"),
    "hwmon": Supported("temperature and voltage sensors of the kernel's hwmon", SYSFS, "tests/hal/sysfs"),
    "w1": Supported("DS18B20 on 1-Wire", SYSFS, "tests/hal/sysfs/test_w1.py"),
    "can-board": Supported(
        "any board on CAN that a DBC file describes", "hil/devices/can_board.py", "tests/hal/can_bus"
    ),
    "evse-din": Supported("EVSE DIN, EVSE WB, simpleEVSE", "hil/devices/evse_din.py", "tests/hal/modbus/boards"),
    "phoenix": Supported(
        "Phoenix Contact EM-CP-PP-ETH, CHARX control", "hil/devices/phoenix_board.py", "tests/hal/modbus/boards"
    ),
    "rapi": Supported("OpenEVSE boards, firmware 5 and later", "hil/devices/rapi_board.py", "tests/hal/rapi"),
}
"""By the name of the driver; complete (a test sees to it)."""

BEGIN = "<!-- the tables from here to the end mark are made by `make diagrams` -->"
END = "<!-- end of the tables -->"


def with_tables(readme: str) -> str:
    """README.md with its tables as they should be. Raises ValueError where the marks are gone."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md has lost the marks of its tables")
    return f"{before}{BEGIN}\n\n{_drivers()}\n{_meters()}\n{END}{after}"


def _drivers() -> str:
    lines = ["| driver | provides | devices | needs | emulated by | tested in |", "|---|---|---|---|---|---|"]
    for name, target in DRIVERS.items():
        one = SUPPORTED[name]
        extra = next((EXTRAS[family] for family in EXTRAS if target.replace(":", ".").startswith(f"{family}.")), None)
        cells = (
            f"`{name}`",
            ", ".join(sorted(driver_class(name).PARTS)),
            one.devices,
            f"`evse-agent[{extra}]`" if extra else "nothing",
            f"`{one.emulator}`",
            f"`{one.tests}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _meters() -> str:
    lines = ["| meter | `map:` | recognised by `hal probe` | models |", "|---|---|---|---|"]
    for name in known_maps():
        one = load_map(name)
        by = "its identity register" if one.identity is not None else "plausible readings"
        lines.append(f"| {one.title} | `{name}` | {by} | {', '.join(one.models)} |")
    lines.append("| any SunSpec meter | `sunspec` | its model chain | models 201 to 204 |")
    return "\n".join(lines) + "\n"
