"""Scripts of what cars do: how they are read, and what each step does to a running station."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from agent.app_sim import Simulation
from agent.clock import Clock, Moment
from agent.errors import SettingsError
from agent.sim_script import (
    Ev,
    PlugIn,
    ScriptFailed,
    ScriptRun,
    Swipe,
    Wait,
    WaitUntil,
    load_script,
    parse_script,
    run_script,
)
from agent.station.connector import ConnectorStatus

EXAMPLE = Path(__file__).parents[2] / "config/scripts/commute.yaml"


Deed = tuple[float, str, tuple[Any, ...], dict[str, Any]]
"""When, what, and with which values."""


@dataclass
class Person:
    """Fits the Simulation: notes what was done, and when."""

    clock: "StepClock"
    did: list[Deed] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*values: Any, **named: Any) -> None:
            shown = {key: value for key, value in named.items() if value is not None}
            self.did.append((self.clock.time_s, name, values, shown))

        return note


class StepClock:
    """Every sleep is over at once and moves the time by itself."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.at: dict[float, Callable[[], None]] = {}

    def monotonic(self) -> float:
        return self.time_s

    def now(self) -> Moment:
        raise AssertionError("a script knows no dates")

    async def sleep(self, seconds: float) -> None:
        self.time_s += seconds
        for when_s in [each for each in self.at if each <= self.time_s]:
            self.at.pop(when_s)()
        await asyncio.sleep(0)

    def set_wall(self, utc: datetime) -> float:
        raise AssertionError(f"nobody sets this clock to {utc}")


@dataclass
class Charger:
    """A station as a script sees it."""

    clock: StepClock = field(default_factory=StepClock)
    status: ConnectorStatus | None = ConnectorStatus.AVAILABLE

    def __post_init__(self) -> None:
        self.person = Person(self.clock)

    async def play(self, text: str) -> list[Deed]:
        await self.run(ScriptRun(parse_script(text)))
        return self.person.did

    async def run(self, script: ScriptRun) -> None:
        await script.play(cast("Simulation", self.person), clock=self.clock, status=lambda _: self.status)


def refused(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_script(text, file="cars.yaml")
    return str(caught.value).splitlines()


def test_a_script_is_read_with_its_defaults() -> None:
    script = parse_script(
        """\
repeat: 2
steps:
  - plug-in:
  - wait: {seconds: 5}
  - swipe: {token: CARD-0001}
  - wait-until: {status: Charging}
  - ev: {evse: 2, wants_energy: false}
"""
    )

    assert script.repeat == 2
    assert [line.step for line in script.steps] == [
        PlugIn(evse=1),
        Wait(seconds=5),
        Swipe(token="CARD-0001", type="ISO14443", evse=None),
        WaitUntil(status=ConnectorStatus.CHARGING, evse=1, within=3600),
        Ev(evse=2, wants_energy=False),
    ]


def test_the_example_can_be_read() -> None:
    script = load_script(EXAMPLE)

    assert script.repeat == 5
    assert len(script.steps) > 5


def test_every_mistake_is_told_at_once_each_with_its_line() -> None:
    told = refused(
        """\
repeat: often
steps:
  - plug_in: {evse: 1}
  - wait: {seconds: soon}
  - wait-until: {evse: 1, status: Loading}
  - plug-in: {evse: 0}
  - swipe: {evse: 1}
  - wait: {seconds: -1}
  - fault: {name: GroundFailure}
  - [plug-in]
  - {plug-in: , unplug: }
"""
    )

    assert [line.split(":")[1] for line in told] == ["1", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    assert 'unknown step "plug_in"; did you mean plug-in?' in told[1]
    assert "steps[2].wait-until.status" in told[3]
    assert "did you mean Charging?" in told[3]
    assert "a step is one key with its arguments" in told[8]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cars.yaml: is empty; give `steps:`"),
        ("steps:", "cars.yaml:1"),
        ("steps: []", "cars.yaml:1"),
        ("- plug-in: {evse: 1}", "cars.yaml:1:1"),
        ("steps: [{wait: {seconds: 1}}]\nrepeat: 0", "cars.yaml:2:9: repeat"),
        ("steps: [{wait: {seconds: 1}}]\nstep: 0", 'unknown key "step"; did you mean steps?'),
        ("steps: [", "cars.yaml:2:1: not YAML"),
    ],
)
def test_a_file_that_is_no_script_is_told_so(text: str, says: str) -> None:
    assert says in refused(text)[0]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        load_script(tmp_path / "none.yaml")


