"""What comes out of the log: for journald, for a terminal, and never a secret."""

import io
import json
import logging
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import log as logs
from agent.log import Secret, get_logger, wants_colours
from agent.station.id_token import IdToken
from hil.csms.server import BenchCsms
from tests.fakes.agent_process import agent_process, run_agent

SECRET = "a-secret-of-24-letters-x"
CARD = "04A1B2C3D4E5F6"


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`configure` is for a whole process: what it changes is put back."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    vendors = {name: logging.getLogger(name).level for name in ("websockets", "pymodbus", "asyncio")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in vendors.items():
        logging.getLogger(name).setLevel(before)


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_journald_gets_one_json_object_a_line_behind_its_severity() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    log = get_logger("agent.some.module")

    log.info("transaction started", evse=1, energy_wh=12.5, token=IdToken(CARD), stuck=False, why=None)
    log.warning("two\nlines", text="three\nmore\nlines")

    first, second = lines(stream)
    assert first.startswith("<6>{")
    told = json.loads(first[3:])
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "agent.some.module",
        "event": "transaction started",
        "evse": 1,
        "energy_wh": 12.5,
        "token": str(IdToken(CARD)),
        "stuck": False,
        "why": "None",
    }
    assert second.startswith("<4>{")
    assert json.loads(second[3:])["text"] == "three\nmore\nlines"


def test_values_do_not_hide_what_every_line_has() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    get_logger("agent.x").info("it", level="high", time=5, logger="mine")

    told = json.loads(lines(stream)[0][3:])
    assert (told["level"], told["logger"]) == ("info", "agent.x")
    assert (told["level_"], told["time_"], told["logger_"]) == ("high", 5, "mine")


def test_a_number_that_json_has_not_is_still_json() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    get_logger("agent.x").info("it", odd=float("nan"), endless=float("inf"))

    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    json.loads(lines(stream)[0][3:], parse_constant=refuse)


def test_an_error_brings_the_traceback_of_its_cause_on_the_same_line() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    def breaks() -> None:
        raise ValueError("no such pin")

    try:
        breaks()
    except ValueError as error:
        get_logger("agent.x").error("task failed", cause=error, task="port 1")

    (line,) = lines(stream)
    told = json.loads(line[3:])
    assert line.startswith("<3>")
    assert told["task"] == "port 1"
    assert "ValueError: no such pin" in told["traceback"]


def test_a_terminal_gets_colours_and_what_is_no_terminal_does_not() -> None:
    terminal, file = Terminal(), io.StringIO()
    logs.configure(stream=terminal)
    get_logger("agent.x").warning("no link", why="unreachable")
    logs.configure(stream=file, as_json=False)
    get_logger("agent.x").warning("no link", why="unreachable")

    assert "\x1b[33mwarning\x1b[0m" in terminal.getvalue()
    assert "\x1b" not in file.getvalue()
    for stream in (terminal, file):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} warning no link why=unreachable\n", plain)


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("no", False), ("", True)])
def test_no_color_is_obeyed_where_it_is_not_empty(value: str, coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    terminal = Terminal()
    logs.configure(stream=terminal)

    get_logger("agent.x").error("it")

    assert wants_colours(terminal) is coloured
    assert ("\x1b" in terminal.getvalue()) is coloured


def test_json_can_be_asked_for_at_a_terminal() -> None:
    terminal = Terminal()
    logs.configure(stream=terminal, as_json=True)

    get_logger("agent.x").info("it")

    assert json.loads(lines(terminal)[0][3:])["event"] == "it"


def test_what_is_less_important_than_asked_for_is_left_out() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, level="WARNING")
    log = get_logger("elsewhere")  # every test hears all of the agent's own loggers

    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")

    assert [json.loads(line[3:])["event"] for line in lines(stream)] == ["c", "d"]


