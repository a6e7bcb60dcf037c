"""Every error the agent raises on purpose.

AgentError
 +- SettingsError          station.yaml or a script cannot be used (exit code 2)
 +- StoreError             the database refused a commit
 |   +- StoreFull          ... because the storage budget or the disk is used up
 +- LinkError              the CSMS could not be asked
     +- ConnectFailed      no link came about, and why
     +- LinkLost           the socket went away; the attempt does not count
     +- AnswerTimeout      connected, but no answer in time
     +- CallRefused        the CSMS answered with a CALLERROR
     +- OwnPayloadInvalid  our message breaks its schema; nothing was sent
"""

from collections.abc import Sequence
from enum import StrEnum

from agent.frozen import dataclass


class AgentError(Exception):
    """Root of the tree; never raised itself."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: `where` is file:line:column, `path` the key (evses[0].id), both may be empty."""

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


class SettingsError(AgentError):
    """A configuration that cannot be used: what, where, and how to mend it, one line a mistake."""

    def __init__(self, *args: object, problems: Sequence[Problem] = ()) -> None:
        super().__init__(*args or ("\n".join(map(str, problems)),))
        self.problems: tuple[Problem, ...] = tuple(problems)


class StoreError(AgentError):
    """The database refused a commit; nothing of it was stored."""


class StoreFull(StoreError):
    """The storage budget or the disk is used up."""


class LinkError(AgentError):
    """A question to the CSMS got no usable answer."""


class LinkLost(LinkError):
    """The connection went away before the answer; never counted as an attempt."""


class AnswerTimeout(LinkError):
    """Connected, yet no answer within the message timeout."""


class CallRefused(LinkError):
    """The CSMS answered with a CALLERROR: `code` and `description` are its words."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description


class OwnPayloadInvalid(LinkError):
    """A message of ours that breaks its schema or is no JSON: our fault, and nothing was sent."""


class ConnectFailure(StrEnum):
    """Why no link came about."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    TLS = "tls"
    HTTP_STATUS = "http status"
    SUBPROTOCOL = "no agreed sub-protocol"
    HANDSHAKE = "handshake"


class ConnectFailed(LinkError):
    """No link to the CSMS came about; `status` is the HTTP status where `reason` is HTTP_STATUS."""

    def __init__(self, reason: ConnectFailure, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.status = status
