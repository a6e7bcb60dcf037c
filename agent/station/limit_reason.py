"""Why an EVSE may draw what it may: one line for a person (`evse-agent status --why`)."""

from datetime import UTC, datetime
from math import isinf

from agent.smart_charging.profile import InstalledProfile
from agent.smart_charging.share import MINIMUM_CURRENT_A
from agent.station.state import Evse, StationState
from agent.station.supply import grid_limit_a, is_entitled


def limit_reason(state: StationState, evse: Evse) -> str:
    """What sets the limit now, with what it is, in amperes per phase."""
    if not is_entitled(evse):
        return _why_nothing(evse)
    wish_a, reason = _own_limit(evse)
    if wish_a < MINIMUM_CURRENT_A:
        return f"paused: {reason} allows {_amperes(wish_a)}, and no EV charges below {_amperes(MINIMUM_CURRENT_A)}"
    if evse.paused_at_s is not None:
        return f"paused: no charge is resumed before {state.config.min_pause_s:g} s are over"
    if evse.permitted_a is None:
        waits = not evse.supply_denied
        return "nothing yet: others have to lower theirs first" if waits else f"nothing: others use up {_shared(state)}"
    is_shared = evse.permitted_a < wish_a
    return f"{_amperes(evse.permitted_a)}: {f'its share of {_shared(state)}' if is_shared else reason}"


def _why_nothing(evse: Evse) -> str:
    tx = evse.active_transaction
    if tx is None:
        return "nothing: no transaction"
    if evse.powerless:
        return f"nothing: fault {', '.join(sorted(fault for fault in evse.faults if evse.cuts_power(fault)))}"
    if not evse.plugged:
        return "nothing: no EV"
    if evse.interrupted_until_s is not None:
        return "nothing: it is being found out how the transaction stands after a restart"
    if tx.suspended:
        return "nothing: the token is not valid any more"
    return "nothing: nobody is authorized"


def _own_limit(evse: Evse) -> tuple[float, str]:
    """The least of what wiring, profiles and the EVSE's own devices allow, and which of them it is."""
    most_a, reason = evse.config.max_current_a, "what connector and cable carry"
    if evse.limit is not None and evse.limit.limit.source is not None:
        most_a, reason = evse.limit.limit.amperes, _of_profile(evse.limit.limit.source, until=evse.limit.limit.until)
    if evse.derated_to_a is not None and evse.derated_to_a < most_a:
        most_a, reason = evse.derated_to_a, "what its own devices allow (temperature, curtailment)"
    return most_a, reason


def _of_profile(source: InstalledProfile, *, until: float) -> str:
    profile = source.profile
    end = "" if isinf(until) else f" until {_time(until)}"
    return f"charging profile {profile.id} ({profile.purpose}, stack level {profile.stack_level}){end}"


def _shared(state: StationState) -> str:
    known = state.limit
    all_of_it = "the grid's limit"
    if known is not None and known.limit.source is not None:
        all_of_it = _of_profile(known.limit.source, until=known.limit.until)
    grid_a = grid_limit_a(state)
    return all_of_it if grid_a is None else f"{_amperes(grid_a)} by {all_of_it}"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"


def _amperes(value: float) -> str:
    return f"{value:.1f} A".replace(".0 A", " A")
