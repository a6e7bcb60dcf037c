import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from agent.cli_views import NoAnswer, faults_table, fetch, print_view, queue_table, status_table, why_lines

TRANSACTION = "5f2c1e1a-9a43-4c1f-8f59-1f4f5d7d2b10"


def evse(number: int, **changes: Any) -> dict[str, Any]:
    """An EVSE of which nothing is known, but for `changes`."""
    nothing = dict.fromkeys(("status", "pilot", "contactor_closed", "limit_a", "offered_a", "transaction", "meter"))
    return {"id": number, "connector_id": 1, "operative": True, "plugged": False, "faults": [], **nothing, **changes}


def status(**changes: Any) -> dict[str, Any]:
    """A station with one EVSE that charges and one that is broken."""
    meter = {
        "energy_wh": 12_345_678,
        "age_s": 0.4,
        "power_w": 22_080.0,
        "current_a": [32.0, 32.0, 31.9],
        "voltage_v": [],
    }
    transaction = {
        "id": TRANSACTION,
        "since": "2026-05-04T12:00:00.000Z",
        "charging_state": "Charging",
        "token": "...B2C3",
        "energy_wh": 1234,
        "seq_no": 7,
    }
    return {
        "identity": "CP001",
        "vendor": "Example",
        "model": "Duo-22",
        "version": "0.1.0",
        "time": "2026-05-04T12:30:00.000Z",
        "clock_known": True,
        "uptime_s": 93_784.2,
        "simulated": False,
        "link": {
            "state": "online",
            "url": "ws://127.0.0.1:9000/ocpp/CP001",
            "subprotocol": "ocpp2.0.1",
            "last_failure": None,
            "since": None,
        },
        "evses": [
            evse(
                1,
                status="SuspendedEVSE",
                pilot="C",
                contactor_closed=True,
                limit_a=32.0,
                transaction=transaction,
                meter=meter,
            ),
            evse(2, status="Faulted", faults=["GroundFailure", "OverVoltage"], operative=False),
        ],
        "outbox_depth": 3,
        "dead_letters": 0,
        "storage": {"writable": True, "damaged_kept_as": None},
        **changes,
    }


def queue(rows: int = 2) -> dict[str, Any]:
    """An outbox with one dead letter."""
    row = {
        "id": 123_456,
        "message_id": "m",
        "kind": "TransactionUpdated",
        "at": "2026-05-04T12:00:00.000Z",
        "attempts": 2,
        "offline": True,
        "evse_id": 1,
        "transaction_id": TRANSACTION,
        "seq_no": 1234,
    }
    dead = {
        "id": 99,
        "message_id": "d",
        "kind": "TransactionUpdated",
        "attempts": 3,
        "why": "FormationViolation:\n\x1b[31mno such tariff, says the vendor at length",
        "transaction_id": None,
    }
    return {"depth": 5, "rows": [row] * rows, "dead_letter_count": 1, "dead_letters": [dead], "thinned": 4}


def test_the_status_table_is_aligned_and_fits_80_columns() -> None:
    text = status_table(status())

    lines = text.splitlines()
    header = next(line for line in lines if line.startswith("EVSE  STATUS"))
    first = lines[lines.index(header) + 1]
    second = lines[lines.index(header) + 2]
    assert max(map(len, lines)) <= 80
    assert first.split() == ["1", "SuspendedEVSE", "C", "closed", "32", "22.08", "32/32/32", "12345.678", "0"]
    assert second.split() == ["2", "Faulted", "-", "-", "-", "-", "-", "-", "-"]
    assert header.index("STATUS") == first.index("SuspendedEVSE") == second.index("Faulted")
    assert "1.234 kWh, token ...B2C3" in text
    assert "EVSE 2: faults GroundFailure, OverVoltage" in text
    assert "EVSE 2: set inoperative" in text
    assert "up 1 d 02:03:04" in text


def test_what_sets_the_limits_is_a_line_each() -> None:
    found = status(evses=[evse(1, limit_reason="10 A: charging profile 7"), evse(2, limit_reason="nothing: no EV")])

    assert why_lines(found) == "EVSE 1: 10 A: charging profile 7\nEVSE 2: nothing: no EV"


def test_what_is_wrong_is_said() -> None:
    link = {
        "state": "connecting",
        "url": "ws://csms.example",
        "subprotocol": None,
        "last_failure": "unreachable: [Errno 111]",
        "since": "2026-05-04T12:00:00Z",
    }

    text = status_table(
        status(
            link=link,
            clock_known=False,
            uptime_s=61.0,
            simulated=True,
            dead_letters=2,
            storage={"writable": False, "damaged_kept_as": "agent.db.damaged-1"},
        )
    )

    assert "connecting since 2026-05-04" in text
    assert "last failure: unreachable: [Errno 111]" in text
    assert "(clock not set)" in text
    assert "2 given up" in text
    assert "REFUSES COMMITS, a damaged database was kept as agent.db.damaged-1" in text
    assert "simulated" in text
    assert "up 00:01:01" in text


