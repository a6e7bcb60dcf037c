"""What replaces what, and what is cleared."""

import pytest

from agent.smart_charging.profile import STATION, Purpose
from agent.smart_charging.stack import ClearFilter, ProfileSet
from tests.agent.smart_charging.profiles import installed, set_of, tx_default


def ids(profiles: ProfileSet) -> list[int]:
    return [one.profile.id for one in profiles.profiles]


def test_a_profile_replaces_the_one_with_its_id_wherever_it_was() -> None:
    assert ids(set_of(tx_default(number=1, evse_id=1), tx_default(number=1, evse_id=2, level=3))) == [1]


def test_a_profile_replaces_the_one_of_its_level_and_purpose() -> None:
    assert ids(set_of(tx_default(number=1), tx_default(number=2))) == [2]


def test_another_level_purpose_evse_or_transaction_is_another_place() -> None:
    profiles = set_of(
        tx_default(number=1),
        tx_default(number=2, level=1),
        tx_default(number=3, evse_id=2),
        tx_default(number=4, evse_id=STATION),
        installed(Purpose.STATION_MAX, number=5),
        installed(Purpose.TX, number=6, transaction_id="TX-1"),
        installed(Purpose.TX, number=7, transaction_id="TX-2"),
    )

    assert ids(profiles) == [1, 2, 3, 4, 5, 6, 7]


def test_a_transactions_profiles_end_with_it() -> None:
    profiles = set_of(tx_default(number=1), installed(Purpose.TX, number=6, transaction_id="TX-1"))

    assert ids(profiles.without_transaction("TX-1")) == [1]


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (ClearFilter(), []),
        (ClearFilter(profile_id=2), [1, 3, 4]),
        (ClearFilter(profile_id=9), [1, 2, 3, 4]),
        (ClearFilter(evse_id=STATION), [1, 2, 3]),
        (ClearFilter(evse_id=1), [3, 4]),
        (ClearFilter(purpose=Purpose.TX_DEFAULT), [4]),
        (ClearFilter(stack_level=0), [2]),
        (ClearFilter(evse_id=1, stack_level=0), [2, 3, 4]),
        (ClearFilter(profile_id=2, stack_level=0), [1, 2, 3, 4]),
        (ClearFilter(purpose=Purpose.STATION_MAX, stack_level=1), [1, 2, 3, 4]),
    ],
)
def test_what_matches_every_given_field_is_cleared(chosen: ClearFilter, left: list[int]) -> None:
    profiles = set_of(
        tx_default(number=1),
        tx_default(number=2, level=1),
        tx_default(number=3, evse_id=2),
        installed(Purpose.STATION_MAX, number=4),
    )

    assert ids(profiles.without(chosen.matches)) == left