async def test_each_step_does_what_it_says_at_its_time() -> None:
    did = await Charger().play(
        """\
steps:
  - plug-in: {evse: 2}
  - wait: {seconds: 5}
  - swipe: {token: CARD-0001, type: ISO15693, evse: 2}
  - ev: {evse: 2, wants_energy: false, max_current_a: 16, phases: 1, battery_kwh: 50, soc_percent: 90}
  - wait: {seconds: 2.5}
  - fault: {evse: 2, name: GroundFailure, active: true}
  - network: {online: false}
  - unplug: {evse: 2}
"""
    )

    assert did == [
        (0.0, "plug_in", (2,), {}),
        (5.0, "present_token", ("CARD-0001",), {"type": "ISO15693", "evse_id": 2}),
        (
            5.0,
            "set_ev",
            (2,),
            {
                "wants_energy": False,
                "max_current_a": 16.0,
                "phases": 1,
                "battery_kwh": 50.0,
                "soc_percent": 90.0,
            },
        ),
        (7.5, "set_fault", (2, "GroundFailure"), {"active": True}),
        (7.5, "set_network", (), {"online": False}),
        (7.5, "unplug", (2,), {}),
    ]


async def test_all_of_it_is_repeated() -> None:
    did = await Charger().play("repeat: 3\nsteps: [{plug-in: }, {wait: {seconds: 10}}]")

    assert [time_s for time_s, *_ in did] == [0.0, 10.0, 20.0]


async def test_a_status_is_waited_for_and_no_longer() -> None:
    charger = Charger()

    def begins() -> None:
        charger.status = ConnectorStatus.CHARGING

    charger.clock.at[12.0] = begins

    await charger.play("steps: [{wait-until: {status: Charging, within: 60}}, {unplug: }]")

    assert charger.clock.time_s == 12.0


async def test_a_status_that_does_not_come_in_time_fails_the_script_at_its_step() -> None:
    charger = Charger()
    text = "steps: [{plug-in: }, {wait-until: {status: Charging, within: 30}}, {unplug: }]"

    with pytest.raises(ScriptFailed) as failed:
        await charger.play(text)

    assert str(failed.value) == "step 2 (WaitUntil): EVSE 1 is Available and not Charging after 30 s"
    assert charger.clock.time_s == 30.0
    assert [name for _, name, *_ in charger.person.did] == ["plug_in"]


async def test_a_run_that_was_cut_off_goes_on_with_the_step_it_was_at() -> None:
    charger = Charger()
    script = ScriptRun(parse_script("repeat: 2\nsteps: [{plug-in: }, {wait-until: {status: Charging}}, {unplug: }]"))
    first = asyncio.create_task(charger.run(script))
    while charger.clock.time_s < 3:  # noqa: ASYNC110 - its clock moves with every sleep
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    charger.status = ConnectorStatus.CHARGING

    await charger.run(script)

    assert [name for _, name, *_ in charger.person.did] == ["plug_in", "unplug", "plug_in", "unplug"]


async def test_what_the_simulator_refuses_fails_the_script_in_its_words() -> None:
    class Refusing:
        def plug_in(self, evse_id: int) -> None:
            raise LookupError(f"no EVSE {evse_id}")

    clock: Clock = StepClock()

    with pytest.raises(ScriptFailed, match=r"^step 1 \(PlugIn\): no EVSE 9$"):
        await run_script(
            parse_script("steps: [{plug-in: {evse: 9}}]"),
            cast("Simulation", Refusing()),
            clock=clock,
            status=lambda _: None,
        )


def test_a_million_repeats_are_not_made_before_they_are_played() -> None:
    script = parse_script("repeat: 1000000\nsteps: [{wait: {seconds: 0}}]")

    run = ScriptRun(script)

    assert run is not None
