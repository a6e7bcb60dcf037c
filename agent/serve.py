"""`evse-agent run`: an agent as a service, with signals, the local API and restarts commanded by the CSMS."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent import log as logs
from agent.app import Agent, End
from agent.assembly import Plan, make_plan
from agent.log import get_logger
from agent.ocpp.adapter import BootReason
from agent.settings import Settings

log = get_logger(__name__)

FINE, FAILED = 0, 1
API_MAY_START_AFTER_S = 5.0
"""The local API comes up also where the first connection attempt cannot even begin."""

Ready = Callable[[int], Awaitable[None]]
"""Told the port of the local API."""


async def serve(settings: Settings, *, data_dir: Path | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    logs.configure(as_json=settings.logging.json, level=settings.logging.level)
    end = await live(make_plan(settings), data_dir=data_dir)
    return FAILED if end is End.FAILED else FINE


async def live(
    plan: Plan,
    *,
    data_dir: Path | None,
    prepare: Callable[[Agent], None] | None = None,
    ready: Ready | None = None,
) -> End:
    """Run one agent after another, as a Reset of the CSMS asks for, until a signal or a failure.

    `prepare` is called with each of them before it runs. Raises SettingsError or StoreError.
    """
    stopping = asyncio.Event()
    agent: Agent | None = None

    def stop() -> None:
        if agent is not None:
            agent.stop()

    reason = BootReason.POWER_UP
    with Signals(stopping, stop):
        while True:
            agent = await Agent.build(plan, data_dir=data_dir, boot_reason=reason)
            if prepare is not None:
                prepare(agent)
            if stopping.is_set():  # the signal came between two agents
                agent.stop()
            end = await run_with_api(agent, ready=ready)
            if end is not End.RESTART or stopping.is_set():
                return end
            reason = agent.next_boot_reason


async def run_with_api(agent: Agent, *, ready: Ready | None = None) -> End:
    """Run an agent with its local API, which starts once the first connection attempt is under way."""
    if agent.plan.settings.local_api.enabled:
        agent.start_task(_serve_api(agent, ready), name="local API")
    gc.freeze()  # what is loaded stays for ever: no collection has to look at it again
    return await agent.run()


async def _serve_api(agent: Agent, ready: Ready | None) -> None:
    try:
        async with asyncio.timeout(API_MAY_START_AFTER_S):
            await agent.link.attempting.wait()
    except TimeoutError:
        log.warning("no connection attempt yet; the local API starts all the same")
    # Late on purpose: what the link does not need must not delay the first message.
    from agent.app_api import serve_api

    await serve_api(agent, ready=ready)


class Signals:
    """While inside, SIGTERM and SIGINT stop the agent in order."""

    def __init__(self, stopping: asyncio.Event, stop: Callable[[], None]) -> None:
        self._stopping = stopping
        self._stop = stop

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked, number)

    def _asked(self, number: signal.Signals) -> None:
        log.info("stopping", signal=number.name)
        self._stopping.set()
        self._stop()

    def __exit__(self, *error: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
