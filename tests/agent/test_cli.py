"""The command line, as a person or systemd calls it: what it prints, and its exit codes."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.cli import DEFAULT_CONFIG, main
from agent.settings_schema import as_text, station_schema
from tests.fakes.agent_process import AgentProcess, agent_process, run_agent
from tests.fakes.api_client import Api

CONFIG = Path(__file__).parents[2] / "config"
COMMANDS = ("run", "check", "schema", "status", "queue", "simulate", "demo")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a command would be called with, in place of calling it."""
    seen: list[dict[str, Any]] = []

    def note(options: Any) -> int:
        seen.append({key: value for key, value in vars(options).items() if key != "command"})
        return 7

    for name in ("_run", "_check", "_schema", "_view", "_simulate", "_demo"):
        monkeypatch.setattr(f"agent.cli.{name}", note)
    return seen


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run", {"config": DEFAULT_CONFIG, "data_dir": None}),
        ("run --config a.yaml --data-dir d", {"config": Path("a.yaml"), "data_dir": Path("d")}),
        ("check", {"config": DEFAULT_CONFIG}),
        ("check a.yaml", {"config": Path("a.yaml")}),
        ("schema", {}),
        ("status", {"view": "status", "host": "127.0.0.1", "port": 8080, "json": False}),
        ("queue --host ::1 --port 81 --json", {"view": "queue", "host": "::1", "port": 81, "json": True}),
        ("demo --ocpp 1.6 --speed 60", {"ocpp": "1.6", "speed": 60.0}),
        (
            "simulate --csms ws://h/o --id A",
            {"csms": "ws://h/o", "id": "A", "ocpp": "2.0.1", "evses": 1, "speed": 1.0, "script": None},
        ),
        (
            "simulate --csms ws://h/o --id A --ocpp 2.1 --evses 3 --script s.yaml --speed 9 --exit-when-done",
            {"ocpp": "2.1", "evses": 3, "script": Path("s.yaml"), "speed": 9.0, "exit_when_done": True},
        ),
    ],
)
def test_each_command_gets_what_the_line_says(line: str, expected: dict[str, Any], calls: list[dict[str, Any]]) -> None:
    code = main(line.split())

    (given,) = calls
    assert code == 7
    assert {key: given[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "COMMAND"),
        ("fly", "invalid choice: 'fly'"),
        ("simulate --csms ws://h/o", "--id"),
        ("simulate --id A", "--csms"),
        ("simulate --csms ws://h/o --id A --evses many", "--evses"),
        ("demo --ocpp 2.1", "--ocpp"),
        ("status --port high", "--port"),
        ("run --colour", "--colour"),
    ],
)
def test_a_line_that_is_no_command_is_usage(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())

    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(name in told for name in COMMANDS)


def test_ctrl_c_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("agent.cli._schema", interrupted)

    assert main(["schema"]) == 0


@pytest.mark.parametrize("name", sorted(file.name for file in CONFIG.glob("*.yaml")))
def test_check_says_that_a_good_file_is_fine(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", str(CONFIG / name)])

    assert code == 0
    assert capsys.readouterr().out.startswith(f"{CONFIG / name}: fine (")


STATION = """\
station: {identity: CP001, vendor: Example, model: Duo-22}
csms: {url: "ws://127.0.0.1:9/ocpp"}
evses:
  - id: 1
    connectors: [{id: 1}]
    hal: {driver: sim}
local_api: {port: 0}
logging: {json: true}
"""


def station(folder: Path, *changes: tuple[str, str]) -> Path:
    text = STATION
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = folder / "station.yaml"
    file.write_text(text)
    return file


CA = """ocpp",
  security_profile: 2, basic_auth_password_file: password,
  tls: {ca_file: ca.pem}}"""


def test_check_tells_every_mistake_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = station(tmp_path, ("vendor: Example, ", ""), ("id: 1}]", "id: 1, phases: 4}]"), ("port: 0", "prt: 0"))

    code = main(["check", str(file)])

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert [line.split(":")[1] for line in err.splitlines()] == ["1", "5", "7"]
    assert "did you mean port?" in err


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("{driver: sim}", "{driver: sym}"), 6, "evses[0].hal.driver: unknown driver 'sym'; did you mean 'sim'?"),
        (("{driver: sim}", "{driver: sim, batery_kwh: 5}"), 6, "did you mean battery_kwh?"),
        (
            (
                "{driver: sim}",
                "\n      driver: sim\n      meter: {driver: modbus-meter, host: h,\n              map: sdm}",
            ),
            9,
            "evses[0].hal.meter.map: unknown map 'sdm'",
        ),
        (("{driver: sim}", "{driver: gpio, pin: 4}"), 6, "evses[0].hal.pilot: EVSE 1 has no pilot"),
    ],
)
def test_check_finds_what_only_the_drivers_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], line: int, says: str
) -> None:
    file = station(tmp_path, change)

    code = main(["check", str(file)])

    told = capsys.readouterr().err
    assert code == 2
    assert told.startswith(f"{file}:{line}:")
    assert says in told


