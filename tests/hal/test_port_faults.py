from hal.port_faults import FaultLedger


def make() -> tuple[FaultLedger, list[tuple[str, bool]]]:
    moved: list[tuple[str, bool]] = []
    return FaultLedger(lambda *move: moved.append(move[:2])), moved


def test_a_fault_that_two_sources_report_begins_once_and_ends_with_the_last() -> None:
    ledger, moved = make()

    ledger.set("BoardLost", source="pilot", detail="no answer")
    ledger.set("BoardLost", source="contactor")
    ledger.clear("BoardLost", source="pilot")
    still_active = "BoardLost" in ledger
    ledger.clear("BoardLost", source="contactor")

    assert still_active
    assert moved == [("BoardLost", True), ("BoardLost", False)]


def test_a_source_cannot_clear_what_it_never_said() -> None:
    ledger, moved = make()
    ledger.set("GroundFailure", source="input 0")

    ledger.clear("GroundFailure", source="input 1")

    assert ledger.active == ("GroundFailure",)
    assert moved == [("GroundFailure", True)]


def test_a_dead_reader_does_not_cut_power_and_anything_else_does() -> None:
    ledger, _ = make()

    ledger.set("ReaderFailure", source="input 0")
    with_reader = ledger.cuts_power
    ledger.set("HighTemperature", source="input 0")

    assert not with_reader
    assert ledger.cuts_power


def test_a_word_nobody_knows_counts_as_a_fault_all_the_same() -> None:
    ledger, moved = make()

    ledger.set("Gremlin", source="input 0", detail="behind the fuse")

    assert ledger.details == {"OtherError": "Gremlin: behind the fuse"}
    ledger.clear("Gremlin", source="input 0")
    assert moved == [("OtherError", True), ("OtherError", False)]


def test_what_a_source_no_longer_repeats_is_over() -> None:
    ledger, moved = make()
    ledger.set("GroundFailure", source="input 0")
    ledger.set("EmergencyStop", source="input 0")
    ledger.set("BoardLost", source="pilot")

    ledger.keep_only(frozenset({"EmergencyStop"}), source="input 0")

    assert ledger.active == ("EmergencyStop", "BoardLost")
    assert moved[-1] == ("GroundFailure", False)
