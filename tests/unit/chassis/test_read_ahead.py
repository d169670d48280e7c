"""What was read ahead: tenants in turn, each in order, nothing lost, bounded in bytes."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.bus import Partition, ReceivedRecord
from chassis.inbox.read_ahead import RECORD_OVERHEAD, ReadAhead, ReadAheadBudget

PARTITION = Partition("scim-events", 0)


def record(offset: int, tenant: str, size: int = 0) -> ReceivedRecord:
    return ReceivedRecord(
        PARTITION, offset, tenant.encode(), b"x" * size, [("ce_tenantid", tenant.encode())]
    )


@given(
    tenants=st.lists(st.sampled_from("abcd"), max_size=60),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=40),
)
def test_every_record_is_taken_once_in_its_tenants_order(
    tenants: list[str], steps: list[tuple[bool, int]]
) -> None:
    ahead = ReadAhead(ReadAheadBudget())
    coming = [record(offset, tenant) for offset, tenant in enumerate(tenants)]
    taken: list[ReceivedRecord] = []
    read = 0
    for pushes, number in [*steps, (True, len(coming)), (False, len(coming) or 1)]:
        if pushes:
            ahead.push(coming[read : read + number])
            read = min(read + number, len(coming))
        else:
            batch = ahead.take(records=number, size=10**9)
            taken += batch
            applied = {each.offset for each in taken}
            waiting = [each.offset for each in coming[:read] if each.offset not in applied]
            if read:
                assert ahead.first_offset() == min(waiting, default=read)
                # Of a batch that goes one by one, the rest is not applied.
                rest = batch[len(batch) // 2 :]
                unapplied = [*waiting, *(each.offset for each in rest)]
                assert ahead.first_offset(rest) == min(unapplied, default=read)
    assert sorted(each.offset for each in taken) == list(range(len(coming)))
    for tenant in set(tenants):
        offsets = [each.offset for each in taken if each.key == tenant.encode()]
        assert offsets == sorted(offsets)
    assert not ahead
    assert ahead.size == 0


def test_a_tenant_behind_thousands_of_anothers_is_in_the_next_batch() -> None:
    ahead = ReadAhead(ReadAheadBudget())
    ahead.push(record(offset, "bulk") for offset in range(5_000))
    ahead.take(records=250, size=10**9)
    ahead.push([record(5_000, "other"), record(5_001, "other")])
    batch = ahead.take(records=250, size=10**9)
    assert [each.key for each in batch[:4]] == [b"bulk", b"other", b"bulk", b"other"]
    assert ahead.first_offset() == batch[-1].offset + 1


def test_a_batch_is_bounded_in_bytes_but_never_empty() -> None:
    ahead = ReadAhead(ReadAheadBudget())
    ahead.push(record(offset, "bulk", 900_000) for offset in range(6))
    assert len(ahead.take(records=250, size=2_000_000)) == 2
    assert len(ahead.take(records=250, size=1)) == 1


def test_the_partitions_of_a_consumer_share_their_bytes() -> None:
    budget = ReadAheadBudget(limit=1_000_000, share=100_000)
    bulk, other = ReadAhead(budget), ReadAhead(budget)
    bulk.push(record(offset, "bulk") for offset in range(1_000_000 // RECORD_OVERHEAD + 1))
    assert budget.is_spent(bulk.size)
    other.push([record(0, "other")])
    assert not budget.is_spent(other.size)
    bulk.take(records=100, size=10**9)
    assert not budget.allows(bulk.size)
    bulk.take(records=100, size=10**9)
    assert budget.allows(bulk.size)
    bulk.clear()
    other.clear()
    assert budget.used == 0


def test_records_that_do_not_tell_their_tenant_go_by_their_key() -> None:
    ahead = ReadAhead(ReadAheadBudget())
    ahead.push(ReceivedRecord(PARTITION, offset, None, None, []) for offset in range(2))
    ahead.push([ReceivedRecord(PARTITION, 2, b"a/1", None, [])])
    assert [each.offset for each in ahead.take(records=3, size=10**9)] == [0, 2, 1]
