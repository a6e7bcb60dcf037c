"""Whole files: what good ones become, and what is said about bad ones."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies

from agent.errors import Problem, SettingsError
from agent.settings import CsmsSettings, LocalApiSettings, LoggingSettings, SimulationSettings, load, parse_text

NOBODY = 65534
CONFIG = Path(__file__).parents[2] / "config"

GOOD = """\
station: {identity: CP1, vendor: Example, model: Solo}
csms:
  url: ws://127.0.0.1:9000/ocpp
evses:
  - id: 1
    connectors: [{id: 1, max_current_a: 32}]
    hal: {driver: sim}
"""

LINE_3 = "  url: ws://127.0.0.1:9000/ocpp"


def problems_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_text(text, environ={})
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return str(caught.value).splitlines()


def test_a_short_file_gets_the_defaults() -> None:
    made = parse_text(GOOD, environ={})

    assert made.station.identity == "CP1"
    assert made.csms.ocpp_versions == ("ocpp2.0.1", "ocpp1.6")
    assert made.evses[0].connector.max_current_a == 32.0
    assert made.evses[0].meter_failure == "end"
    assert made.storage.path == Path("/var/lib/evse-agent")
    assert made.warnings == ()


def test_the_simulated_station_has_two_evses_and_no_warning() -> None:
    made = load(CONFIG / "sim.yaml", environ={})

    assert [evse.id for evse in made.evses] == [1, 2]
    assert made.is_simulated
    assert made.warnings == ()


def test_sim_yaml_shows_the_defaults() -> None:
    made = load(CONFIG / "sim.yaml", environ={})

    assert made.csms == CsmsSettings(url=made.csms.url)
    assert made.local_api == LocalApiSettings()
    assert made.logging == LoggingSettings()
    assert made.simulation == SimulationSettings()


def test_the_station_with_real_parts_names_their_pins() -> None:
    made = load(CONFIG / "gpio-sdm630.yaml", environ={})

    assert [(node.part, node.driver) for node in made.evses[0].hal.nodes] == [
        ("pilot", "evse-din"),
        ("contactor", "gpio"),
        ("meter", "modbus-meter"),
        ("lock", "gpio-lock"),
        ("faults", "gpio-faults"),
        ("limits", "gpio-limit"),
        ("limits", "w1"),
        ("stop_button", "gpio-stop-button"),
        ("indicator", "gpio-indicator"),
    ]
    assert not made.is_simulated


BAD_LINES = [
    # what is replaced, what stands there instead, the line that is expected (or its beginning)
    ("identity: CP1", "identity: no", "1:21: station.identity: no is read as true or false, not as text; put it in"),
    ("identity: CP1", "identity: 0001", "1:21: station.identity: 0001 is read as a whole number, not as text; put it"),
    ("identity: CP1", "identity: 1e3.5:x", '1:21: station.identity: "1e3.5:x" is not allowed; give 1 to 48 letters'),
    ("identity: CP1", "identity: ''", '1:21: station.identity: "" is not allowed; give 1 to 48 letters'),
    ("identity: CP1", f"identity: {'x' * 49}", "1:21: station.identity: "),
    ("identity: CP1, ", "", "1:10: station.identity: missing; give 1 to 48 letters"),
    ("model: Solo", "model: 2024-01-01", "1:50: station.model: 2024-01-01 is read as a date, not as text; put it in q"),
    ("model: Solo", "model: 1.5", '1:50: station.model: 1.5 is read as a number, not as text; put it in quotes: "1.5"'),
    ("model: Solo", "model: ~", "1:50: station.model: nothing is given; give text of at most 20 characters"),
    ("model: Solo", "modeel: Solo", '1:43: station: unknown key "modeel"; did you mean model?'),
    ("model: Solo", f"model: {'m' * 21}", "1:50: station.model: "),
    ("vendor: Example", f"vendor: {'v' * 21}", "1:34: station.vendor: 21 characters, but OCPP 1.6 allows 20"),
    ("ws://127", "http://127", '3:8: csms.url: "http://127.0.0.1:9000/ocpp" is not allowed; give a ws:// or wss://'),
    ("url:", "urls:", '3:3: csms: unknown key "urls"; did you mean url?'),
    (LINE_3, "  security_profile: 0", "2:1: csms.url: missing"),
    (
        LINE_3,
        f"{LINE_3}\n  call_timeout_s: 0",
        "4:19: csms.call_timeout_s: 0 is below 1; give a number from 1 to 600 s",
    ),
    (
        LINE_3,
        f"{LINE_3}\n  ping_interval_s: 3.5",
        "4:20: csms.ping_interval_s: 3.5 is not a whole number; give a whole",
    ),
    (LINE_3, f"{LINE_3}\n  ping_interval_s: 0x1F", "4:20: csms.ping_interval_s: 0x1F is not a plain decimal number"),
    (
        LINE_3,
        f"{LINE_3}\n  ocpp_versions: ocpp1.6",
        '4:18: csms.ocpp_versions: "ocpp1.6" cannot stand here; give a list',
    ),
    (LINE_3, f"{LINE_3}\n  ocpp_versions: [ocpp2.0]", '4:19: csms.ocpp_versions[0]: "ocpp2.0" is not known; did you'),
    (LINE_3, f"{LINE_3}\n  ocpp_versions: []", "4:18: csms.ocpp_versions: 0 entries, at least 1 is needed"),
    (
        LINE_3,
        f"{LINE_3}\n  tls: {{verify_hostname: 'true'}}",
        '4:26: csms.tls.verify_hostname: "true" is text, because',
    ),
    (LINE_3, f"{LINE_3}\n  tls: 3", "4:8: csms.tls: 3 cannot stand here; give a mapping"),
    (
        "32}",
        "320}",
        "6:41: evses[0].connectors[0].max_current_a: 320 is above 80; give a number from 6 to 80 A (ampacity",
    ),
    (
        "32}",
        "'32'}",
        '6:41: evses[0].connectors[0].max_current_a: "32" is text, because it is in quotes; write it without',
    ),
    ("32}", ".nan}", "6:41: evses[0].connectors[0].max_current_a: .nan is not a plain decimal number"),
    ("32}", "32, type: stype2}", '6:51: evses[0].connectors[0].type: "stype2" is not known; did you mean sType2?'),
    ("32}]", "32}, {id: 1}]", "6:17: evses[0].connectors: 2 entries, more than 1 (exactly one for now"),
    ("connectors: [{id: 1, max_current_a: 32}]", "connectors: []", "6:17: evses[0].connectors: 0 entries, at least 1"),
    ("connectors: [{id: 1,", "connectors: [{id: 2,", "6:23: evses[0].connectors[0].id: 2 is above 1"),
    ("  - id: 1", "  - id: 01", "5:9: evses[0].id: 01 is not a plain decimal number; give a whole number from 1 to 99"),
    ("  - id: 1", "  - id: 2", "5:9: evses[0].id: 2 leaves a gap; number the EVSEs 1 to 1"),
    ("hal: {driver: sim}", "hal: sim", "7:10: evses[0].hal: this is not a mapping; give {driver: sim}"),
    ("hal: {driver: sim}", "hal: {}", "7:10: evses[0].hal: nothing is given; give {driver: sim}"),
    (
        "hal: {driver: sim}",
        "hal: {metre: {driver: sim}}",
        '7:11: evses[0].hal: unknown part "metre"; did you mean meter?',
    ),
    ("hal: {driver: sim}", "hal: {meter: {}}", "7:18: evses[0].hal.meter.driver: missing; give the name of a driver"),
    (
        "hal: {driver: sim}",
        "hal: {driver: [sim]}",
        "7:19: evses[0].hal.driver: a list cannot stand here; give the name",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), BAD_LINES)
def test_a_mistake_is_told_with_its_place_and_how_to_mend_it(before: str, after: str, expected: str) -> None:
    assert before in GOOD

    lines = problems_of(GOOD.replace(before, after, 1))

    assert any(line.startswith(f"station.yaml:{expected}") for line in lines), lines


BAD_SECTIONS = [
    ("grid: {max_current_a: 3}", "8:23: grid.max_current_a: 3 is below 6"),
    (
        "grid: {phases: 1}",
        "6:18: evses[0].connectors[0].phases: 3 phases, but the supply (grid.phases) has 1; correct one",
    ),
    ("grid:", "8:6: grid: nothing is given; give a mapping"),
    ("storage: {max_mb: lots}", '8:19: storage.max_mb: "lots" is not a whole number; give a whole number from 4'),
    ("storage: {path: ''}", '8:17: storage.path: "" names no file; give the name of a file'),
    ("local_api: {port: 65536}", "8:19: local_api.port: 65536 is above 65535"),
    ("local_api: {enabled: 1}", "8:22: local_api.enabled: 1 is neither true nor false; give true or false"),
    ("logging: {level: info}", '8:18: logging.level: "info" is not known; did you mean INFO?'),
    ("logging: {json: maybe}", '8:17: logging.json: "maybe" is neither true nor false'),
    ("simulation: {speed: 0}", "8:21: simulation.speed: 0 is below 0.1"),
    ("token_readers: {driver: x}", "8:16: token_readers: a mapping cannot stand here; give a list"),
    ("token_readers: [{evses: [1]}]", "8:17: token_readers[0].driver: missing; give the name of a driver"),
    ("token_readers: [{driver: x, evses: [2]}]", "8:37: token_readers[0].evses[0]: there is no EVSE 2; give some of 1"),
    ("ocpp_variables: {A.B: [x]}", '8:23: ocpp_variables["A.B"]: a list cannot stand here; give a text, number or'),
    ("ocpp_variables: {A.B: 010}", '8:23: ocpp_variables["A.B"]: 010 is read as a whole number, but not as it is'),
    ("ocpp_variables: {'A B.': x}", '8:26: ocpp_variables["A B."]: not a variable\'s name; give Component.Variable'),
    ("ocpp_variables: {Ab: 1, aB: 2}", "8:29: ocpp_variables.aB: the same variable as Ab; remove one of them"),
    ("colour: red", '8:1: unknown key "colour"; known here: station, csms, evses'),
    ("station: {}", "8:1: station: the same key again (line 1 has it too); remove one of them"),
]


@pytest.mark.parametrize(("section", "expected"), BAD_SECTIONS)
def test_a_mistake_in_an_optional_section_is_told_likewise(section: str, expected: str) -> None:
    lines = problems_of(f"{GOOD}{section}\n")

    assert any(line.startswith(f"station.yaml:{expected}") for line in lines), lines


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("CP1", "yes").replace("ws:", "http:").replace("32", "5") + "grid: {phases: 4}\n"

    lines = problems_of(text)

    assert [line.split(": ")[1] for line in lines] == [
        "station.identity",
        "csms.url",
        "evses[0].connectors[0].max_current_a",
        "grid.phases",
    ]


def test_a_second_evse_needs_an_id_of_its_own() -> None:
    second = "  - {id: 1, connectors: [{}], hal: {driver: sim}}\n"

    lines = problems_of(GOOD + second)

    assert lines == ["station.yaml:8:10: evses[1].id: 1 is the id of evses[0] too; give each EVSE its own"]


def test_time_runs_faster_only_where_all_is_simulated() -> None:
    fast = "simulation: {speed: 10}\n"
    real_meter = GOOD.replace("{driver: sim}", "{driver: sim, meter: {driver: modbus-meter}}")

    made = parse_text(GOOD + fast, environ={})
    lines = problems_of(real_meter + fast)

    assert made.simulation.speed == 10.0
    assert lines[0].startswith("station.yaml:8:21: simulation.speed: only a station whose drivers are all simulated")


def test_values_of_variables_are_kept_as_ocpp_writes_them() -> None:
    made = parse_text(
        f"{GOOD}ocpp_variables: {{HeartbeatInterval: 300, A.B: yes, 'C[x].D[y]': a, E: 1.50}}\n", environ={}
    )

    assert made.ocpp_variables == {"HeartbeatInterval": "300", "A.B": "true", "C[x].D[y]": "a", "E": "1.50"}


def test_later_checks_can_name_the_line_of_any_path() -> None:
    made = parse_text(f"{GOOD}ocpp_variables:\n  TxCtrlr.TxStartPoint: Parked\n", environ={})

    assert made.locate(("ocpp_variables", "TxCtrlr.TxStartPoint")) == "station.yaml:9:25"
    assert made.locate('ocpp_variables["TxCtrlr.TxStartPoint"]') == "station.yaml:9:25"
    assert made.locate("evses[0].hal.driver") == "station.yaml:7:19"
    assert made.locate(("grid", "phases")) == "station.yaml:1:1"
    problem = made.problem(("evses", 0, "hal", "driver"), "no such driver")
    assert str(problem) == "station.yaml:7:19: evses[0].hal.driver: no such driver"


def test_the_password_is_taken_from_systemd_where_none_is_named(tmp_path: Path) -> None:
    credential = tmp_path / "basic_auth_password"
    credential.write_text("a-password-of-the-right-length\n")
    credential.chmod(0o400)
    text = GOOD.replace(LINE_3, f"{LINE_3}\n  security_profile: 1")

    made = parse_text(text, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})

    password = made.csms.read_password()
    assert password is not None
    assert password.reveal() == "a-password-of-the-right-length"
    assert made.warnings == ()


def test_file_names_are_relative_to_the_file_that_holds_them(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("certificate")
    file = tmp_path / "station.yaml"
    file.write_text(GOOD.replace(LINE_3, f"{LINE_3}\n  tls: {{ca_file: ca.pem}}"))

    made = load(file, environ={})

    assert made.csms.tls.ca_file == tmp_path / "ca.pem"


def test_passwords_are_in_no_repr() -> None:
    text = GOOD.replace(LINE_3, f"{LINE_3}\n  security_profile: 1\n  basic_auth_password: hunter2hunter2hunter2")
    text += "ocpp_variables: {AuthorizationKey: hunter2}\n"

    made = parse_text(text, environ={})

    assert "hunter2" not in repr(made)
    assert [str(warning).split(": ")[1] for warning in made.warnings] == ["csms.basic_auth_password"]


def test_passwords_are_in_no_message() -> None:
    for value in ("[hunter2]", "hunter2" * 12, "77777777"):
        text = GOOD.replace(LINE_3, f"{LINE_3}\n  basic_auth_password: {value}")

        lines = problems_of(text)

        assert not any("hunter" in line or "7777" in line for line in lines)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ": is empty; copy a file from config/ to begin with"),
        (b"# nothing but a comment\n", ": is empty; copy a file from config/ to begin with"),
        (b"---\n", ": is empty; copy a file from config/ to begin with"),
        (b"- 1\n", ":1:1: a list cannot stand here; give a mapping (key: value)"),
        (b"hello\n", ':1:1: "hello" cannot stand here; give a mapping (key: value)'),
        (b"a: 1\nb: \xff\n", ":2:4: is not UTF-8 text; save the file as UTF-8"),
        (b"#" * ((1 << 20) + 1), ": is larger than 1024 KiB; is it the right file?"),
    ],
)
def test_a_file_that_holds_no_settings_says_why(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "station.yaml"
    file.write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        load(file)

    assert str(caught.value) == f"{file}{expected}"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "station.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load(file).station.identity == "CP1"


def test_a_missing_file_a_directory_and_a_pipe_say_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for name, expected in (("none.yaml", "no such file"), (".", "is a directory"), ("pipe", "is not a regular file")):
        with pytest.raises(SettingsError, match=expected):
            load(tmp_path / name)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    file = tmp_path / "station.yaml"
    file.write_text(GOOD)
    file.chmod(stat.S_IWUSR)
    user = os.geteuid()

    try:
        if user == 0:  # root may read every file
            os.seteuid(NOBODY)
        with pytest.raises(SettingsError, match="may not be read"):
            load(file)
    finally:
        os.seteuid(user)


def test_yaml_is_imported_only_when_a_file_is_read() -> None:
    # a process of its own: this one has long imported it
    code = "import sys, agent.settings; sys.exit('yaml' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], cwd=CONFIG.parent, check=False)

    assert done.returncode == 0


WORDS = """station csms evses token_readers grid storage local_api simulation logging ocpp_variables identity vendor
    model url tls ca_file reconnect id connectors hal driver pilot meter faults type max_current_a phases lock path port
    host speed level json security_profile basic_auth_password_file HeartbeatInterval A.B"""
KEYS = strategies.sampled_from(WORDS.split()) | strategies.text(max_size=5)
SCALARS = (
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(max_size=8)
    | strategies.dates()
    | strategies.sampled_from(["ws://x", "wss://[", "ws://h:port", "sim", "\0", "0001", "no"])
)
ANYTHING: strategies.SearchStrategy[Any] = strategies.recursive(
    SCALARS, lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(KEYS, inner, max_size=5)
)


def settings_or_problems(text: str) -> None:
    found: tuple[Problem, ...] | None = None
    try:
        parse_text(text, environ={})
    except SettingsError as error:
        found = error.problems
    assert found is None or (found and all("\n" not in str(problem) for problem in found))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=ANYTHING)
def test_no_content_raises_anything_but_a_settings_error(content: Any) -> None:
    settings_or_problems(yaml.safe_dump(content))


@settings(max_examples=150, deadline=None)
@given(text=strategies.text(alphabet="abc:-[]{}&*!<\"'?|>%@`,# \n\t01.~", max_size=60))
def test_no_text_raises_anything_but_a_settings_error(text: str) -> None:
    settings_or_problems(text)


@settings(max_examples=100, deadline=None)
@given(section=KEYS, content=ANYTHING)
def test_no_section_raises_anything_but_a_settings_error(section: str, content: Any) -> None:
    whole = yaml.safe_load(GOOD)

    settings_or_problems(yaml.safe_dump({**whole, section: content}))


@settings(max_examples=100, deadline=None)
@given(at=strategies.integers(0, len(GOOD)), length=strategies.integers(0, 12), instead=strategies.text(max_size=4))
def test_no_slip_of_the_editor_raises_anything_but_a_settings_error(at: int, length: int, instead: str) -> None:
    settings_or_problems(GOOD[:at] + instead + GOOD[at + length :])
