"""A version that no column can hold makes an event unreadable: parked at once, not tried again."""

import asyncpg
import pytest

from chassis.ids import uuid7
from chassis.inbox import Consumer
from chassis.inbox.attempts import Retries
from chassis.outbox import outbox_record
from chassis.testing import LocalBroker
from conformance.tenant_directory.harness import Harness, SteadyClock
from contracts import scim
from contracts.base import Contract
from contracts.topics import SCIM_EVENTS
from support.bus import raw, running
from support.waiting import eventually
from tenant_directory.wiring import event_subscriptions

CLOCK = SteadyClock()
USER = scim.ScimUser(user_id=uuid7(), version=1, user_name="ada@acme.com", active=True)
GROUP = scim.ScimGroup(group_id=uuid7(), version=1, display_name="Sales")

Bad = tuple[str, str, Contract]
BAD: list[Bad] = [
    ("scim.user.created.v1", str(USER.user_id), scim.ScimUserCreated(user=USER)),
    ("scim.group.created.v1", str(GROUP.group_id), scim.ScimGroupCreated(group=GROUP)),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad[0]))
@pytest.mark.parametrize("version", [2**63, 10**40])
async def test_it_is_parked_as_undecodable(
    directory: Harness, pool: asyncpg.Pool, bad: Bad, version: int
) -> None:
    tenant = await directory.tenant()
    type_name, subject, data = bad
    good = USER.model_copy(update={"user_id": uuid7(), "version": 2**63 - 1})
    written = [
        outbox_record(name, tenant_id=tenant.tenant_id, subject=about, data=said, now=CLOCK.now())
        for name, about, said in (
            (type_name, subject, data),
            (BAD[0][0], str(good.user_id), scim.ScimUserCreated(user=good)),
        )
    ]
    value = (written[0].data or b"").replace(b'"version":1', b'"version":%d' % version)
    broker = LocalBroker()
    for record in (raw(written[0], 1, value=value), raw(written[1], 2)):
        assert broker.append(record) is None
    consumer = Consumer(
        group="directory",
        subscriptions=[event_subscriptions(CLOCK)[0]],
        pool=pool,
        bootstrap="",
        receiver=lambda: broker.receiver("directory", [SCIM_EVENTS.name]),
        retries=Retries(pause=0.01),
    )

    async def applied() -> bool:
        return (await directory.user(tenant, good.user_id)).scim_version == 2**63 - 1

    async with running(consumer.run):
        await eventually(applied)
    [parked] = await pool.fetch("SELECT sequence, reason, error, attempts FROM parked_events")
    assert (parked["sequence"], parked["reason"], parked["attempts"]) == (1, "undecodable", 1)
    assert "version (less_than_equal)" in parked["error"]
