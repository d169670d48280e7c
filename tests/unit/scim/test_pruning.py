"""Old rows of the provisioning log go in batches, and the loop is alive as long as they do."""

from typing import cast

import asyncpg

from chassis.service import retention
from chassis.testing import FixedClock
from scim.storage.log_entries import PRUNED_AT_ONCE, PostgresLogEntries
from scim.usecases.provisioning_log import Pruning
from support.beating import BATCH_SECONDS, SlowPool, silences_of


async def test_a_prune_of_many_batches_is_never_silent_for_longer_than_one() -> None:
    pool = SlowPool([PRUNED_AT_ONCE, PRUNED_AT_ONCE, 0])
    entries = PostgresLogEntries(cast("asyncpg.Pool", pool))
    pruning = Pruning(entries, FixedClock(), days=1)

    assert await silences_of(pool, retention("old", pruning.prune).run) == [BATCH_SECONDS] * 3
