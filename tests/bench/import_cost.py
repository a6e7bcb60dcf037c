"""What importing a dependency costs, each in a process of its own: CPU time, and memory over a bare interpreter.

python -m tests.bench.import_cost [MODULE ...]
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ROUNDS: Final = 5
MODULES: Final = (
    "asyncio",
    "websockets.asyncio.client",
    "h11",
    "yaml",
    "fastjsonschema",
    "jsonschema_rs",
    "ocpp.v16",
    "ocpp.v201",
    "pymodbus.client",
    "serial",
    "gpiozero",
    "gpiod",
    "can",
    "cantools",
)

_PROBE: Final = """
import sys, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
before, started = resident(), time.process_time()
__import__(sys.argv[1])
print(time.process_time() - started, resident() - before)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time in ms and resident memory in MiB that one import adds."""

    module: str
    cpu_ms: float
    resident_mib: float


def cost_of(module: str, *, rounds: int = ROUNDS) -> Cost:
    """The least of several rounds, each in a new process."""
    measured = [_measure(module) for _ in range(rounds)]
    return Cost(
        module=module,
        cpu_ms=min(cpu_s for cpu_s, _ in measured) * 1000,
        resident_mib=min(added for _, added in measured) / 2**20,
    )


def _measure(module: str) -> tuple[float, int]:
    out = subprocess.run([sys.executable, "-c", _PROBE, module], capture_output=True, text=True, timeout=60, check=True)
    cpu_s, added = out.stdout.split()
    return float(cpu_s), int(added)


def main(modules: Sequence[str]) -> None:
    """Print a table."""
    print(f"{'module':<28} {'CPU ms':>8} {'MiB':>6}")
    for module in modules or MODULES:
        cost = cost_of(module)
        print(f"{cost.module:<28} {cost.cpu_ms:>8.0f} {cost.resident_mib:>6.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
