from hal.sim.contactor import SimContactor


def test_it_moves_its_operate_time_after_the_command() -> None:
    contactor = SimContactor(operate_s=0.03)
    contactor.command(closed=True)

    contactor.advance(0.02)
    too_early = contactor.closed
    contactor.advance(0.02)

    assert not too_early
    assert contactor.closed


def test_a_welded_contactor_stays_closed_until_it_is_mended() -> None:
    contactor = SimContactor(operate_s=0.03)
    contactor.is_welded = True

    contactor.command(closed=False)
    contactor.advance(10.0)
    welded = contactor.closed
    contactor.is_welded = False
    contactor.advance(0.1)

    assert welded
    assert not contactor.closed


def test_a_stuck_contactor_does_not_close() -> None:
    contactor = SimContactor(operate_s=0.03)
    contactor.is_stuck_open = True

    contactor.command(closed=True)
    contactor.advance(10.0)

    assert not contactor.closed
