"""`/Groups`: bodies in, use cases, bodies out; members are read only for who asks for them."""

from dataclasses import dataclass
from uuid import UUID

from scim.api.answers import Answer
from scim.api.asked import Asked
from scim.domain.group import GroupChange
from scim.protocol.bodies import Meta, group_bytes, list_bytes, location
from scim.protocol.filters import parse_group_filter
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group, normalise_group_patch
from scim.protocol.paging import parse_page
from scim.protocol.projection import Projection
from scim.usecases.change_group import ChangeGroup, no_such_group
from scim.usecases.create_group import CreateGroup
from scim.usecases.delete_group import DeleteGroup
from scim.usecases.ports import GroupRecord, Groups


@dataclass(frozen=True, slots=True)
class GroupResource:
    """What can be done at `/Groups`."""

    groups: Groups
    create: CreateGroup
    change: ChangeGroup
    delete: DeleteGroup

    async def post(self, asked: Asked) -> Answer:
        """Provision a group."""
        projection = asked.projection()
        sent = normalise_group(asked.resource("displayName"))
        asked.call.dropped = sent.dropped
        record = await self.create(
            sent.display_name, sent.external_id, sent.members or (), asked.call
        )
        address = location(asked.base_url, "Groups", record.group.id).encode()
        body = _body(record, asked.base_url, projection)
        return Answer(201, body, ((b"location", address),))

    async def get(self, asked: Asked) -> Answer:
        """Answer one group."""
        return await self._read(asked, asked.resource_id(no_such_group))

    async def list(self, asked: Asked) -> Answer:
        """Answer the groups that a filter finds."""
        query = asked.query
        wanted = parse_group_filter(asked.filter())
        page = parse_page(query.get("startindex"), query.get("count"))
        projection = asked.projection()
        found = await self.groups.find(
            asked.tenant.id, wanted, page, with_members=_wants_members(projection)
        )
        bodies = [_body(record, asked.base_url, projection) for record in found.records]
        return Answer(200, list_bytes(bodies, total=found.total, start_index=page.start_index))

    async def put(self, asked: Asked) -> Answer:
        """Replace a group; members that the body does not speak of stay (RFC 7644 §3.5.1)."""
        group_id = asked.resource_id(no_such_group)
        sent = normalise_group(asked.resource("displayName"))
        asked.call.dropped = sent.dropped
        change = GroupChange(
            display_name=sent.display_name,
            external_id=sent.external_id,
            changes_external_id=True,
            clear_members=sent.members is not None,
            add=sent.members or (),
        )
        await self.change(group_id, change, asked.call)
        return await self._read(asked, group_id)

    async def patch(self, asked: Asked) -> Answer:
        """Change a group; answers nothing, or the attributes asked for (RFC 7644 §3.5.2)."""
        group_id = asked.resource_id(no_such_group)
        patch = normalise_group_patch(asked.json())
        asked.call.dropped = patch.dropped
        answers = "attributes" in asked.query and asked.projection() is not None
        await self.change(group_id, group_change(patch.operations), asked.call)
        return await self._read(asked, group_id) if answers else Answer(204)

    async def remove(self, asked: Asked) -> Answer:
        """Delete a group."""
        await self.delete(asked.resource_id(no_such_group), asked.call)
        return Answer(204)

    async def _read(self, asked: Asked, group_id: UUID) -> Answer:
        projection = asked.projection()
        record = await self.groups.get(
            asked.tenant.id, group_id, with_members=_wants_members(projection)
        )
        if record is None:
            raise no_such_group()
        return Answer(200, _body(record, asked.base_url, projection))


def _wants_members(projection: Projection | None) -> bool:
    return projection is None or projection.wants("members")


def _body(record: GroupRecord, base_url: str, projection: Projection | None) -> bytes:
    meta = Meta(record.created_at, record.updated_at, record.group.version)
    body = group_bytes(record.group, members=record.members, base_url=base_url, meta=meta)
    return body if projection is None else projection.apply(body)
