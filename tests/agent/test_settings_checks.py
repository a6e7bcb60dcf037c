"""What is said about sections whose values are right one by one, but do not fit together."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.log import Secret
from agent.settings_checks import check_csms, check_local_api, check_station, check_tls, check_variables
from agent.settings_keys import CsmsSettings, LocalApiSettings, StationSettings, TlsSettings
from agent.settings_parse import Finding

PASSWORD = Secret("sixteen-letters-and-more")
LOCAL = "ws://127.0.0.1:9000/ocpp"
TLS = "wss://csms.example/ocpp"


def errors(findings: list[Finding]) -> list[str]:
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in findings if not one.is_warning]


def warnings(findings: list[Finding]) -> list[str]:
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in findings if one.is_warning]


@pytest.fixture
def tls(tmp_path: Path) -> TlsSettings:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("pem")
        (tmp_path / name).chmod(0o600)
    return TlsSettings(client_cert_file=tmp_path / "cert.pem", client_key_file=tmp_path / "key.pem")


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("sixteen-letters-and-more\n")
    file.chmod(0o600)
    return file


def test_each_profile_has_a_file_that_is_right(tls: TlsSettings, password_file: Path) -> None:
    right = [
        CsmsSettings(LOCAL),
        CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=password_file),
        CsmsSettings(TLS, security_profile=2, basic_auth_password_file=password_file),
        CsmsSettings(TLS, security_profile=3, tls=tls),
    ]

    assert [list(check_csms(csms)) for csms in right] == [[], [], [], []]


@pytest.mark.parametrize(
    ("url", "profile", "expected"),
    [
        (TLS, 1, "security_profile: 1 is a password without TLS, but csms.url begins with wss://; give 2"),
        (LOCAL, 2, "security_profile: 2 needs TLS, but csms.url begins with ws://; give a wss:// address"),
        (LOCAL, 3, "security_profile: 3 needs TLS, but csms.url begins with ws://; give a wss:// address"),
    ],
)
def test_profile_and_address_must_agree(url: str, profile: int, expected: str, password_file: Path) -> None:
    csms = CsmsSettings(url, security_profile=profile, basic_auth_password_file=password_file)

    assert errors(list(check_csms(csms)))[0].startswith(expected)


def test_profiles_with_a_password_need_one() -> None:
    for url, profile in ((LOCAL, 1), (TLS, 2)):
        found = errors(list(check_csms(CsmsSettings(url, security_profile=profile))))

        assert len(found) == 1
        assert found[0].startswith(f"basic_auth_password_file: missing; security profile {profile} needs a password")


def test_profile_3_needs_a_certificate_and_its_key() -> None:
    found = errors(list(check_csms(CsmsSettings(TLS, security_profile=3))))

    assert [one.split(":")[0] for one in found] == ["tls.client_cert_file", "tls.client_key_file"]


def test_a_password_that_no_profile_sends_is_told(password_file: Path) -> None:
    without = list(check_csms(CsmsSettings(LOCAL, basic_auth_password_file=password_file)))
    with_certificate = CsmsSettings(TLS, security_profile=3, basic_auth_password_file=password_file)

    assert errors(without)[0].startswith("basic_auth_password_file: a password is given, but security profile 0")
    assert warnings(list(check_csms(with_certificate)))[0].startswith("basic_auth_password_file: security profile 3")


def test_a_password_in_the_file_itself_warns() -> None:
    found = list(check_csms(CsmsSettings(LOCAL, security_profile=1, basic_auth_password=PASSWORD)))

    assert errors(found) == []
    assert warnings(found)[0].startswith("basic_auth_password: a password in this file is read by whoever reads")


def test_two_passwords_are_one_too_many(password_file: Path) -> None:
    csms = CsmsSettings(LOCAL, security_profile=1, basic_auth_password=PASSWORD, basic_auth_password_file=password_file)

    assert errors(list(check_csms(csms))) == ["basic_auth_password: a password and a password file; remove one of them"]


@pytest.mark.parametrize(("length", "warned"), [(15, True), (16, False), (40, False), (41, True)])
def test_a_password_of_a_length_that_ocpp_does_not_allow_warns(length: int, warned: bool, password_file: Path) -> None:
    password_file.write_text("x" * length)
    csms = CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=password_file)

    found = list(check_csms(csms))

    assert errors(found) == []
    assert bool(warnings(found)) is warned


def test_an_empty_or_missing_password_file_is_refused(tmp_path: Path, password_file: Path) -> None:
    password_file.write_text("\n")
    empty = CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=password_file)
    missing = CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=tmp_path / "none")

    assert "the password is empty" in errors(list(check_csms(empty)))[0]
    assert "no such file" in errors(list(check_csms(missing)))[0]


def test_a_password_file_that_is_no_text_is_refused(password_file: Path) -> None:
    password_file.write_bytes(b"\xff\xfe")
    csms = CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=password_file)

    assert "cannot be read" in errors(list(check_csms(csms)))[0]
    with pytest.raises(SettingsError):
        csms.read_password()


def test_a_password_everybody_can_read_warns(password_file: Path) -> None:
    password_file.chmod(0o644)
    csms = CsmsSettings(LOCAL, security_profile=1, basic_auth_password_file=password_file)

    assert warnings(list(check_csms(csms)))[0].endswith("everybody on this system can read it; chmod o-r")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws:///ocpp", "url: names no host"),
        ("ws://[::1/ocpp", "url: not an address: "),
        ("ws://127.0.0.1:port/ocpp", "url: not an address: "),
        ("ws://127.0.0.1:99999/ocpp", "url: not an address: "),
        ("ws://user:hunter2@127.0.0.1/ocpp", "url: holds a user name or password; put the password in"),
        ("ws://127.0.0.1/ocpp?id=", "url: holds ? or #; the identity is appended to the path"),
        ("ws://127.0.0.1/a b", "url: an address holds no blanks; remove them or write %20"),
    ],
)
def test_an_address_must_be_one_that_the_identity_can_follow(url: str, expected: str) -> None:
    found = errors(list(check_csms(CsmsSettings(url))))

    assert len(found) == 1
    assert found[0].startswith(expected)
    assert "hunter2" not in found[0]


def test_an_unencrypted_way_through_a_network_warns() -> None:
    assert warnings(list(check_csms(CsmsSettings("ws://csms.example/ocpp"))))[0].startswith("url: ws:// is readable")
    assert warnings(list(check_csms(CsmsSettings("ws://[::1]:80/ocpp")))) == []


def test_encryption_without_a_password_warns() -> None:
    assert warnings(list(check_csms(CsmsSettings(TLS))))[0].startswith("security_profile: 0 with wss://")


def test_a_version_is_offered_once() -> None:
    csms = CsmsSettings(LOCAL, ocpp_versions=("ocpp1.6", "ocpp1.6"))

    assert errors(list(check_csms(csms))) == ["ocpp_versions: ocpp1.6 is listed twice; list each version once"]


def test_certificate_and_key_go_together(tls: TlsSettings) -> None:
    only_certificate = TlsSettings(client_cert_file=tls.client_cert_file)
    only_key = TlsSettings(client_key_file=tls.client_key_file)
    only_password = TlsSettings(client_key_password_file=tls.client_key_file)

    assert errors(list(check_tls(only_certificate))) == [
        "client_key_file: missing; a certificate and its key go together"
    ]
    assert errors(list(check_tls(only_key))) == ["client_cert_file: missing; a certificate and its key go together"]
    assert errors(list(check_tls(only_password)))[0].startswith("client_key_password_file: a password for no key")


def test_files_of_tls_must_be_there_and_keys_private(tls: TlsSettings, tmp_path: Path) -> None:
    (tmp_path / "key.pem").chmod(0o604)
    missing = TlsSettings(ca_file=tmp_path / "none.pem", v2g_ca_file=tmp_path)

    assert warnings(list(check_tls(tls)))[0].startswith("client_key_file: ")
    found = errors(list(check_tls(missing)))
    assert found[0].startswith("ca_file: ")
    assert "no such file" in found[0]
    assert found[1].endswith("is not a regular file; name a file")


def test_a_host_name_that_is_not_checked_warns() -> None:
    assert warnings(list(check_tls(TlsSettings(verify_hostname=False))))[0].startswith("verify_hostname: false")


def test_a_local_api_for_the_whole_network_is_refused() -> None:
    assert [one.is_warning for one in check_local_api(LocalApiSettings(host="192.0.2.1"))] == [False]
    assert not list(check_local_api(LocalApiSettings(host="192.0.2.1", enabled=False)))
    assert not list(check_local_api(LocalApiSettings(host="::1")))


@pytest.mark.parametrize("name", ["HeartbeatInterval", "A.B", "A[1].B", "A.B[x]", "A[ I ].B[x y]", "Vendor-Key_1"])
def test_names_of_variables_are_known_by_their_form(name: str) -> None:
    assert not list(check_variables({name: "1"}))


@pytest.mark.parametrize("name", ["", "A.", ".B", "A.B.C", "A[]. B", "A[1", "A B", "x" * 51])
def test_what_names_no_variable_is_refused(name: str) -> None:
    assert errors(list(check_variables({name: "1"})))


def test_a_time_zone_must_be_known() -> None:
    station = StationSettings(identity="CP001", vendor="Example", model="Duo", time_zone="Mars/Olympus")

    assert errors(list(check_station(station))) == [
        "time_zone: 'Mars/Olympus' is no time zone known here; give a name such as Europe/Amsterdam, or UTC"
    ]
    assert list(check_station(replace(station, time_zone="UTC"))) == []
