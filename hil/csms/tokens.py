"""Which id tokens the bench accepts: by default all of them, otherwise those of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Token:
    """One row: the status word of the version in use, an expiry, and the group (1.6: the parent's tag)."""

    status: str = "Accepted"
    expires_at: datetime | None = None
    group: str | None = None
    group_type: str = "Central"


@dataclass(slots=True)
class TokenTable:
    """Tokens by value, compared without regard to case; `default` answers for the others."""

    tokens: dict[str, Token] = field(default_factory=dict)
    default: Token = field(default_factory=Token)

    def put(self, value: str, token: Token) -> None:
        """Add or replace one token."""
        self.tokens[value.lower()] = token

    def find(self, value: str) -> Token:
        """The row for a token value."""
        return self.tokens.get(value.lower(), self.default)


def token_table(tokens: Mapping[str, Token | str] | None = None, *, default: Token | str | None = None) -> TokenTable:
    """Build a table; a plain string is a status. With tokens and no default, unknown ones are Invalid."""
    if default is None:
        default = "Accepted" if tokens is None else "Invalid"
    table = TokenTable(default=_row(default))
    for value, token in (tokens or {}).items():
        table.put(value, _row(token))
    return table


def id_tag_info(token: Token, *, now: datetime) -> dict[str, Any]:
    """1.6 idTagInfo."""
    info: dict[str, Any] = {"status": _status(token, now=now)}
    if token.expires_at is not None:
        info["expiryDate"] = stamp(token.expires_at)
    if token.group is not None:
        info["parentIdTag"] = token.group
    return info


def id_token_info(token: Token, *, now: datetime) -> dict[str, Any]:
    """2.x idTokenInfo."""
    info: dict[str, Any] = {"status": _status(token, now=now)}
    if token.expires_at is not None:
        info["cacheExpiryDateTime"] = stamp(token.expires_at)
    if token.group is not None:
        info["groupIdToken"] = {"idToken": token.group, "type": token.group_type}
    return info


def stamp(moment: datetime) -> str:
    """A date-time as OCPP wants it: UTC, milliseconds, Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _status(token: Token, *, now: datetime) -> str:
    if token.status == "Accepted" and token.expires_at is not None and token.expires_at <= now:
        return "Expired"
    return token.status


def _row(token: Token | str) -> Token:
    return Token(status=token) if isinstance(token, str) else token
