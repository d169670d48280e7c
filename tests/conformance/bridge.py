"""A SCIM service and a directory of one tenant, and the bus between them, in this process.

Requests pass through the protocol and the use cases of SCIM, its events through the contract's
bytes, and those through the handlers and use cases of the directory.
"""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson

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
from kernel.limits import HIGHEST_USER_BYTES
from kernel.tenant import Tenant
from scim.api.users import replaced
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
from tenant_directory.domain.tenant import Tenant as DirectoryTenant
from tenant_directory.domain.user import UserStatus
from tenant_directory.events.handler import BatchUseCasesIn
from tenant_directory.events.incoming import subscriptions
from unit.scim.shapes import op, patch_body

CLOCK = FixedClock(NOW)
NO_CONNECTION = cast("asyncpg.Connection", None)
NO_BATCHES = cast("BatchUseCasesIn", None)


@dataclass
class Bridge:
    """A SCIM service and a directory of one tenant, and the bus between them."""

    scim: Storage
    directory: Harness
    tenant: DirectoryTenant
    users: list[UUID] = field(default_factory=list)
    groups: list[UUID] = field(default_factory=list)
    sent: int = 0
    refusals: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, scim: Storage | None = None, directory: Harness | None = None) -> "Bridge":
        """Join two services; in memory, where none are given."""
        directory = directory or memory_harness()
        tenant = await directory.tenant()
        scim = scim or memory_storage()
        await scim.keep_tenant(Tenant(tenant.tenant_id, tenant.name, "business", "active"))
        return cls(scim, directory, tenant)

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

    async def put_user(self, request: dict[str, Any]) -> None:
        normalised = normalise_user(request["body"], "replace")
        change = ChangeUser(self.scim.users, CLOCK, HIGHEST_USER_BYTES)
        await change(
            _of(self.users, request),
            lambda before: replaced(before, normalised=normalised),
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

    async def put_group(self, request: dict[str, Any]) -> None:
        sent = normalise_group(request["body"], "replace")
        await self._change_group(
            request,
            GroupChange(
                display_name=sent.display_name,
                external_id=sent.external_id,
                changes_external_id=True,
                clear_members=True,
                add=sent.members or (),
            ),
        )

    async def replace_members(self, request: dict[str, Any]) -> None:
        """Replace the members by some of the users, and add and remove some in the same request."""
        some = [self.users[n % len(self.users)] for n in request["members"] if self.users]
        value = [{"value": str(member)} for member in some]
        body = patch_body(
            op("Add", "members", value=value[:1]),
            op("replace", request["path"], value=value),
            op("Remove", "members", value=value[1:2] or None),
        )
        if request["path"] is None:
            body["Operations"][1] = op("replace", value={"members": value})
        await self.patch_group(request | {"body": body})

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
