"""Cards on readers that cannot be asked."""

from hal.readers.held import HeldCards
from hal.sim.clock import ManualClock


async def test_a_card_said_again_in_time_is_held() -> None:
    clock = ManualClock()
    held = HeldCards(clock=clock, gone_after_s=1.0, name="reader 1")

    news = [held.heard(b"a")]
    for _ in range(10):
        await clock.advance(0.5)
        news.append(held.heard(b"a"))

    assert news == [True] + 10 * [False]
    await held.close()


async def test_a_card_that_is_not_said_any_more_counts_again() -> None:
    clock = ManualClock()
    held = HeldCards(clock=clock, gone_after_s=1.0, name="reader 1")
    held.heard(b"a")

    await clock.advance(2.0)

    assert held.heard(b"a")
    await held.close()


async def test_no_task_is_left_once_all_cards_are_gone() -> None:
    clock = ManualClock()
    held = HeldCards(clock=clock, gone_after_s=1.0, name="reader 1")
    held.heard(b"a")

    await clock.advance(2.0)

    assert held._task is not None
    assert held._task.done()


async def test_a_card_held_through_an_outage_is_no_new_presentation_and_may_go_afterwards() -> None:
    clock = ManualClock()
    held = HeldCards(clock=clock, gone_after_s=1.0, name="reader 1")
    held.heard(b"a")
    await held.close()
    await clock.advance(60)

    held.resume()

    assert not held.heard(b"a")
    await clock.advance(2.0)
    assert held.heard(b"a")
    await held.close()
