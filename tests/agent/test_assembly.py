"""What is built from a station.yaml, and where its mistakes are said to be."""

import json
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.assembly import AGENT_VERSION, Plan, build_hardware, link_settings, make_plan
from agent.clock import SystemClock
from agent.errors import SettingsError
from agent.settings import parse_text
from agent.station import standard_variables as variables
from agent.station.device_model import VariableKey
from hal.registry import SharedDevices
from hal.sim.evse import SimEvse

ROOT = Path(__file__).parents[2]

STATION = """\
station: {identity: CP001, vendor: Example, model: Duo-22}
csms: {url: "ws://127.0.0.1:9000/ocpp"}
evses:
"""
SIM_EVSE = """\
  - id: 1
    connectors: [{id: 1}]
    hal: {driver: sim}
"""
METERED_EVSE = """\
  - id: 2
    connectors: [{id: 1}]
    hal:
      pilot: {driver: sim}
      contactor: {driver: sim}
      meter:
        driver: modbus-meter
        host: 127.0.0.1
"""


def plan(text: str) -> Plan:
    return make_plan(parse_text(text, file="a.yaml"))


def build(text: str, *, data_dir: Path | None = None) -> Any:
    return build_hardware(plan(text), clock=SystemClock(), shared=SharedDevices(), data_dir=data_dir)


