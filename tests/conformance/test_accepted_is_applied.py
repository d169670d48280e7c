"""What SCIM accepts, the directory applies: every event of every sequence of requests.

Requests pass through the protocol and the use cases of SCIM, its events through the contract's
bytes, and those through the handlers and use cases of the directory, all in memory.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.bus import (
    Partition,
    ReceivedRecord,
    decode,
    decode_envelope,
    encode_headers,
    record_key,
)
from chassis.ids import uuid7
from chassis.outbox import MAX_HEADER_BYTES
from chassis.testing import FixedClock
from conformance.scim.harness import NOW, Storage, log_entry, memory_storage
from conformance.tenant_directory.harness import Harness, memory_harness
from contracts.event import Event
from contracts.registry import EVENT_TYPES
from contracts.topics import SCIM_EVENTS
from kernel.limits import HIGHEST_USER_BYTES, MAX_NAME_BYTES, MAX_VALUE_BYTES
from scim.domain.errors import ScimError
from scim.domain.group import GroupChange
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import (
    normalise_group,
    normalise_group_patch,
    normalise_user,
    normalise_user_patch,
)
from scim.protocol.user_patch import patch_user
from scim.usecases.groups import ChangeGroup, CreateGroup, DeleteGroup
from scim.usecases.users import ChangeUser, CreateUser, DeleteUser
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import UserStatus
from tenant_directory.events.handler import BatchUseCasesIn
from tenant_directory.events.incoming import subscriptions
from unit.scim.shapes import op, patch_body
from unit.scim.strategies import LIKELY_BODIES, LIKELY_PATCHES

CLOCK = FixedClock(NOW)
NO_CONNECTION = cast("asyncpg.Connection", None)
NO_BATCHES = cast("BatchUseCasesIn", None)


@dataclass
class Bridge:
    """A SCIM service and a directory of one tenant, and the bus between them."""

    scim: Storage
    directory: Harness
    tenant: Tenant
    users: list[UUID] = field(default_factory=list)
    groups: list[UUID] = field(default_factory=list)
    sent: int = 0
    refusals: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls) -> "Bridge":
        directory = memory_harness()
        return cls(memory_storage(), directory, await directory.tenant())

    async def request(self, request: dict[str, Any]) -> None:
        """Serve a request; whatever was accepted must be applied."""
        try:
            await getattr(self, request["call"])(request)
        except ScimError as error:
            self.refusals.append(error.sentence)
        await self.deliver()

    async def create_user(self, request: dict[str, Any]) -> None:
        document = normalise_user(request["body"]).document
        create = CreateUser(self.scim.users, CLOCK, HIGHEST_USER_BYTES)
        self.users.append((await create(document, log_entry(self.tenant.tenant_id))).id)

    async def patch_user(self, request: dict[str, Any]) -> None:
        patch = normalise_user_patch(request["body"])
        change = ChangeUser(self.scim.users, CLOCK, HIGHEST_USER_BYTES)
        await change(
            _of(self.users, request),
            lambda document: patch_user(document, patch.operations),
            log_entry(self.tenant.tenant_id),
        )

    async def soft_delete(self, request: dict[str, Any]) -> None:
        user_id = _of(self.users, request)
        record = await self.scim.users.get(self.tenant.tenant_id, user_id)
        if record is not None:
            name = orjson.loads(record.document)["userName"]
            body = patch_body(op("Replace", "userName", value=f"{user_id.hex}{name}"))
            await self.patch_user(request | {"body": body})

    async def delete_user(self, request: dict[str, Any]) -> None:
        delete = DeleteUser(self.scim.users, CLOCK)
        await delete(_of(self.users, request), log_entry(self.tenant.tenant_id))

    async def create_group(self, request: dict[str, Any]) -> None:
        sent = normalise_group(request["body"])
        record = await CreateGroup(self.scim.groups, CLOCK)(
            sent.display_name,
            sent.external_id,
            sent.members or (),
            log_entry(self.tenant.tenant_id),
        )
        self.groups.append(record.group.id)

    async def patch_group(self, request: dict[str, Any]) -> None:
        await self._change_group(
            request, group_change(normalise_group_patch(request["body"]).operations)
        )

    async def join(self, request: dict[str, Any]) -> None:
        await self._change_group(request, GroupChange(add=(_of(self.users, request),)))

    async def leave(self, request: dict[str, Any]) -> None:
        await self._change_group(request, GroupChange(remove=(_of(self.users, request),)))

    async def delete_group(self, request: dict[str, Any]) -> None:
        delete = DeleteGroup(self.scim.groups, CLOCK)
        await delete(_of(self.groups, request), log_entry(self.tenant.tenant_id))

    async def _change_group(self, request: dict[str, Any], change: GroupChange) -> None:
        group_id = _of(self.groups, request)
        await ChangeGroup(self.scim.groups, CLOCK)(
            group_id, change, log_entry(self.tenant.tenant_id)
        )

    async def deliver(self) -> None:
        """Bring new events to the directory as the bus does."""
        [subscription] = [
            each
            for each in subscriptions(lambda _: self.directory.event_use_cases, NO_BATCHES)
            if each.topic is SCIM_EVENTS
        ]
        events = await self.scim.events(self.tenant.tenant_id)
        for sequence, (kind, data) in enumerate(events[self.sent :], self.sent + 1):
            record = self._record(kind, data, sequence)
            envelope = decode_envelope(record, SCIM_EVENTS)
            event = decode(record, SCIM_EVENTS, envelope)
            await subscription.handlers[event.type](event, NO_CONNECTION)
        self.sent = len(events)

    def _record(self, kind: str, data: dict[str, Any], sequence: int) -> ReceivedRecord:
        subject = str(data.get("user_id") or data.get("group_id") or uuid7())
        event = Event(
            id=uuid7(),
            type=kind,
            source="/services/scim",
            subject=subject,
            time=NOW,
            tenant_id=self.tenant.tenant_id,
            data=EVENT_TYPES[kind].model.model_validate(data),
            sequence=sequence,
        )
        assert event.data is not None
        value = event.data.model_dump_json().encode()
        assert len(value) <= SCIM_EVENTS.max_message_bytes - MAX_HEADER_BYTES
        key = record_key(SCIM_EVENTS, event.tenant_id, subject)
        return ReceivedRecord(
            Partition(SCIM_EVENTS.name, 0), sequence, key, value, encode_headers(event)
        )

    async def check(self) -> None:
        """Compare what both services hold."""
        tenant_id = self.tenant.tenant_id
        for user_id in self.users:
            stored = await self.scim.users.load(tenant_id, user_id)
            user = await self.directory.maybe_user(self.tenant, user_id)
            assert (stored is None) == (user is None)
            if stored is not None and user is not None and not stored.user.soft_deleted:
                assert user.user_name == stored.user.user_name
                assert (user.status is UserStatus.ACTIVE) == stored.user.active
        for group_id in self.groups:
            record = await self.scim.groups.get(tenant_id, group_id, with_members=True)
            if record is not None:
                assert await self.directory.members(self.tenant, group_id) == {
                    *(record.members or ())
                }


def _of(ids: list[UUID], request: dict[str, Any]) -> UUID:
    return ids[request["which"] % len(ids)] if ids else UUID(int=1)


def _lengths(letter: str) -> Iterator[int]:
    for most in (MAX_NAME_BYTES, MAX_VALUE_BYTES):
        for size in (len(letter.encode()), len(letter.casefold().encode())):
            yield from (most // size, most // size + 1)


LONG = st.sampled_from(
    [
        letter * length
        for letter in ("a", "A", "é", "\u0130", "\u0390", "\ufb03", "\U0001d538", "\x01")
        for length in _lengths(letter)
    ]
)
NAME = st.one_of(st.sampled_from(["ann@x", "ANN@X", "stra\u00dfe@x", "STRASSE@x"]), LONG)
ENTRIES = st.builds(
    lambda kind, value, n: {kind: [{"type": f"t{i}", "value": value} for i in range(n)]},
    st.sampled_from(["emails", "phoneNumbers", "photos", "x509Certificates"]),
    LONG,
    st.sampled_from([1, 16, 100]),
)
USER_BODY = st.builds(
    lambda name, extra, body: {**body, **extra, "userName": name},
    NAME,
    st.one_of(
        ENTRIES,
        st.fixed_dictionaries(
            {}, optional={"externalId": LONG, "title": LONG, "displayName": LONG}
        ),
    ),
    LIKELY_BODIES,
)
USER_PATCH = st.one_of(
    LIKELY_PATCHES,
    st.builds(
        lambda path, value: patch_body(op("Replace", path, value=value)),
        st.sampled_from(["userName", "externalId", "title", 'emails[type eq "work"].value']),
        NAME,
    ),
    st.builds(lambda active: patch_body(op("Replace", "active", value=active)), st.booleans()),
    st.builds(lambda entries: patch_body(op("add", value=entries)), ENTRIES),
)
GROUP_BODY = st.builds(
    lambda name, external_id: {"displayName": name, "externalId": external_id}, NAME, NAME
)
GROUP_PATCH = st.builds(
    lambda path, value: patch_body(op("Replace", path, value=value)),
    st.sampled_from(["displayName", "externalId"]),
    NAME,
)
REQUESTS = st.one_of(
    st.fixed_dictionaries({"call": st.just("create_user"), "body": USER_BODY}),
    st.fixed_dictionaries(
        {"call": st.just("patch_user"), "body": USER_PATCH, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries({"call": st.just("create_group"), "body": GROUP_BODY}),
    st.fixed_dictionaries(
        {"call": st.just("patch_group"), "body": GROUP_PATCH, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries(
        {
            "call": st.sampled_from(
                ["soft_delete", "delete_user", "join", "leave", "delete_group"]
            ),
            "which": st.integers(0, 3),
        }
    ),
)


@settings(max_examples=150)
@given(st.lists(REQUESTS, min_size=1, max_size=12))
def test_whatever_scim_accepts_the_directory_applies(requests: list[dict[str, Any]]) -> None:
    async def run() -> None:
        bridge = await Bridge.open()
        for request in requests:
            await bridge.request(request)
        await bridge.check()

    asyncio.run(run())


async def test_a_soft_delete_after_a_change_of_everything_fits() -> None:
    bridge = await Bridge.open()
    for letter in ("\x01", "\x02"):
        big = {
            "x509Certificates": [{"value": letter * 10_000 + str(i)} for i in range(2)],
            "emails": [{"type": "work", "value": letter * MAX_NAME_BYTES}],
            "name": {"givenName": letter * MAX_VALUE_BYTES, "familyName": letter * MAX_VALUE_BYTES},
            "displayName": letter * MAX_VALUE_BYTES,
        }
        body = {"userName": letter * MAX_NAME_BYTES, **big}
        call: dict[str, Any] = {"call": "create_user", "body": body}
        if bridge.users:
            call = {"call": "patch_user", "body": patch_body(op("Replace", value=big)), "which": 0}
        await bridge.request(call)
    await bridge.request({"call": "soft_delete", "which": 0})
    assert bridge.refusals == []
    user = await bridge.directory.user(bridge.tenant, bridge.users[0])
    assert (user.soft_deleted, user.status) == (True, UserStatus.INACTIVE)


@pytest.mark.parametrize("letter", ["a", "\u0130", "\ufb03"])
async def test_a_name_too_long_for_an_index_is_refused_where_it_is_sent(letter: str) -> None:
    bridge = await Bridge.open()
    name = letter * MAX_NAME_BYTES
    await bridge.request({"call": "create_user", "body": {"userName": "ann@x"}})
    await bridge.request({"call": "create_group", "body": {"displayName": "Sales"}})
    before = bridge.sent
    for path in ("userName", "externalId", 'emails[type eq "work"].value'):
        body = patch_body(op("Replace", path, value=name + "x"))
        await bridge.request({"call": "patch_user", "body": body, "which": 0})
    for path in ("displayName", "externalId"):
        body = patch_body(op("Replace", path, value=name + "x"))
        await bridge.request({"call": "patch_group", "body": body, "which": 0})
    assert bridge.sent == before
    assert len(bridge.refusals) == 5
    assert all("longer than" in sentence for sentence in bridge.refusals)
