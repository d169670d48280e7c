"""Who gives a partition back says no more how far behind it is."""

from chassis.observe import CONSUMER_LAG
from contracts.topics import SCIM_EVENTS
from support.bus import Bus, record_effect, running
from support.waiting import eventually


async def test_a_partition_given_back_has_no_lag_here(bus: Bus) -> None:
    consumer = bus.reader(record_effect, watchdog_interval=0.1)
    # The metric is one for the whole process, which other tests write to.
    CONSUMER_LAG.clear()
    async with running(consumer.run):
        await eventually(lambda: len(_partitions()) == SCIM_EVENTS.partitions, within=20)
    assert _partitions() == set()


def _partitions() -> set[str]:
    [metric] = CONSUMER_LAG.collect()
    return {sample.labels["partition"] for sample in metric.samples}
