"""What the default answers may look at: the clock, the tokens, the ledger, the heartbeat interval."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hil.csms.ledger import Ledger
from hil.csms.tokens import TokenTable


@dataclass(slots=True)
class Desk:
    """One for all stations of a CSMS; everything may be changed while it runs."""

    now: Callable[[], datetime]
    tokens: TokenTable
    ledger: Ledger
    heartbeat_interval_s: int = 300
