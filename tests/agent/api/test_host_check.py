from http import HTTPStatus

import pytest

from agent.api.host_check import check_host, check_origin, host_of, is_loopback
from agent.api.problems import ApiProblem


@pytest.mark.parametrize(
    "authority", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.1.2.3", "[::1]:8080", "[::1]"]
)
def test_names_of_this_machine_are_served_under_any_port(authority: str) -> None:
    check_host(authority)


@pytest.mark.parametrize(
    "authority",
    [
        None,
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "10.0.0.1",
        "[::",
        "192.0.2.1",
        "a@b",
    ],
)
def test_any_other_name_is_misdirected(authority: str | None) -> None:
    with pytest.raises(ApiProblem) as caught:
        check_host(authority)

    assert caught.value.status is HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize("origin", [None, "http://localhost:8080", "http://127.0.0.1"])
def test_programs_and_pages_of_this_machine_may_ask(origin: str | None) -> None:
    check_origin(origin)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://localhost.evil.example"])
def test_pages_of_other_hosts_may_not_ask(origin: str) -> None:
    with pytest.raises(ApiProblem) as caught:
        check_origin(origin)

    assert caught.value.status is HTTPStatus.FORBIDDEN


def test_a_host_is_read_without_port_and_brackets() -> None:
    assert [host_of("Example:80"), host_of("[::1]:80"), host_of("[")] == ["example", "::1", ""]


def test_loopback_is_a_range_and_a_name() -> None:
    assert [is_loopback(host) for host in ("127.9.9.9", "::1", "localhost", "::", "example")] == [
        True,
        True,
        True,
        False,
        False,
    ]
