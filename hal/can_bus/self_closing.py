"""Boards that close by themselves under an offer: hal.self_closing's link over CAN."""

from hal.can_bus.link import CanLink
from hal.self_closing import BoardState, Wish


class SelfClosingLink:
    """hal.self_closing.BoardLink. Whatever is commanded stays on the bus, at our pace, until it is changed."""

    def __init__(self, link: CanLink) -> None:
        self._link = link
        self._applied: tuple[float | None] | None = None

    async def open(self) -> None:
        """BoardLink."""
        self._applied = None
        await self._link.close()
        await self._link.open()

    async def close(self) -> None:
        """BoardLink."""
        await self._link.close()

    async def read(self) -> BoardState:
        """BoardLink: what came last; the link itself finds it too old."""
        return self._link.state()

    async def apply(self, wish: Wish) -> None:
        """BoardLink."""
        offer_a = wish.offer_a if wish.enables else None
        if self._applied != (offer_a,):
            self._link.offer_if(wish.stands, offer_a)
            # A stop that came in between is in the next wish as well.
            self._applied = (offer_a,) if wish.stands() else None

    def cut(self) -> None:
        """BoardLink."""
        if self._link.is_open:
            self._link.cut()
