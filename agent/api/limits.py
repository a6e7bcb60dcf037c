"""The bounds of the local API: whatever a client does, it costs no more than this."""

from agent.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    connections: int = 32
    event_clients: int = 16
    """Fewer than connections, so that a status can still be asked."""
    events_per_client: int = 256
    """Events that may wait for one client before it counts as too slow."""
    head_bytes: int = 16_384
    body_bytes: int = 65_536
    idle_s: float = 30.0
    """Without a request on an open connection."""
    request_s: float = 10.0
    """From the first byte of a request to its last."""
    answer_s: float = 15.0
    write_s: float = 10.0
    """For a client to take what was written."""
    heartbeat_s: float = 15.0
    """Between comments on a quiet event stream."""
    linger_s: float = 1.0
    """To let a client read a refusal before the connection is closed on its unread body."""
