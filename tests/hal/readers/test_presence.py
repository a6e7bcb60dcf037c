"""A card that is held counts once."""

from hypothesis import given
from hypothesis import strategies as st

from hal.readers.presence import MOST_HELD, Presence

A, B = b"a", b"b"


def looks(presence: Presence, *seen: bytes | None, start_s: float = 0.0) -> list[bool]:
    """One look a second."""
    return [presence.looked(card, now_s=start_s + number) for number, card in enumerate(seen)]


def test_a_card_that_is_seen_again_and_again_is_one_presentation() -> None:
    assert looks(Presence(gone_after_s=2), A, A, A) == [True, False, False]


def test_a_card_missed_for_less_than_the_time_was_not_away() -> None:
    assert looks(Presence(gone_after_s=2), A, None, None, A) == [True, False, False, False]


def test_a_card_missed_for_the_time_counts_again() -> None:
    assert looks(Presence(gone_after_s=2), A, None, None, None, A) == [True, False, False, False, True]


def test_another_card_counts_at_once() -> None:
    assert looks(Presence(gone_after_s=2), A, B) == [True, True]


def test_two_cards_seen_in_turns_count_once_each() -> None:
    assert looks(Presence(gone_after_s=2), A, B, A, B, A) == [True, True, False, False, False]


def test_time_in_which_nobody_looked_does_not_count() -> None:
    presence = Presence(gone_after_s=2)
    presence.looked(A, now_s=0)
    presence.looked(None, now_s=1)

    assert not presence.looked(A, now_s=100)


def test_after_an_outage_being_away_begins_to_count_anew() -> None:
    presence = Presence(gone_after_s=2)
    presence.looked(A, now_s=0)
    presence.looked(None, now_s=1)

    presence.resumed()

    assert not presence.looked(None, now_s=100)
    assert not presence.looked(A, now_s=101)
    assert not presence.is_empty


def test_it_is_empty_once_all_are_gone() -> None:
    presence = Presence(gone_after_s=2)
    looks(presence, A, None, None, None)

    assert presence.is_empty


def test_it_remembers_no_more_cards_than_can_lie_there() -> None:
    presence = Presence(gone_after_s=1000)

    looks(presence, *(bytes((number,)) for number in range(50)))

    assert len(presence._missed_since_s) == MOST_HELD


@given(st.lists(st.sampled_from([A, B, None]), max_size=60), st.integers(min_value=1, max_value=5))
def test_a_presentation_is_never_lost_and_never_doubled(seen: list[bytes | None], gone_after_s: int) -> None:
    counted = looks(Presence(gone_after_s=gone_after_s), *seen)

    for at, (card, is_new) in enumerate(zip(seen, counted, strict=True)):
        if card is None:
            assert not is_new
            continue
        before = seen[:at][::-1]
        away = next((number for number, other in enumerate(before) if other == card), len(before) + 99)
        first = card not in before
        assert is_new == (first or away > gone_after_s)
