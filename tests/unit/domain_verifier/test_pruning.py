"""Old checks go in batches, and the loop is alive as long as they do."""

from typing import cast

import asyncpg

from chassis.service import retention
from chassis.testing import FixedClock
from domain_verifier.storage.claims import PRUNED_AT_ONCE, PostgresClaims
from domain_verifier.usecases.pruning import Pruning
from support.beating import BATCH_SECONDS, SlowPool, silences_of


async def test_a_prune_of_many_batches_is_never_silent_for_longer_than_one() -> None:
    pool = SlowPool([PRUNED_AT_ONCE, PRUNED_AT_ONCE, 0])
    claims = PostgresClaims(
        cast("asyncpg.Pool", pool), outgoing=lambda *_: [], committed=lambda: None
    )
    pruning = Pruning(claims, FixedClock(), days=1)

    assert await silences_of(pool, retention("old", pruning.prune).run) == [BATCH_SECONDS] * 3
