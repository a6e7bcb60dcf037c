"""`python -m tests.bench`: what the agent costs on this machine, beside a bare client measured in the same run."""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path

from tests.bench.csms import Csms
from tests.bench.figures import Figure, misses, table
from tests.bench.rounds import Rounds

MEASUREMENTS = ("starting", "metering", "asking", "stopping", "draining", "fleets")
"""Modules of this folder, each with a function of its name."""

Measure = Callable[[Rounds], Awaitable[list[Figure]]]


def main() -> int:
    """Measure, print, and say what misses its target; the exit code is no judgement."""
    options = _options()
    machine = _machine()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    began_s = time.monotonic()
    figures = asyncio.run(_measure(options.only or MEASUREMENTS, quick=options.quick, folder=options.folder))
    print(f"\n{table(figures)}\n\n{misses(figures)}\n\n{NOTES}\n({time.monotonic() - began_s:.0f} s)")
    if options.json is not None:
        told = {"machine": machine, "quick": options.quick, "figures": [one.as_json() for one in figures]}
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


NOTES = """\
floor: websockets and json, nothing else. mobilityhouse: the ocpp package's ChargePoint, its message log off.
Neither keeps anything on disk. Medians of several runs; a miss by a few per cent on a busy machine is noise."""


async def _measure(names: tuple[str, ...], *, quick: bool, folder: Path | None) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="evse-bench-", dir=folder, ignore_cleanup_errors=True) as work:
        async with Csms() as csms:
            rounds = Rounds(csms, Path(work), quick=quick)
            for name in names:
                print(f"measuring: {name} ...", file=sys.stderr)
                measure: Measure = getattr(import_module(f"tests.bench.{name}"), name)
                figures += await measure(rounds)
    return figures


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: under a minute, rougher")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="on which disk to measure (the temporary folder)")
    parser.add_argument("only", nargs="*", choices=[*MEASUREMENTS, []], metavar="MEASUREMENT", help="only these")
    return parser.parse_args()


def _machine() -> Mapping[str, object]:
    load = os.getloadavg()[0]
    return {
        "Python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count() or 1,
        "load average": round(load, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
