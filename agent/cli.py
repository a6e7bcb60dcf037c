"""evse-agent: the command line. Exit codes: 0 fine; 1 failure at run time; 2 usage or configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import AgentError, SettingsError

if TYPE_CHECKING:
    import argparse

    from agent.settings import Settings

FINE, FAILED, USAGE = 0, 1, 2
DEFAULT_CONFIG = Path("/etc/evse-agent/station.yaml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["failsafe"]:
        from agent.failsafe import main as failsafe  # before anything heavy: energy may be flowing

        return failsafe(given[1:])
    options = _parser().parse_args(given)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks on stderr
        return USAGE
    except AgentError as error:
        print(f"evse-agent: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    except KeyboardInterrupt:
        return FINE


def _parser() -> argparse.ArgumentParser:
    import argparse

    from agent.cli_hal import add_hal

    parser = argparse.ArgumentParser(prog="evse-agent", description="Firmware agent for EV chargers")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the agent of a charger")
    run.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="station.yaml")
    run.add_argument("--data-dir", type=Path, metavar="DIR", help="instead of storage.path")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="check a station.yaml without starting anything")
    check.add_argument("config", type=Path, nargs="?", default=DEFAULT_CONFIG, metavar="FILE")
    check.set_defaults(command=_check)

    schema = commands.add_parser("schema", help="print the JSON Schema of station.yaml for editors")
    schema.set_defaults(command=_schema)

    for name, what in (("status", "show a running agent's state"), ("queue", "show a running agent's outbox")):
        view = commands.add_parser(name, help=what)
        view.add_argument("--host", default="127.0.0.1", help="where its local API listens")
        view.add_argument("--port", type=int, default=8080)
        view.add_argument("--json", action="store_true", help="as JSON instead of a table")
        if name == "status":
            which = view.add_mutually_exclusive_group()
            which.add_argument("--faults", action="store_true", help="the history of faults, the newest first")
            which.add_argument("--why", action="store_true", help="what sets the limit of each EVSE now, a line each")
        view.add_argument("--data-dir", type=Path, metavar="DIR", help="read it there: no agent has to run")
        view.set_defaults(command=_view, view=name)

    commands.add_parser("failsafe", help="tell every contactor to open, whatever ended the agent: --config FILE")

    hal = commands.add_parser("hal", help="which meters can be read, and which are there")
    add_hal(hal)
    simulate = commands.add_parser("simulate", help="a simulated charger for a CSMS developer")
    _simulate_options(simulate)
    demo = commands.add_parser("demo", help="a simulated charge against the built-in CSMS, told as it happens")
    demo.add_argument("--speed", type=float, default=600.0, help="how many times faster than real (600)")
    demo.add_argument("--ocpp", choices=("1.6", "2.0.1"), default="2.0.1")
    demo.set_defaults(command=_demo)
    return parser


def _simulate_options(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument("--csms", required=True, metavar="URL", help="ws://host:port/path; the id is appended")
    simulate.add_argument("--id", required=True, metavar="ID", help="the station's identity")
    simulate.add_argument("--ocpp", choices=("1.6", "2.0.1", "2.1"), default="2.0.1")
    simulate.add_argument("--evses", type=int, default=1, metavar="N")
    simulate.add_argument("--script", type=Path, metavar="FILE", help="what the cars do; without it: by hand")
    simulate.add_argument("--speed", type=float, default=1.0, help="how many times faster than real")
    simulate.add_argument("--password-file", type=Path, metavar="FILE", help="for basic authentication")
    simulate.add_argument("--api-port", type=int, default=8080, metavar="PORT", help="local API, 0 for any free port")
    simulate.add_argument("--data-dir", type=Path, metavar="DIR", help="keep the state here (a new folder each time)")
    simulate.add_argument("--exit-when-done", action="store_true", help="end once the script is over and all is told")
    simulate.set_defaults(command=_simulate)


def _load(file: Path) -> Settings:
    from agent.settings import load

    settings = load(file)
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201
    return settings


def _run(options: argparse.Namespace) -> int:
    import asyncio

    from agent.serve import serve

    return asyncio.run(serve(_load(options.config), data_dir=options.data_dir))


def _check(options: argparse.Namespace) -> int:
    from agent.assembly import build_hardware, link_settings, make_plan
    from agent.clock import SystemClock
    from hal.registry import SharedDevices

    plan = make_plan(_load(options.config))
    build_hardware(plan, clock=SystemClock(), shared=SharedDevices())
    link_settings(plan)
    print(f"{options.config}: fine ({len(plan.evses)} EVSE, {len(plan.readers)} token readers)")  # noqa: T201
    return FINE


def _schema(options: argparse.Namespace) -> int:
    del options
    from agent.settings_schema import as_text, station_schema

    sys.stdout.write(as_text(station_schema()))
    return FINE


def _view(options: argparse.Namespace) -> int:
    from agent.cli_views import print_stored_faults, print_stored_queue, print_view

    asked = [name for name in ("faults", "why") if getattr(options, name, False)]
    view = asked[0] if asked else options.view
    if options.data_dir is not None:
        if view in {"status", "why"}:
            print("evse-agent: --data-dir shows a queue, or faults with --faults", file=sys.stderr)  # noqa: T201
            return USAGE
        stored = print_stored_faults if view == "faults" else print_stored_queue
        return stored(options.data_dir, as_json=options.json)
    return print_view(view, host=options.host, port=options.port, as_json=options.json)


def _simulate(options: argparse.Namespace) -> int:
    import asyncio

    from agent.simulate import simulate

    return asyncio.run(simulate(options))


def _demo(options: argparse.Namespace) -> int:
    import asyncio

    from agent.demo import demo

    return asyncio.run(demo(speed=options.speed, ocpp=options.ocpp))


if __name__ == "__main__":
    sys.exit(main())
