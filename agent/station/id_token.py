"""Who wants to charge: id tokens and what is known of them."""

from datetime import datetime
from enum import StrEnum

from agent.frozen import dataclass

NO_AUTHORIZATION = "NoAuthorization"
"""IdTokenEnumType of a transaction that nobody had to authorize."""


@dataclass(frozen=True, slots=True)
class IdToken:
    """An identifier with its type (2.x IdTokenEnumType; 1.6 tokens are read as ISO14443 or Central).

    Compared without regard to case (1.6 CiString, 2.0.1 identifierString); printed masked.
    """

    value: str
    type: str = "ISO14443"

    def __eq__(self, other: object) -> bool:
        # The type is left out: 1.6 carries none, so a token that came back from a 1.6 CSMS has only a guessed one.
        return isinstance(other, IdToken) and self.value.lower() == other.value.lower()

    def __hash__(self) -> int:
        return hash(self.value.lower())

    def masked(self) -> str:
        """The last four characters at most; what logs and screens may show."""
        shown = self.value[-4:] if len(self.value) > 6 else self.value[-1:]
        return f"...{shown}"

    def __repr__(self) -> str:
        return f"IdToken({self.masked()}, {self.type})"


class AuthorizationStatus(StrEnum):
    """AuthorizationStatusEnumType of 2.0.1; 1.6's five are among them."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT_TX = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What a CSMS, the local list or the cache says of a token."""

    status: AuthorizationStatus
    expires_at: datetime | None = None
    group: IdToken | None = None

    def is_accepted(self, *, at: datetime) -> bool:
        """Accepted and not past its expiry."""
        return self.status is AuthorizationStatus.ACCEPTED and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class KnownToken:
    """What this station knows of a token without asking: its local list's and its cache's word."""

    listed: TokenInfo | None = None
    cached: TokenInfo | None = None


UNKNOWN_TOKEN = KnownToken()
