import asyncio

import pytest

from agent.api.events import EventName, EventStream, TooManyClients, encode
from agent.api.limits import Limits


def nobody_minds() -> None:
    """A client whose loss does not matter."""


def test_an_event_is_one_block_of_text_whatever_it_holds() -> None:
    event = encode(EventName.FAULT, {"detail": "two\nlines\r\n\r\nevent: link"}, event_id=7)

    assert event.startswith(b"id: 7\nevent: fault\ndata: {")
    assert event.count(b"\n") == 4
    assert b"\r" not in event


async def test_ids_count_on_while_nobody_watches() -> None:
    stream = EventStream()
    stream.publish(EventName.LINK, {})

    with stream.subscribe(dropped=nobody_minds) as share:
        stream.publish(EventName.LINK, {})
        stream.publish(EventName.METER, {})

        assert await share.next() == b"id: 2\nevent: link\ndata: {}\n\nid: 3\nevent: meter\ndata: {}\n\n"


async def test_a_client_with_a_full_queue_is_dropped_once() -> None:
    drops: list[str] = []
    stream = EventStream(limits=Limits(events_per_client=2))

    with stream.subscribe(dropped=lambda: drops.append("dropped")) as share:
        for _ in range(5):
            stream.publish(EventName.METER, {})

        assert await share.next() is None
    assert (drops, stream.clients_dropped, stream.clients) == (["dropped"], 1, 0)


async def test_closing_wakes_who_waits() -> None:
    stream = EventStream()

    with stream.subscribe(dropped=nobody_minds) as share:
        waiting = asyncio.create_task(share.next(), name="waiting client")
        await asyncio.sleep(0)
        share.close()

        assert await asyncio.wait_for(waiting, 1) is None


async def test_there_is_room_for_so_many_clients_and_again_once_one_left() -> None:
    stream = EventStream(limits=Limits(event_clients=1))

    with stream.subscribe(dropped=nobody_minds), pytest.raises(TooManyClients):
        stream.subscribe(dropped=nobody_minds)
    with stream.subscribe(dropped=nobody_minds):
        assert stream.clients == 1