def test_check_finds_files_of_the_link_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    (tmp_path / "password").write_text("a-secret-of-24-letters-1")
    (tmp_path / "password").chmod(0o600)
    file = station(tmp_path, ("ws://127.0.0.1:9/ocpp", "wss://csms.example/ocpp"), ('ocpp"}', CA))

    code = main(["check", str(file)])

    out, err = capsys.readouterr()
    assert code == 2
    assert "fine" not in out
    assert f"{file}:4:" in err
    assert "ca.pem: no root certificates in it" in err


def test_check_prints_warnings_and_is_fine_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = station(tmp_path, ("ws://127.0.0.1:9/ocpp", "ws://csms.example/ocpp"))

    code = main(["check", str(file)])

    out, err = capsys.readouterr()
    assert code == 0
    assert "fine" in out
    assert err.startswith(f"warning: {file}:2:")


def test_check_starts_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    file = station(tmp_path, ("logging", f"storage: {{path: {tmp_path / 'data'}}}\nlogging"))

    main(["check", str(file)])

    assert [path.name for path in tmp_path.iterdir()] == ["station.yaml"]


def test_schema_prints_the_schema_of_station_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["schema"])

    told = capsys.readouterr().out
    assert code == 0
    assert told == as_text(station_schema())
    assert json.loads(told)["properties"].keys() >= {"station", "csms", "evses"}


@contextmanager
def nobody() -> Iterator[str]:
    """A port on which nothing listens for as long as the block lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield str(held.getsockname()[1])


@pytest.mark.parametrize("view", ["status", "queue"])
def test_where_no_agent_runs_the_views_say_so_in_one_line(view: str, capsys: pytest.CaptureFixture[str]) -> None:
    with nobody() as port:
        code = main([view, "--port", port])

    out, err = capsys.readouterr()
    assert code == 1
    assert out == ""
    assert err.startswith(f"evse-agent: no agent answers on 127.0.0.1:{port}: is it running?")
    assert err.count("\n") == 1


@asynccontextmanager
async def charging(folder: Path) -> AsyncIterator[tuple[AgentProcess, str]]:
    """A running agent that charges a car nobody has heard of, and its port."""
    alone = (
        "\ntoken_readers: [{driver: sim-reader}]\n"
        "ocpp_variables: {TxCtrlr.TxBeforeAcceptedEnabled: true, AuthCtrlr.OfflineTxForUnknownIdEnabled: true}\n"
        f"storage: {{path: {folder / 'data'}}}\n"
        "simulation: {speed: 50}\nlogging"
    )
    file = station(folder, ("\nlogging", alone))
    async with agent_process("run", "--config", file) as agent:
        port = (await agent.event("local API listens"))["port"]
        await Api(port).charge(card="04A1B2C3D4E5F6")
        yield agent, str(port)


async def test_the_views_show_a_running_agent_as_tables_and_as_json(tmp_path: Path) -> None:
    async with charging(tmp_path) as (_, port):
        status = await run_agent("status", "--port", port)
        status_json = await run_agent("status", "--port", port, "--json")
        queue = await run_agent("queue", "--port", port)
        queue_json = await run_agent("queue", "--port", port, "--json")

    assert [code for code, _, _ in (status, status_json, queue, queue_json)] == [0, 0, 0, 0]
    assert "CP001  Example Duo-22" in status[1]
    assert "Charging" in status[1]
    assert "TransactionStarted" in queue[1]
    assert json.loads(status_json[1])["evses"][0]["status"] == "Charging"
    assert json.loads(queue_json[1])["rows"][0]["kind"] == "TransactionStarted"
    for _, printed, said in (status, status_json, queue, queue_json):
        assert "04A1B2C3D4E5F6" not in printed
        assert "\x1b" not in printed  # no terminal, no colours
        assert said == ""


async def test_a_killed_agent_answers_no_more_and_its_queue_can_still_be_seen(tmp_path: Path) -> None:
    async with charging(tmp_path) as (agent, port):
        await agent.kill()
        code, printed, said = await run_agent("status", "--port", port)
        left = await run_agent("queue", "--data-dir", tmp_path / "data")

    assert code == 1
    assert "no agent answers" in said
    assert "Traceback" not in said + printed
    assert left[0] == 0
    assert "TransactionStarted" in left[1]