def test_the_chatter_of_the_libraries_stays_out_even_when_all_is_asked_for() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, level="DEBUG")

    logging.getLogger("websockets.client").debug("> Authorization: Basic %s", SECRET)
    logging.getLogger("asyncio").debug("selector")
    logging.getLogger("pymodbus").error("no response")
    logging.getLogger("websockets.server").warning("something odd")

    assert [json.loads(line[3:])["event"] for line in lines(stream)] == ["something odd"]


def test_configuring_again_does_not_log_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure(stream=first)
    logs.configure(stream=second)

    get_logger("agent.x").info("it")

    assert lines(first) == []
    assert len(lines(second)) == 1


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_never_shows_itself(as_json: bool) -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, as_json=as_json)
    secret = Secret(SECRET)

    get_logger("agent.x").info("it", a=secret, b=[secret], c={"key": secret}, d=f"{secret}", e=repr(secret))
    get_logger("agent.x").info("it", f=f"{secret:>40}", g="%s" % secret, h=str(secret), i="{}".format(secret))  # noqa: UP031, UP032 - every way there is

    assert SECRET not in stream.getvalue()
    assert secret.reveal() == SECRET
    assert type(secret.reveal()) is str
    assert secret == SECRET


def test_a_secret_survives_a_copy_of_its_own_kind() -> None:
    copy = pickle.loads(pickle.dumps(Secret(SECRET)))  # noqa: S301 - our own bytes

    assert str(copy) == "***"
    assert copy.reveal() == SECRET


@pytest.mark.parametrize("as_json", [True, False])
def test_a_token_is_masked_however_it_is_logged(as_json: bool) -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, as_json=as_json)
    token = IdToken(CARD)

    get_logger("agent.x").info("it", a=token, b=(token,), c=[token], d=f"{token}", e=repr(token), f={"t": token})

    assert CARD not in stream.getvalue()
    assert CARD[-4:] in stream.getvalue()


def station_yaml(folder: Path, url: str) -> Path:
    (folder / "password").write_text(SECRET)
    (folder / "password").chmod(0o600)
    file = folder / "station.yaml"
    file.write_text(
        f"""\
station: {{identity: CP001, vendor: Example, model: Duo-22}}
csms: {{url: "{url}", ocpp_versions: [ocpp1.6], security_profile: 1, basic_auth_password_file: password}}
evses: [{{id: 1, connectors: [{{id: 1}}], hal: {{driver: sim, plugged: true}}}}]
token_readers: [{{driver: sim-reader}}]
storage: {{path: data}}
local_api: {{enabled: false}}
simulation: {{speed: 50}}
logging: {{level: DEBUG}}
"""
    )
    return file


async def test_a_whole_charge_at_debug_level_leaves_no_secret_and_no_whole_token(tmp_path: Path) -> None:
    async with BenchCsms(basic_auth={"CP001": SECRET}) as csms:
        file = station_yaml(tmp_path, csms.url)
        async with agent_process("run", "--config", file) as agent:
            station = await csms.station("CP001")
            await station.expect("StatusNotification", where=lambda told: told["connectorId"] == 1)
            await station.call("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1})
            await station.expect("StartTransaction")
            new = "another-secret-of-ours-y"
            await station.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": new})
            await station.call("SendLocalList", local_list())
            agent.terminate()
            assert await agent.ended() == 0

    assert len(agent.events) > 10
    for hidden in (SECRET, new, new.encode().hex(), CARD, "BASIC"):
        assert hidden.lower() not in agent.output.lower()


def local_list() -> dict[str, object]:
    entry = {"idTag": CARD, "idTagInfo": {"status": "Accepted"}}
    return {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}


async def test_a_password_in_the_address_is_refused_without_being_shown(tmp_path: Path) -> None:
    file = station_yaml(tmp_path, f"ws://CP001:{SECRET}@127.0.0.1:9/ocpp")

    code, printed, said = await run_agent("check", file)

    assert code == 2
    assert "holds a user name or password" in said
    assert SECRET not in said + printed
