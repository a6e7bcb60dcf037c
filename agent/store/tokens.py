"""The authorization cache and the local list."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from agent.frozen import dataclass
from agent.log import get_logger
from agent.station.commands import SendLocalList
from agent.station.id_token import AuthorizationStatus, IdToken, KnownToken, TokenInfo
from agent.store.codec import Codec, CodecError
from agent.store.counters import read_counter, write_counter
from agent.store.database import transaction

log = get_logger(__name__)

LIST_VERSION = "local_list_version"
MAX_TOUCHED = 256


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row's body: the token as it was spelt, and what is known of it."""

    token: IdToken
    info: TokenInfo


_ENTRY = Codec(_Entry)


def token_key(token: IdToken) -> str:
    """What tokens are found by: tokens are compared without regard to case; ASCII, whatever they hold."""
    return json.dumps(token.value.lower())


class Tokens:
    """Both tables. A look-up notes the use in memory; the next commit stores it."""

    def __init__(self, *, cache_limit: int) -> None:
        self._cache_limit = cache_limit
        self._touched: dict[str, float] = {}

    def known(
        self, connection: sqlite3.Connection, token: IdToken, *, now: datetime, lifetime_s: float | None
    ) -> KnownToken:
        """What the list and the cache say of a token."""
        key = token_key(token)
        row = connection.execute("SELECT body FROM local_list WHERE token = ?", (key,)).fetchone()
        listed = None if row is None else _info(row[0])
        return KnownToken(listed=listed, cached=self._cached(connection, key, now=now, lifetime_s=lifetime_s))

    def _cached(
        self, connection: sqlite3.Connection, key: str, *, now: datetime, lifetime_s: float | None
    ) -> TokenInfo | None:
        row = connection.execute("SELECT used_at_s, body FROM auth_cache WHERE token = ?", (key,)).fetchone()
        if row is None:
            return None
        info = _info(row[1])
        if info is None:
            return None
        used_at_s = max(row[0], self._touched.get(key, row[0]))
        # 2.0.1 C10.FR.08: counted from the last use, and only where the CSMS set no expiry of its own (C10.FR.13).
        if lifetime_s is not None and info.expires_at is None and now.timestamp() - used_at_s > lifetime_s:
            with transaction(connection):  # 2.0.1 C10.FR.10
                connection.execute("DELETE FROM auth_cache WHERE token = ?", (key,))
            self._touched.pop(key, None)
            return None
        if len(self._touched) < MAX_TOUCHED or key in self._touched:
            self._touched[key] = now.timestamp()
        return info

    def write_cache(
        self,
        connection: sqlite3.Connection,
        tokens: Sequence[tuple[IdToken, TokenInfo]],
        *,
        forget: bool,
        now: datetime,
    ) -> None:
        """Within the open transaction: empty the cache if told to, then remember `tokens`."""
        if forget:
            connection.execute("DELETE FROM auth_cache")
        if self._touched:
            connection.executemany(
                "UPDATE auth_cache SET used_at_s = ? WHERE token = ?",
                [(used_at_s, key) for key, used_at_s in self._touched.items()],
            )
        if tokens:
            keys = {token_key(token) for token, _ in tokens}
            self._evict(connection, keys)
            connection.executemany(
                "INSERT OR REPLACE INTO auth_cache (token, accepted, used_at_s, body) VALUES (?, ?, ?, ?)",
                [
                    (
                        token_key(token),
                        info.status is AuthorizationStatus.ACCEPTED,
                        now.timestamp(),
                        _ENTRY.encode(_Entry(token, info)),
                    )
                    for token, info in tokens
                ],
            )

    def cache_written(self) -> None:
        """That is committed."""
        self._touched.clear()

    def _evict(self, connection: sqlite3.Connection, keys: set[str]) -> None:
        """Make room for `keys`: entries that are not Accepted go first, then the longest unused (C10.FR.07)."""
        connection.executemany("DELETE FROM auth_cache WHERE token = ?", [(key,) for key in keys])
        (count,) = connection.execute("SELECT count(*) FROM auth_cache").fetchone()
        surplus = count + len(keys) - self._cache_limit
        if surplus > 0:
            connection.execute(
                "DELETE FROM auth_cache WHERE token IN"
                " (SELECT token FROM auth_cache ORDER BY accepted, used_at_s LIMIT ?)",
                (surplus,),
            )

    def write_list(self, connection: sqlite3.Connection, update: SendLocalList) -> None:
        """Within the open transaction: replace the list, or amend it (2.0.1 D01.FR.04, .05, .15 to .17)."""
        if update.full:
            connection.execute("DELETE FROM local_list")
        for token, info in update.entries:
            if info is None:
                connection.execute("DELETE FROM local_list WHERE token = ?", (token_key(token),))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO local_list (token, body) VALUES (?, ?)",
                    (token_key(token), _ENTRY.encode(_Entry(token, info))),
                )
        write_counter(connection, LIST_VERSION, update.version)


def _info(body: str) -> TokenInfo | None:
    """What a row says; None, and logged, where it cannot be read: the CSMS is asked instead."""
    try:
        entry: _Entry = _ENTRY.decode(body)
    except CodecError as error:
        log.error("stored token cannot be read", cause=error)  # noqa: TRY400  EventLogger's own error()
        return None
    return entry.info


def list_version(connection: sqlite3.Connection) -> int:
    """The local list's version; 0 where none was ever stored."""
    return read_counter(connection, LIST_VERSION)


def list_size(connection: sqlite3.Connection) -> int:
    """How many tokens the local list holds."""
    (count,) = connection.execute("SELECT count(*) FROM local_list").fetchone()
    return int(count)
