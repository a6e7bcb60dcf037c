import re
from dataclasses import replace

from agent.api.metrics import ApiFigures, ProcessFigures, metrics_text, process_figures
from agent.api.views import AgentFigures, LinkState
from tests.agent.api.site import STATUS

API = ApiFigures(connections=2, requests=40, event_clients=1, event_clients_dropped=3)
PROCESS = ProcessFigures(cpu_s=1.25, resident_bytes=30_000_000)
LINE = re.compile(r'(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? -?\d+(\.\d+)?(e-?\d+)?)')


def samples(text: str) -> dict[str, float]:
    """Samples by name and labels."""
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    }


def page(**counts: int) -> dict[str, float]:
    return samples(metrics_text(STATUS, AgentFigures(**counts), api=API, process=PROCESS))


def test_every_line_is_in_the_text_format_and_every_family_is_explained_once() -> None:
    text = metrics_text(STATUS, AgentFigures(loop_lag_s=0.000012), api=API)

    assert text.endswith("\n")
    assert [line for line in text.splitlines() if not LINE.fullmatch(line)] == []
    families = [line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(set(families)) == len(families)
    assert {name.partition("{")[0] for name in samples(text)} == set(families)


def test_the_queue_and_its_losses_are_told() -> None:
    told = page(facts_sent=11, facts_given_up=1, facts_thinned=5, commits=20, commit_failures=2)

    assert told["evse_agent_facts_queued"] == 3
    assert told["evse_agent_facts_sent_total"] == 11
    assert told["evse_agent_facts_given_up_total"] == 1
    assert told["evse_agent_facts_thinned_total"] == 5
    assert told["evse_agent_dead_letters"] == 1
    assert told["evse_agent_commit_failures_total"] == 2


def test_exactly_one_link_state_is_1() -> None:
    told = page()

    assert [told[f'evse_agent_link_state{{state="{state}"}}'] for state in LinkState] == [0, 0, 0, 0, 0, 1]


def test_every_evse_has_its_label_and_what_is_not_known_is_left_out() -> None:
    told = page()

    assert told['evse_agent_energy_register_wh{evse="1"}'] == 1_001_234
    assert told['evse_agent_contactor_closed{evse="1"}'] == 1
    assert told['evse_agent_limit_amperes{evse="2"}'] == 0
    assert told['evse_agent_faults{evse="2"}'] == 1
    assert 'evse_agent_energy_register_wh{evse="2"}' not in told
    assert 'evse_agent_contactor_closed{evse="2"}' not in told


def test_labels_are_escaped() -> None:
    odd = replace(STATUS, identity='a"b\\c\nd')

    text = metrics_text(odd, AgentFigures(), api=API, process=PROCESS)

    assert 'identity="a\\"b\\\\c\\nd"' in text


def test_the_process_is_looked_at_anew() -> None:
    process = process_figures()

    assert process.cpu_s > 0
    assert process.resident_bytes is None or process.resident_bytes > 1_000_000