def problems_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        build(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_plan_holds_what_the_file_says() -> None:
    made = plan(
        """\
station: {identity: CP001, vendor: Example, model: Duo-22, serial_number: "0001"}
csms: {url: "ws://127.0.0.1:9000/ocpp", call_timeout_s: 12, ping_interval_s: 7}
evses:
  - id: 1
    connectors: [{id: 1, type: cCCS2, max_current_a: 16, phases: 1, lock: true}]
    hal: {driver: sim}
    meter_failure: continue
  - {id: 2, connectors: [{id: 1}], hal: {driver: sim, soc_percent: 80}}
token_readers: [{driver: sim-reader, evses: [2]}]
grid: {max_current_a: 40, phases: 3}
ocpp_variables: {HeartbeatInterval: 77, "SampledDataCtrlr.TxUpdatedInterval": 30}
"""
    )

    first, second = made.config.evses
    assert (made.identity.vendor, made.identity.serial_number) == ("Example", "0001")
    assert made.identity.firmware_version == AGENT_VERSION
    assert made.topology.evses == ((1, (1,)), (2, (1,)))
    assert (first.max_current_a, first.phases, first.has_lock, first.energy_without_meter) == (16, 1, True, True)
    assert (second.max_current_a, second.phases, second.has_lock, second.energy_without_meter) == (32, 3, False, False)
    assert made.config.grid_max_current_a == 40
    assert made.model.integer(variables.MESSAGE_TIMEOUT) == 12
    assert made.model.integer(variables.WEB_SOCKET_PING_INTERVAL) == 7
    assert made.model.integer(variables.HEARTBEAT_INTERVAL) == 77
    assert made.model.integer(VariableKey("SampledDataCtrlr", "TxUpdatedInterval")) == 30
    assert [(reader.name, reader.evse_ids) for reader in made.readers] == [("reader 1", (2,))]
    assert made.evses[1].parts["all"].settings.soc_percent == 80  # type: ignore[attr-defined]  # the sim driver's own


def test_every_mistake_of_every_driver_is_told_at_once_each_with_its_line() -> None:
    text = (
        STATION
        + SIM_EVSE.replace("sim}", "sim, battery: 3}")
        + METERED_EVSE.replace("host: 127.0.0.1", "map: eastron-sdm630\n        baudrate: fast")
        + "token_readers: [{driver: sim-raeder}]\n"
        + "ocpp_variables: {HeartbeatIntervall: 5}\n"
    )

    told = problems_of(text)

    assert [line.partition(": ")[0].split(":")[:2] for line in told] == [
        ["a.yaml", "6"],
        ["a.yaml", "15"],
        ["a.yaml", "16"],
        ["a.yaml", "17"],
    ]
    assert told[0] == 'a.yaml:6:24: evses[0].hal: unknown key "battery"; did you mean battery_kwh?'
    assert "evses[1].hal.meter.baudrate" in told[1]
    assert "sim-reader" in told[2]
    assert "HeartbeatIntervall" in told[3]


def test_a_combination_that_a_driver_refuses_is_told_at_its_own_key() -> None:
    wrong = METERED_EVSE.replace(
        "host: 127.0.0.1", "map: eastron-sdm630\n        port: /dev/ttyUSB0\n        parity: X"
    )

    told = problems_of(STATION + SIM_EVSE + wrong)

    assert told == ["a.yaml:16:17: evses[1].hal.meter.parity: parity is N, E or O, not 'X'"]


def test_what_only_the_building_of_a_driver_finds_is_told_at_the_line_of_that_drivers_node() -> None:
    text = STATION + SIM_EVSE + METERED_EVSE.replace("host: 127.0.0.1", "host: 127.0.0.1\n        map: eastron-sdm63")

    (told,) = problems_of(text)

    assert told.startswith("a.yaml:15:14: evses[1].hal.meter.map: unknown map 'eastron-sdm63'")
    assert "eastron-sdm630" in told


def test_drivers_that_cannot_share_a_line_are_told_at_the_second_one() -> None:
    second = METERED_EVSE.replace("127.0.0.1", "127.0.0.1\n        map: eastron-sdm630")
    first = second.replace("id: 2", "id: 1").replace("map:", "timeout_s: 2\n        map:")

    (told,) = problems_of(STATION + first + second)

    assert told.startswith("a.yaml:21:15: evses[1].hal.meter.host: ")
    assert "another device uses" in told


def test_a_part_that_is_missing_is_told_at_the_hal_section_of_its_evse(tmp_path: Path) -> None:
    lacking = (
        "  - id: 2\n    connectors: [{id: 1}]\n    hal:\n      pilot: {driver: sim}\n      contactor: {driver: sim}\n"
    )

    (told,) = problems_of(STATION + SIM_EVSE + lacking)

    assert told.startswith("a.yaml:9:5: evses[1].hal.meter: EVSE 2 has no meter")


def test_a_driver_for_a_part_it_has_not_is_told_at_its_name() -> None:
    wrong = SIM_EVSE.replace("{driver: sim}", "{driver: sim, meter: {driver: gpio, pin: 5}}")

    (told,) = problems_of(STATION + wrong)

    assert told.startswith("a.yaml:6:")
    assert "evses[0].hal.meter.driver: driver 'gpio' provides no meter" in told


def test_a_file_that_holds_no_board_is_told_at_the_evse_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk, eggs")
    wrong = SIM_EVSE.replace("sim}", f"sim, state_file: {tmp_path / 'notes.txt'}}}")

    (told,) = problems_of(STATION + SIM_EVSE.replace("id: 1\n", "id: 2\n", 1) + wrong)

    assert told.startswith("a.yaml:9:")
    assert "evses[1].hal.state_file" in told


def test_a_driver_of_a_list_that_does_not_fit_is_told_at_its_line() -> None:
    twice = SIM_EVSE.replace("{driver: sim}", "{driver: sim, faults: [{driver: sim}, {driver: sim-reader}]}")

    (told,) = problems_of(STATION + twice)

    assert told.startswith("a.yaml:6:")
    assert "evses[0].hal.faults[1].driver: driver 'sim-reader' provides no faults" in told


def test_a_driver_that_is_no_reader_is_told_at_the_reader_that_names_it() -> None:
    (told,) = problems_of(STATION + SIM_EVSE + "token_readers:\n  - {driver: sim-reader}\n  - {driver: sim}\n")

    assert told.startswith("a.yaml:9:14: token_readers[1].driver: driver 'sim' provides no reader")


def test_the_mistakes_of_two_evses_are_told_together() -> None:
    first = METERED_EVSE.replace("id: 2", "id: 1").replace("127.0.0.1", "127.0.0.1\n        map: one")
    second = METERED_EVSE.replace("127.0.0.1", "127.0.0.2\n        map: two")

    told = problems_of(STATION + first + second)

    assert [line.split(":")[1] for line in told] == ["12", "21"]


def test_an_evse_of_simulated_parts_and_a_real_meter_is_built(tmp_path: Path) -> None:
    text = STATION + SIM_EVSE + METERED_EVSE.replace("127.0.0.1", "127.0.0.1\n        map: eastron-sdm630")

    hardware = build(text + "token_readers: [{driver: sim-reader}]\n", data_dir=tmp_path)

    assert list(hardware.evses) == [1, 2]
    assert isinstance(hardware.evses[1].meter, SimEvse)
    assert type(hardware.evses[2].meter).__name__ == "ModbusMeter"
    assert len(hardware.readers) == 1
    assert not any(path.name for path in tmp_path.glob("*"))  # nothing is opened, and nothing written


def test_a_1_6_key_that_a_station_has_not_is_a_mistake() -> None:
    (told,) = problems_of(STATION + SIM_EVSE + "ocpp_variables: {NumberOfConnectors: 5}\n")

    assert told.startswith("a.yaml:7:38: ocpp_variables.NumberOfConnectors: ")


PASSWORD = "a-secret-of-24-letters-1"


def test_the_link_gets_the_password_and_shows_it_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "password").chmod(0o600)
    text = STATION.replace(
        'ocpp"}', f'ocpp", security_profile: 1, basic_auth_password_file: {tmp_path}/password, ping_interval_s: 9}}'
    )

    link = link_settings(plan(text + SIM_EVSE))

    assert link.password == PASSWORD.encode()
    assert (link.url, link.identity, link.ping_interval_s) == ("ws://127.0.0.1:9000/ocpp", "CP001", 9.0)
    assert link.subprotocols == ("ocpp2.0.1", "ocpp1.6")
    assert link.ssl is None
    assert PASSWORD not in repr(link)


