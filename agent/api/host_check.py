"""Who may speak to a service on loopback: no foreign web page that had its name point here (DNS rebinding)."""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from agent.api.problems import ApiProblem

LOCAL_NAME = "localhost"


def is_loopback(host: str) -> bool:
    """A name or address that can only mean this machine."""
    if host == LOCAL_NAME:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(authority: str | None) -> None:
    """Raise ApiProblem (421) unless the Host header, any port, means this machine."""
    if authority is None or not is_loopback(host_of(authority)):
        raise ApiProblem(HTTPStatus.MISDIRECTED_REQUEST, "ask under a loopback address, or as localhost")


def check_origin(origin: str | None) -> None:
    """Raise ApiProblem (403) for a request that a web page of another host makes its visitor's browser send."""
    if origin is None:
        return
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host):
        raise ApiProblem(HTTPStatus.FORBIDDEN, "requests from web pages of other hosts are not served")


def host_of(authority: str) -> str:
    """The host in host:port, without brackets; empty where there is none to be read."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""