def test_colours_come_only_when_asked_for_and_do_not_move_columns() -> None:
    plain = status_table(status())
    coloured = status_table(status(), colours=True)

    assert "\x1b" not in plain
    assert "\x1b[31m" in coloured
    stripped = coloured
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        stripped = stripped.replace(code, "")
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_the_queue_table_fits_80_columns_and_tells_how_many_more_there_are() -> None:
    lines = queue_table(queue()).splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[0] == "5 waiting, 1 given up, 4 thinned"
    assert "5f2c1e1a-..." in lines[3]
    assert "... and 3 more" in lines


def test_a_vendors_words_cannot_steer_the_terminal() -> None:
    text = queue_table(queue())

    assert "\x1b" not in text
    assert "FormationViolation: [31mn..." in text


def test_the_fault_history_fits_80_columns_and_tells_what_to_do() -> None:
    row = {
        "evse_id": 1,
        "fault": "GroundFailure",
        "code": "CX002",
        "began": "2026-05-04T12:00:00Z",
        "ended": "2026-05-04T12:10:00Z",
        "detail": "the RCD of EVSE 1 says so " * 5,
        "for_technician": "Measure the insulation of the cable. " * 4,
    }
    lasting = {**row, "evse_id": 0, "fault": "ReaderFailure", "code": "", "ended": None}

    lines = faults_table({"rows": [lasting, row]}).splitlines()

    assert lines[0] == "1 now, 1 past"
    assert any(line.endswith("until now  station: ReaderFailure") for line in lines)
    assert any(line.endswith("EVSE 1: GroundFailure (CX002)") for line in lines)
    assert max(map(len, lines)) <= 80
    assert sum("Measure the insulation" in line for line in lines) == 2


def test_no_faults_is_one_line() -> None:
    assert faults_table({"rows": []}) == "no faults"


def test_an_empty_queue_is_one_line() -> None:
    empty = {"depth": 0, "rows": [], "dead_letter_count": 0, "dead_letters": [], "thinned": 0}

    assert queue_table(empty) == "0 waiting, 0 given up, 0 thinned"


Serve = Callable[[bytes | None], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer one connection with these bytes (None: with silence); the port."""
    with ExitStack() as stack:

        def start(reply: bytes | None) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(5)
            done = threading.Event()

            def answer() -> None:
                client, _ = listener.accept()
                with client:
                    client.settimeout(5)
                    client.recv(4096)
                    if reply is None:
                        done.wait(5)
                    else:
                        client.sendall(reply)

            thread = threading.Thread(target=answer, name="one answer")
            thread.start()
            stack.callback(thread.join)
            stack.callback(done.set)
            return int(listener.getsockname()[1])

        yield start


def http(body: bytes, *, first_line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return first_line + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_a_view_is_fetched_and_printed(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    port = serve(http(json.dumps(queue()).encode()))

    code = print_view("queue", host="127.0.0.1", port=port, as_json=False)

    assert code == 0
    assert capsys.readouterr().out.startswith("5 waiting")


def test_json_is_printed_as_it_came(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    port = serve(http(json.dumps(status()).encode()))

    print_view("status", host="127.0.0.1", port=port, as_json=True)

    assert json.loads(capsys.readouterr().out) == status()


def test_where_nothing_listens_it_says_what_to_look_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(NoAnswer, match=f"no agent answers on 127.0.0.1:{port}: is it running"):
        fetch("127.0.0.1", port, "/api/v1/status", timeout_s=1.0)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (None, "did not answer within 0.05 s"),
        (b"SSH-2.0-OpenSSH\r\n", "no agent answers"),
        (b"", "no agent answers"),
        (http(b"<html>"), "is another program on that port"),
        (http(b"[]"), "is another program on that port"),
        (http(b'{"detail": "busy"}', first_line=b"HTTP/1.1 503 No"), "answers 503: busy"),
        (http(b"<html>", first_line=b"HTTP/1.1 404 No"), "answers 404$"),
        (http(b"{}")[:-1], "no agent answers"),
    ],
)
def test_every_other_answer_is_told_in_one_line(reply: bytes | None, says: str, serve: Serve) -> None:
    port = serve(reply)

    with pytest.raises(NoAnswer, match=says) as caught:
        fetch("127.0.0.1", port, "/api/v1/status", timeout_s=0.05 if reply is None else 5.0)

    assert "\n" not in str(caught.value)