def test_a_wss_link_takes_tls_1_2_at_least_and_checks_the_name() -> None:
    text = STATION.replace("ws://127.0.0.1:9000/ocpp", "wss://csms.example/ocpp")

    link = link_settings(plan(text + SIM_EVSE))

    assert link.ssl is not None
    assert link.ssl.minimum_version is ssl.TLSVersion.TLSv1_2
    assert link.ssl.check_hostname
    assert link.ssl.verify_mode is ssl.CERT_REQUIRED


def test_the_name_is_not_checked_where_the_file_says_so_and_the_certificate_is_all_the_same() -> None:
    wss = STATION.replace('ws://127.0.0.1:9000/ocpp"', 'wss://csms.example/ocpp", tls: {verify_hostname: false}')

    link = link_settings(plan(wss + SIM_EVSE))

    assert link.ssl is not None
    assert not link.ssl.check_hostname
    assert link.ssl.verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("no certificate")
        (tmp_path / name).chmod(0o600)
    tls = f"tls: {{client_cert_file: {tmp_path}/cert.pem, client_key_file: {tmp_path}/key.pem}}"
    text = STATION.replace("ws://127.0.0.1:9000/ocpp", "wss://csms.example/ocpp").replace(
        '/ocpp"}', f'/ocpp", security_profile: 3, {tls}}}'
    )

    with pytest.raises(SettingsError, match=r"^a\.yaml:2:.*: csms\.tls\.client_cert_file: .*cert\.pem: it or its key"):
        link_settings(plan(text + SIM_EVSE))


def test_a_ca_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    text = STATION.replace("ws://127.0.0.1:9000/ocpp", "wss://csms.example/ocpp").replace(
        '/ocpp"}', f'/ocpp", tls: {{ca_file: {tmp_path}/ca.pem}}}}'
    )

    with pytest.raises(SettingsError, match=r"^a\.yaml:2:.*: csms\.tls\.ca_file: .*ca\.pem: no root cert"):
        link_settings(plan(text + SIM_EVSE))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_a_key_whose_password_is_not_given_is_an_error_and_no_question_at_the_terminal(tmp_path: Path) -> None:
    wanted = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=CP001", "-days", "2"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"), "-passout", "pass:hidden"]
    subprocess.run(["openssl", "req", "-x509", *wanted, *files], check=True, capture_output=True, timeout=30)
    (tmp_path / "password").write_text("hidden\n")
    tls = f"client_cert_file: {tmp_path}/cert.pem, client_key_file: {tmp_path}/key.pem"
    text = STATION.replace("ws://127.0.0.1:9000/ocpp", "wss://csms.example/ocpp") + SIM_EVSE

    def with_tls(keys: str) -> Plan:
        return plan(text.replace('/ocpp"}', f'/ocpp", security_profile: 3, tls: {{{keys}}}}}'))

    with pytest.raises(SettingsError, match="cannot be used"):
        link_settings(with_tls(tls))
    link = link_settings(with_tls(f"{tls}, client_key_password_file: {tmp_path}/password"))

    assert link.ssl is not None


LOADED_BY = """
import asyncio, json, sys
from pathlib import Path
from agent.app import Agent
from agent.assembly import make_plan
from agent.settings import parse_text

async def main():
    agent = await Agent.build(make_plan(parse_text(sys.argv[1])), data_dir=Path(sys.argv[2]))
    running = asyncio.create_task(agent.run())
    await agent.link.attempting.wait()
    loaded = set(sys.modules)
    agent.stop()
    await running
    print(json.dumps(sorted({name.partition(".")[0] for name in loaded} & {"pymodbus", "gpiozero", "serial", "h11"})))

asyncio.run(main())
"""


def test_a_simulated_station_loads_no_library_of_real_hardware_nor_the_local_apis(tmp_path: Path) -> None:
    text = STATION + SIM_EVSE + "token_readers: [{driver: sim-reader}]\n"

    result = subprocess.run(
        [sys.executable, "-c", LOADED_BY, text, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert json.loads(result.stdout) == []
