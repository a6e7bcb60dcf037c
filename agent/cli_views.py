"""What `evse-agent status` and `queue` print: a running agent through its local API, or what it left on the disk."""

import http.client
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.log import wants_colours

FINE = 0
TIMEOUT_S = 5.0
MAX_BYTES = 16 * 1024 * 1024
WIDTH = 80
STORED_ROWS = 100
_GREEN, _YELLOW, _RED, _DIM, _RESET = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_COLOURS = {
    "Faulted": _RED,
    "Charging": _GREEN,
    "Available": _GREEN,
    "Unavailable": _YELLOW,
    "online": _GREEN,
    "disconnected": _RED,
    "rejected": _RED,
    "pending": _YELLOW,
    "connecting": _YELLOW,
    "registering": _YELLOW,
}
_NOTHING = "-"


class NoAnswer(AgentError):
    """The local API gave no usable answer; the message says what to look at."""


def print_view(view: str, *, host: str, port: int, as_json: bool) -> int:
    """Print `status`, `queue` or `faults` of the agent at host:port; the exit code. Raises NoAnswer."""
    path, table = _VIEWS[view]
    found = fetch(host, port, path, timeout_s=TIMEOUT_S)
    return _print(found, table, as_json=as_json)


def print_stored_queue(data_dir: Path, *, as_json: bool) -> int:
    """Print the queue in a data directory, whether its agent runs or not; the exit code. Raises StoreError."""
    from agent.api.json_text import to_json
    from agent.app_queue import stored_outbox

    found = json.loads(to_json(stored_outbox(data_dir, limit=STORED_ROWS)))
    return _print(found, queue_table, as_json=as_json)


def print_stored_faults(data_dir: Path, *, as_json: bool) -> int:
    """Print the fault history in a data directory, whether its agent runs or not; the exit code. Raises StoreError."""
    from agent.api.json_text import to_json
    from agent.app_faults import stored_faults

    found = json.loads(to_json(stored_faults(data_dir, limit=STORED_ROWS)))
    return _print(found, faults_table, as_json=as_json)


def _print(found: Mapping[str, Any], table: Callable[..., str], *, as_json: bool) -> int:
    text = (
        json.dumps(found, indent=2, ensure_ascii=False) if as_json else table(found, colours=wants_colours(sys.stdout))
    )
    sys.stdout.write(text + "\n")
    return FINE


def fetch(host: str, port: int, path: str, *, timeout_s: float) -> dict[str, Any]:
    """GET a JSON object. Raises NoAnswer, with the problem document's detail where there is one."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        status, body = response.status, response.read(MAX_BYTES)
        if response.length:  # read() with a bound does not say so by itself
            raise http.client.IncompleteRead(body, response.length)
    except TimeoutError as error:
        raise NoAnswer(f"the agent on {host}:{port} did not answer within {timeout_s:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(
            f"no agent answers on {host}:{port}: is it running? (systemctl status evse-agent;"
            f" local_api.port in station.yaml) [{_cut(str(error), WIDTH) or type(error).__name__}]"
        ) from error
    finally:
        connection.close()
    return _object(status, body, where=f"{host}:{port}{path}")


def _object(status: int, body: bytes, *, where: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status != http.client.OK:
        detail = found.get("detail", "") if isinstance(found, dict) else ""
        raise NoAnswer(f"{where} answers {status}{': ' if detail else ''}{detail}")
    if not isinstance(found, dict):
        raise NoAnswer(f"{where} answers, but not as an evse-agent does: is another program on that port?")
    return found


def status_table(status: Mapping[str, Any], *, colours: bool = False) -> str:
    """The station's status for a person, 80 columns."""
    link, storage = status["link"], status["storage"]
    clock = "" if status["clock_known"] else _paint(" (clock not set)", _YELLOW, colours=colours)
    since = f" since {_when(link['since'])}" if link["since"] else ""
    head = [
        f"{status['identity']}  {status['vendor']} {status['model']}  {status['version']}"
        f"{'  simulated' if status['simulated'] else ''}",
        f"up {_duration(status['uptime_s'])}, {_when(status['time'])}{clock}",
        "",
        f"CSMS     {_word(link['state'], colours=colours)}{since}",
        f"         {link['url']}  {link['subprotocol'] or ''}".rstrip(),
    ]
    if link["last_failure"] and link["state"] != "online":
        head.append("         " + _cut(f"last failure: {link['last_failure']}", WIDTH - 9))
    dead = status["dead_letters"]
    given_up = _paint(f"{dead} given up", _RED, colours=colours) if dead else "none given up"
    head.append(f"Outbox   {status['outbox_depth']} waiting, {given_up}")
    writable = "writable" if storage["writable"] else _paint("REFUSES COMMITS", _RED, colours=colours)
    kept = f", a damaged database was kept as {storage['damaged_kept_as']}" if storage["damaged_kept_as"] else ""
    head += [f"Storage  {writable}{kept}", ""]
    rows = [_evse_row(evse) for evse in status["evses"]]
    header = ("EVSE", "STATUS", "PILOT", "CONTACTOR", "MAX A", "kW", "A", "kWh", "AGE s")
    lines = _columns(header, rows, right={4, 5, 6, 7, 8}, colours=colours)
    for evse in status["evses"]:
        lines += _evse_notes(evse, colours=colours)
    return "\n".join(head + lines)


def why_lines(status: Mapping[str, Any], *, colours: bool = False) -> str:  # noqa: ARG001 - one of _VIEWS
    """What sets the limit of each EVSE now."""
    return "\n".join(f"EVSE {evse['id']}: {_text(evse['limit_reason'])}" for evse in status["evses"])


