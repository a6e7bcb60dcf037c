"""Whose turn it is on a line."""

import asyncio

import pytest

from hal.modbus.turns import Turns


async def queue(turns: Turns, *names: str) -> list[str]:
    """Let them ask in this order while somebody holds the line (capitals are urgent); the order they got it in."""
    got: list[str] = []

    async def ask(name: str) -> None:
        async with turns.take(urgent=name.isupper()):
            got.append(name)
            await asyncio.sleep(0)

    async with turns.take():
        tasks = [asyncio.create_task(ask(name)) for name in names]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return got


async def test_it_is_first_come_first_served() -> None:
    assert await queue(Turns(), "a", "b", "c") == ["a", "b", "c"]


async def test_whoever_is_urgent_comes_before_all_that_wait() -> None:
    assert await queue(Turns(), "a", "b", "X", "Y") == ["X", "Y", "a", "b"]


async def test_only_one_has_it() -> None:
    turns, inside = Turns(), 0

    async def work() -> None:
        nonlocal inside
        async with turns.take():
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))


@pytest.mark.parametrize("after", [0, 1])
async def test_who_gives_up_waiting_holds_nobody_up(after: int) -> None:
    turns = Turns()
    async with turns.take():
        impatient = asyncio.create_task(queue(turns))
        waiting = asyncio.create_task(queue(turns, "a"))
        for _ in range(after):
            await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])

    assert await waiting == ["a"]


async def test_who_is_cancelled_in_the_moment_of_their_turn_passes_it_on() -> None:
    turns = Turns()
    holder = turns.take()
    await holder.__aenter__()
    late = asyncio.create_task(queue(turns))
    await asyncio.sleep(0)

    await holder.__aexit__(None, None, None)
    late.cancel()
    await asyncio.wait([late])

    assert await queue(turns, "a") == ["a"]
