"""What must be in the next commit: the difference between the state stored last and the state as it is."""

from collections.abc import Sequence

from agent.clock import Moment
from agent.station.commands import SendLocalList
from agent.station.effects import CacheToken, Effect, ForgetCache, Record, StoreLocalList, StoreVariable
from agent.station.facts import EnergySampled, Fact, FaultNoted, IdleMeterSampled
from agent.station.state import StationState
from agent.store.store import Changes

MAX_FACTS_IN_MEMORY = 1000
"""While the store refuses: beyond this every second intermediate sample and every second fault goes."""


class Unsaved:
    """Gathers effects until a commit succeeds."""

    def __init__(self, stored: StationState) -> None:
        self._stored = _records(stored)
        self._wanted = dict(self._stored)
        self._wanted_before = self._wanted
        self._effects: list[Effect] = []
        self._latest = 0
        self._moment: Moment | None = None
        self.is_stuck = False
        """The last commit failed and something waits for the next."""

    @property
    def is_empty(self) -> bool:
        """Nothing to store."""
        return not self._effects and not self._changed()

    @property
    def fact_count(self) -> int:
        """Facts that are only in memory."""
        return sum(isinstance(effect, Record) for effect in self._effects)

    def add(self, state: StationState, effects: Sequence[Effect], *, moment: Moment) -> None:
        """What one event changed."""
        storable = [effect for effect in effects if isinstance(effect, _STORED)]
        self._wanted_before = self._wanted
        self._wanted = _records(state)
        self._latest = len(storable)
        self._effects += storable
        self._moment = moment

    def changes(self) -> Changes:
        """All that waits, as one commit."""
        facts: list[Fact] = []
        variables = []
        tokens = []
        forget = False
        update: SendLocalList | None = None
        for effect in self._effects:
            match effect:
                case Record():
                    facts.append(effect.fact)
                case StoreVariable():
                    variables.append((effect.key, effect.value))
                case CacheToken():
                    tokens.append((effect.token, effect.info))
                case ForgetCache():
                    forget = True
                    tokens.clear()
                case StoreLocalList():
                    update = effect.update
                case _:
                    pass
        if self._moment is None:
            raise ValueError("nothing was added")
        return Changes(
            records=self._changed(),
            facts=facts,
            variables=variables,
            cached_tokens=tokens,
            forget_cache=forget,
            local_list=update,
            moment=self._moment,
        )

    def saved(self) -> None:
        """The commit succeeded."""
        self._stored = self._wanted
        self._effects.clear()
        self._latest = 0
        self.is_stuck = False

    def drop_last(self) -> None:
        """The last event is undone: forget what it wanted stored."""
        if self._latest:
            del self._effects[-self._latest :]
        self._wanted = self._wanted_before
        self._latest = 0
        self.is_stuck = True

    def keep(self) -> None:
        """The commit failed but the event stands: try again with the next."""
        self.is_stuck = True
        self._latest = 0
        # A local list is answered at once as failed, so it is not stored later.
        self._effects = [effect for effect in self._effects if not isinstance(effect, StoreLocalList)]
        if self.fact_count > MAX_FACTS_IN_MEMORY:
            self._thin()

    def _thin(self) -> None:
        # E11.FR.05: intermediate samples go first, every second one of each EVSE.
        kept: list[Effect] = []
        thinned: set[tuple[type[Fact], int]] = set()
        for effect in self._effects:
            if isinstance(effect, Record) and isinstance(effect.fact, _INTERMEDIATE):
                series = (type(effect.fact), effect.fact.evse_id)
                thinned ^= {series}
                if series in thinned:
                    continue
            kept.append(effect)
        self._effects = kept

    def _changed(self) -> dict[str, object]:
        return {key: record for key, record in self._wanted.items() if self._stored.get(key) != record}


_INTERMEDIATE = (EnergySampled, IdleMeterSampled, FaultNoted)
_STORED = (Record, StoreVariable, CacheToken, ForgetCache, StoreLocalList)


def _records(state: StationState) -> dict[str, object]:
    """The durable rows of a state, by key."""
    records: dict[str, object] = {"station": state.record, "profiles": state.profiles}
    for evse in state.evses:
        records[f"evse/{evse.id}"] = evse.record
    return records