def _evse_row(evse: Mapping[str, Any]) -> tuple[str, ...]:
    meter = evse["meter"] or {}
    contactor = {None: _NOTHING, True: "closed", False: "open"}[evse["contactor_closed"]]
    return (
        f"{evse['id']}",
        evse["status"] or _NOTHING,
        evse["pilot"] or _NOTHING,
        contactor,
        _number(evse["limit_a"], ".0f"),
        _number(_over_1000(meter.get("power_w")), ".2f"),
        "/".join(f"{each:.0f}" for each in meter.get("current_a", ())) or _NOTHING,
        _number(_over_1000(meter.get("energy_wh")), ".3f"),
        _number(meter.get("age_s"), ".0f"),
    )


def _evse_notes(evse: Mapping[str, Any], *, colours: bool) -> list[str]:
    notes = []
    if (transaction := evse["transaction"]) is not None:
        energy = _number(_over_1000(transaction["energy_wh"]), ".3f")
        notes += [
            f"EVSE {evse['id']}: transaction {transaction['id']}",
            f"        {transaction['charging_state']}, {energy} kWh, token {transaction['token'] or _NOTHING},"
            f" since {_when(transaction['since'])}",
        ]
    if evse["faults"]:
        notes.append(_paint(f"EVSE {evse['id']}: faults {', '.join(evse['faults'])}", _RED, colours=colours))
    if not evse["operative"]:
        notes.append(_paint(f"EVSE {evse['id']}: set inoperative", _YELLOW, colours=colours))
    return ["", *notes] if notes else []


def queue_table(outbox: Mapping[str, Any], *, colours: bool = False) -> str:
    """The outbox for a person, 80 columns."""
    rows, dead = outbox["rows"], outbox["dead_letters"]
    lines = [f"{outbox['depth']} waiting, {outbox['dead_letter_count']} given up, {outbox['thinned']} thinned"]
    if rows:
        table = [
            (
                str(row["id"]),
                row["kind"],
                _text(row["evse_id"]),
                _shortened(row["transaction_id"]),
                _text(row["seq_no"]),
                _when(row["at"])[5:],
                str(row["attempts"]),
            )
            for row in rows
        ]
        header = ("ID", "FACT", "EVSE", "TRANSACTION", "SEQ", "RECORDED", "TRIES")
        lines += ["", *_columns(header, table, right={0, 4, 6}, colours=colours)]
        if outbox["depth"] > len(rows):
            lines.append(f"... and {outbox['depth'] - len(rows)} more")
    if dead:
        lines += ["", _paint("Given up:", _RED, colours=colours)]
        letters = [
            (str(row["id"]), row["kind"], _shortened(row["transaction_id"]), str(row["attempts"]), _cut(row["why"], 28))
            for row in dead
        ]
        lines += _columns(("ID", "FACT", "TRANSACTION", "TRIES", "WHY"), letters, right={0, 3}, colours=colours)
    return "\n".join(lines)


def faults_table(history: Mapping[str, Any], *, colours: bool = False) -> str:
    """The fault history for a person, 80 columns: two lines a fault, what lasts in red."""
    rows = history["rows"]
    if not rows:
        return "no faults"
    lasting = sum(row["ended"] is None for row in rows)
    lines = [f"{lasting} now, {len(rows) - lasting} past"]
    for row in rows:
        where = f"EVSE {row['evse_id']}" if row["evse_id"] else "station"
        until = f"to {_when(row['ended'])[5:]}" if row["ended"] else "until now"
        code = f" ({row['code']})" if row["code"] else ""
        head = f"{_when(row['began'])} {until}  {where}: {row['fault']}{code}"
        lines += ["", head if row["ended"] else _paint(head, _RED, colours=colours)]
        lines += [f"    {_cut(text, WIDTH - 4)}" for text in (row["detail"], row["for_technician"]) if text]
    return "\n".join(lines)


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: set[int], colours: bool) -> list[str]:
    """Aligned columns, two spaces apart; columns in `right` flush right."""
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]

    def padded(row: Sequence[str], *, words: bool) -> str:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        # Colour after padding: escape sequences have no width on a terminal.
        return "  ".join(_word(cell, colours=colours) if words else cell for cell in cells).rstrip()

    return [_paint(padded(header, words=False), _DIM, colours=colours), *(padded(row, words=True) for row in rows)]


def _word(cell: str, *, colours: bool) -> str:
    return _paint(cell, _COLOURS.get(cell.strip(), ""), colours=colours)


def _paint(text: str, colour: str, *, colours: bool) -> str:
    return f"{colour}{text}{_RESET}" if colours and colour else text


def _when(stamp: str) -> str:
    """A stamp of the API in local time, to the second."""
    return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days} d {hour:02}:{minute:02}:{second:02}" if days else f"{hour:02}:{minute:02}:{second:02}"


def _number(value: float | None, spec: str) -> str:
    return _NOTHING if value is None else f"{value:{spec}}"


def _over_1000(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _text(value: object) -> str:
    return _NOTHING if value is None else str(value)


def _shortened(transaction_id: str | None) -> str:
    """An id cut to the width of a column; its first part tells transactions apart."""
    return _NOTHING if transaction_id is None else _cut(transaction_id, 12)


def _cut(text: str, width: int) -> str:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= width else line[: width - 3] + "..."


_VIEWS: dict[str, tuple[str, Callable[..., str]]] = {
    "status": ("/api/v1/status", status_table),
    "why": ("/api/v1/status", why_lines),
    "queue": ("/api/v1/outbox", queue_table),
    "faults": ("/api/v1/faults", faults_table),
}
