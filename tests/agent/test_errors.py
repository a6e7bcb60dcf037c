from agent.errors import CallRefused, Problem, SettingsError


def test_a_settings_error_reads_as_one_line_a_problem() -> None:
    error = SettingsError(problems=[Problem("a.yaml:1:2", "evses[0].id", "wrong"), Problem("a.yaml", "", "is empty")])

    assert str(error) == "a.yaml:1:2: evses[0].id: wrong\na.yaml: is empty"
    assert [problem.message for problem in error.problems] == ["wrong", "is empty"]


def test_a_settings_error_may_also_be_a_sentence() -> None:
    error = SettingsError("the script has no step")

    assert str(error) == "the script has no step"
    assert error.problems == ()


def test_a_refused_call_keeps_the_words_of_the_csms() -> None:
    assert str(CallRefused("NotSupported", "no such action")) == "NotSupported: no such action"
    assert str(CallRefused("NotSupported")) == "NotSupported"
