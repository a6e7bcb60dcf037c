"""What a fresh sample leads to."""

import pytest

from agent.station.events import MeterSampled
from agent.station.facts import EnergySampled, IdleMeterSampled, TransactionFact
from agent.station.samples import Context, Measurand, MeterSample
from agent.station.sampling import MAX_VALUES_FOR_END
from agent.units import Wh
from tests.fakes.station_rig import Rig


def charging(**variables: str) -> Rig:
    """EVSE 1 charges; variables are named Component_Variable."""
    rig = Rig(variables={name.replace("_", "."): value for name, value in variables.items()}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    return rig


def moments(rig: Rig) -> list[float]:
    return [fact.at.mono_s - 1000.0 for fact in rig.facts_of(EnergySampled)]


def test_periodic_samples_come_by_the_interval() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedInterval="30")

    rig.pass_time(95)

    assert moments(rig) == [30.0, 60.0, 90.0]
    fact = rig.facts_of(EnergySampled)[0]
    assert fact.trigger == "MeterValuePeriodic"
    assert fact.values[0].context is Context.SAMPLE_PERIODIC
    assert {each.measurand for each in fact.values[0].quantities} == {
        Measurand.ENERGY_ACTIVE_IMPORT_REGISTER,
        Measurand.POWER_ACTIVE_IMPORT,
        Measurand.VOLTAGE,
    }


def test_an_interval_changed_while_charging_counts_at_once() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedInterval="30")

    rig.pass_time(35)
    rig.set_variable("SampledDataCtrlr.TxUpdatedInterval", "10")
    rig.pass_time(20)
    rig.set_variable("SampledDataCtrlr.TxUpdatedInterval", "0")
    rig.pass_time(60)

    assert moments(rig) == [30.0, 40.0, 50.0]


def test_samples_switched_off_are_not_sent() -> None:
    rig = charging(SampledDataCtrlr_Enabled="false")

    rig.pass_time(130)

    assert moments(rig) == []


def test_missed_samples_are_skipped_and_never_stamped_anew() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedInterval="10")
    rig.pass_time(12)

    rig.sockets[1].is_meter_silent = True
    rig.pass_time(33)
    rig.sockets[1].is_meter_silent = False
    rig.pass_time(10)

    assert moments(rig) == [10.0, 46.0, 50.0]
    assert all(fact.values[0].at == fact.at for fact in rig.facts_of(EnergySampled))


def test_a_reading_that_was_overtaken_is_dropped() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedInterval="10")
    rig.pass_time(9)
    late = MeterSample(1, rig.now.later(-3), Wh(1_000_001), ())

    rig.pass_time(1)
    rig.feed(MeterSampled(late))
    held = rig.evse().sample
    rig.swipe()

    assert held != late
    registers = [fact.register_wh for fact in rig.facts_of(TransactionFact)]
    assert registers == sorted(registers, key=lambda wh: wh or 0)
    assert rig.ended.register_wh == rig.sockets[1].energy_wh


@pytest.mark.parametrize("updated", ["0", "5", "10"])
def test_samples_for_the_end_travel_in_the_end(updated: str) -> None:
    rig = charging(SampledDataCtrlr_TxEndedInterval="10", SampledDataCtrlr_TxUpdatedInterval=updated)

    rig.pass_time(35)
    rig.swipe()

    assert [(value.context, value.at.mono_s - 1000.0) for value in rig.ended.values] == [
        (Context.TRANSACTION_BEGIN, 0.0),
        (Context.SAMPLE_PERIODIC, 10.0),
        (Context.SAMPLE_PERIODIC, 20.0),
        (Context.SAMPLE_PERIODIC, 30.0),
        (Context.TRANSACTION_END, 35.0),
    ]


def test_too_many_samples_for_the_end_lose_every_second_but_not_the_begin() -> None:
    rig = charging(SampledDataCtrlr_TxEndedInterval="1", SampledDataCtrlr_TxUpdatedInterval="0")

    rig.pass_time(500)
    rig.swipe()

    contexts = [value.context for value in rig.ended.values]
    stamps = [value.at.mono_s for value in rig.ended.values]
    assert len(contexts) <= MAX_VALUES_FOR_END + 1
    assert (contexts[0], contexts[-1]) == (Context.TRANSACTION_BEGIN, Context.TRANSACTION_END)
    assert stamps == sorted(stamps)
    assert stamps[1] < 1020.0


def test_values_by_the_clock_belong_to_the_transaction_or_to_nobody() -> None:
    rig = charging(AlignedDataCtrlr_Interval="60", SampledDataCtrlr_TxUpdatedInterval="0")

    rig.pass_time(61)

    (mine,) = rig.facts_of(EnergySampled)
    (idle,) = rig.facts_of(IdleMeterSampled)
    assert (mine.evse_id, mine.trigger, mine.values[0].context) == (1, "MeterValueClock", Context.SAMPLE_CLOCK)
    assert (idle.evse_id, idle.values[0].context) == (2, Context.SAMPLE_CLOCK)
    assert mine.values[0].at.wall.second == 0


def test_values_by_the_clock_only_while_idle() -> None:
    rig = charging(AlignedDataCtrlr_Interval="60", AlignedDataCtrlr_SendDuringIdle="true")

    rig.pass_time(61)

    assert [fact.trigger for fact in rig.facts_of(EnergySampled)] == ["MeterValuePeriodic"]
    assert [fact.evse_id for fact in rig.facts_of(IdleMeterSampled)] == [2]


def test_values_by_the_clock_for_the_end() -> None:
    rig = charging(AlignedDataCtrlr_TxEndedInterval="60", AlignedDataCtrlr_TxEndedMeasurands="Voltage")

    rig.pass_time(125)
    rig.swipe()

    clock = [value for value in rig.ended.values if value.context is Context.SAMPLE_CLOCK]
    assert [value.at.mono_s for value in clock] == [1060.0, 1120.0]
    assert {each.measurand for value in clock for each in value.quantities} == {Measurand.VOLTAGE}


def test_an_unknown_wall_clock_aligns_nothing() -> None:
    rig = Rig(variables={"AlignedDataCtrlr.Interval": "60"}, wall_known=False).start()

    rig.pass_time(200)

    assert rig.facts == []


def test_offered_values_are_told_where_wanted() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedMeasurands="Current.Offered,Power.Offered")

    rig.pass_time(61)

    (fact,) = rig.facts_of(EnergySampled)
    assert [each.value for each in fact.values[0].quantities] == [32.0, 22080.0]


def test_the_register_of_a_running_transaction_is_kept_though_nothing_is_due() -> None:
    rig = charging(SampledDataCtrlr_TxUpdatedInterval="0")

    rig.pass_time(125)

    tx = rig.evse().record.transaction
    assert tx is not None
    assert tx.register_at is not None
    assert rig.mono_s - tx.register_at.mono_s <= 60.0
    assert tx.register_wh is not None
    assert tx.register_wh > 1_000_000
