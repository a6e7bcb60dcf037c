"""Leaving a silent device alone."""

from hal.modbus.backoff import Absence, Patience

PATIENCE = Patience(failures=2, first_s=1.0, longest_s=3.0)


def test_a_few_failures_are_forgiven() -> None:
    absence = Absence(PATIENCE)

    absence.failed(10.0)

    assert (absence.is_long, absence.rest_s(10.0)) == (False, 0.0)


def test_then_it_rests_twice_as_long_each_time_up_to_a_limit() -> None:
    absence = Absence(PATIENCE)
    absence.failed(10.0)

    rests = []
    for now_s in (11.0, 12.0, 14.0, 17.0):
        absence.failed(now_s)
        rests.append(absence.rest_s(now_s))

    assert rests == [1.0, 2.0, 3.0, 3.0]


def test_a_rest_runs_out() -> None:
    absence = Absence(PATIENCE)
    absence.failed(10.0)
    absence.failed(10.0)

    assert (absence.rest_s(10.25), absence.rest_s(11.5)) == (0.75, 0.0)


def test_an_answer_ends_it_and_the_next_rest_is_the_first_again() -> None:
    absence = Absence(PATIENCE)
    for _ in range(4):
        absence.failed(10.0)

    absence.answered()

    assert (absence.failures, absence.is_long, absence.rest_s(10.0)) == (0, False, 0.0)
    absence.failed(20.0)
    absence.failed(20.0)
    assert absence.rest_s(20.0) == 1.0
