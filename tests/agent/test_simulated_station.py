import json
from pathlib import Path

import pytest

from agent.assembly import make_plan
from agent.errors import SettingsError
from agent.simulated_station import SimulatedStation
from agent.station.device_model import VariableKey


def station(**changes: object) -> SimulatedStation:
    choices: dict[str, object] = {"url": "ws://127.0.0.1:9/ocpp", "identity": "SIM-1", "ocpp": ["ocpp2.0.1"], **changes}
    return SimulatedStation(**choices)  # type: ignore[arg-type]  # a test names the fields it changes


def test_every_evse_is_simulated_and_there_is_a_reader_for_all() -> None:
    settings = station(evses=3, speed=60.0).settings()
    plan = make_plan(settings)

    assert settings.is_simulated
    assert [spec.evse_id for spec in plan.evses] == [1, 2, 3]
    assert [reader.evse_ids for reader in plan.readers] == [()]
    assert settings.simulation.speed == 60.0
    assert settings.station.identity == "SIM-1"
    assert settings.csms.ocpp_versions == ("ocpp2.0.1",)
    assert settings.csms.security_profile == 0


@pytest.mark.parametrize(("port", "enabled"), [(None, False), (0, True), (8123, True)])
def test_the_local_api_is_served_where_a_port_is_given(port: int | None, enabled: bool) -> None:
    local_api = station(api_port=port).settings().local_api

    assert (local_api.enabled, local_api.port) == (enabled, port or 0)


@pytest.mark.parametrize(("url", "profile"), [("ws://127.0.0.1:9/ocpp", 1), ("wss://csms.example/ocpp", 2)])
def test_a_password_file_chooses_the_security_profile_by_the_address(tmp_path: Path, url: str, profile: int) -> None:
    file = tmp_path / "password"
    file.write_text("a-secret-of-24-letters-x")
    file.chmod(0o600)

    settings = station(url=url, password_file=file).settings()

    assert settings.csms.security_profile == profile
    assert settings.csms.basic_auth_password_file == file


def test_the_car_and_the_variables_can_be_chosen() -> None:
    chosen = station(sim={"battery_kwh": 20}, variables={"SampledDataCtrlr.TxUpdatedInterval": "7"})

    plan = make_plan(chosen.settings())

    assert plan.evses[0].parts["all"].settings.battery_kwh == 20  # type: ignore[attr-defined]  # the sim driver's own
    assert plan.model.integer(VariableKey("SampledDataCtrlr", "TxUpdatedInterval")) == 7


def test_a_long_identity_is_no_longer_serial_number_than_the_protocol_takes() -> None:
    settings = station(identity="X" * 48).settings()

    assert settings.station.serial_number == "SIM-" + "X" * 21


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "http://127.0.0.1/"}, "csms.url"),
        ({"url": "ws://"}, "csms.url"),
        ({"identity": "a b"}, "station.identity"),
        ({"evses": 0}, "evses"),
        ({"evses": 100}, "evses"),
        ({"speed": 0.0}, "simulation.speed"),
        ({"speed": 5000.0}, "simulation.speed"),
        ({"api_port": 70_000}, "local_api.port"),
        ({"password_file": Path("/none/such")}, "no such file"),
        ({"log_level": "LOUD"}, "logging.level"),
    ],
)
def test_a_choice_that_is_none_is_refused_with_the_name_of_what_was_chosen(
    changes: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        station(**changes).settings()

    assert says in str(caught.value)
    assert str(caught.value).startswith("simulated station:")


def test_its_text_is_a_station_yaml_that_a_file_may_hold() -> None:
    assert json.loads(station().text())["station"]["identity"] == "SIM-1"
