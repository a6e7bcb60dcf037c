"""`python -m hil.csms --port 9000`: the bench CSMS from the command line, one line an event."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from hil.csms.display import line
from hil.csms.errors import BenchError
from hil.csms.record import Event, StationDisconnected
from hil.csms.server import BenchCsms
from hil.csms.tokens import token_table
from hil.csms.versions import VERSIONS


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 0 fine, 1 could not listen, 2 usage."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    try:
        return asyncio.run(_serve(options))
    except (BenchError, OSError) as error:
        print(f"hil.csms: {error}", file=sys.stderr)
        return 1


async def _serve(options: argparse.Namespace) -> int:
    tokens = options.accept_tokens
    csms = BenchCsms(
        host=options.host,
        port=options.port,
        versions=options.versions,
        tokens=None if tokens is None else token_table(dict.fromkeys(tokens, "Accepted")),
        heartbeat_interval_s=options.heartbeat_interval,
        first_transaction_id=options.first_transaction_id,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def show(event: Event) -> None:
        print(line(event), flush=True)
        if options.once and isinstance(event, StationDisconnected):
            stop.set()

    csms.subscribe(show)
    async with csms:
        print(f"listening on {csms.url}/<identity>", flush=True)
        await stop.wait()
    for transaction in csms.ledger.transactions:
        energy_wh = csms.ledger.energy_wh(transaction)
        energy = "energy not known" if energy_wh is None else f"{energy_wh:g} Wh"
        print(f"transaction: {transaction.station} {transaction.transaction_id} EVSE {transaction.evse}: {energy}")
    for finding in csms.ledger.findings():
        print(f"finding: {finding.station} {finding.transaction_id}: {finding.kind} {finding.detail}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hil.csms", description="A CSMS for rigs, demos and tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one")
    parser.add_argument("--versions", type=_versions, default=_versions("2.0.1,1.6"), help="such as 1.6,2.0.1")
    parser.add_argument("--accept-tokens", type=_words, default=None, help="a,b,c: all others are Invalid")
    parser.add_argument("--heartbeat-interval", type=int, default=300, help="seconds")
    parser.add_argument("--first-transaction-id", type=int, default=1, help="where 1.6 transaction ids start")
    parser.add_argument("--once", action="store_true", help="end when the first station disconnects")
    return parser


def _versions(text: str) -> tuple[str, ...]:
    names = tuple(f"ocpp{word.removeprefix('ocpp')}" for word in _words(text))
    for name in names:
        if name not in VERSIONS:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(VERSIONS)}")
    return names


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


if __name__ == "__main__":
    sys.exit(main())
