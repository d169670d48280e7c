"""`/Groups`: bodies in, use cases, bodies out; members are read only when the response has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from scim.api.request import ScimRequest
from scim.api.responses import ScimResponse, resource_response
from scim.domain.group import GroupChange
from scim.protocol.bodies import Meta, group_bytes, list_bytes, location
from scim.protocol.filters import parse_group_filter
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group, normalise_group_patch
from scim.protocol.paging import parse_page
from scim.protocol.projection import Projection
from scim.usecases.groups import no_such_group
from scim.usecases.ports import GroupRecord
from scim.usecases.use_cases import UseCases


@dataclass(frozen=True, slots=True)
class GroupEndpoints:
    """The endpoints of `/Groups`."""

    use_cases: UseCases

    async def post(self, request: ScimRequest) -> ScimResponse:
        """Provision a group."""
        projection = request.projection()
        sent = normalise_group(request.resource("displayName"), strict=request.strict)
        request.entry.dropped = sent.dropped
        record = await self.use_cases.create_group(
            sent.display_name, sent.external_id, sent.members or (), request.entry
        )
        names = await self._names([record], request, projection)
        body = _body(record, request.base_url, projection, names)
        return resource_response(201, body, _address(request, record.group.id))

    async def get(self, request: ScimRequest) -> ScimResponse:
        """Return one group."""
        return await self._read(request, request.resource_id(no_such_group))

    async def list(self, request: ScimRequest) -> ScimResponse:
        """Return the groups that a filter finds."""
        query = request.query
        clauses = parse_group_filter(request.filter(), strict=request.strict)
        page = parse_page(query.get("startindex"), query.get("count"))
        projection = request.projection()
        found = await self.use_cases.find_groups(
            request.tenant.tenant_id, clauses, page, with_members=_wants_members(projection)
        )
        names = await self._names(found.records, request, projection)
        bodies = [_body(record, request.base_url, projection, names) for record in found.records]
        return ScimResponse(
            200, list_bytes(bodies, total=found.total, start_index=page.start_index)
        )

    async def put(self, request: ScimRequest) -> ScimResponse:
        """Replace a group: without members in the body all of them leave."""
        group_id = request.resource_id(no_such_group)
        sent = normalise_group(request.resource("displayName"), "replace", strict=request.strict)
        request.entry.dropped = sent.dropped
        change = GroupChange(
            display_name=sent.display_name,
            external_id=sent.external_id,
            changes_external_id=True,
            clear_members=True,
            add=sent.members or (),
        )
        await self.use_cases.change_group(group_id, change, request.entry)
        return await self._read(request, group_id)

    async def patch(self, request: ScimRequest) -> ScimResponse:
        """Change a group; returns nothing, or the attributes asked for (RFC 7644 §3.5.2)."""
        group_id = request.resource_id(no_such_group)
        patch = normalise_group_patch(request.json(), strict=request.strict)
        request.entry.dropped = patch.dropped
        has_body = "attributes" in request.query and request.projection() is not None
        await self.use_cases.change_group(group_id, group_change(patch.operations), request.entry)
        if has_body:
            return await self._read(request, group_id)
        return resource_response(204, b"", _address(request, group_id))

    async def remove(self, request: ScimRequest) -> ScimResponse:
        """Delete a group."""
        await self.use_cases.delete_group(request.resource_id(no_such_group), request.entry)
        return ScimResponse(204)

    async def _names(
        self, records: Sequence[GroupRecord], request: ScimRequest, projection: Projection | None
    ) -> Mapping[UUID, str] | None:
        """Return what the members are called, where that is asked for."""
        if projection is None or not projection.asks_for("members", "display"):
            return None
        members = [member for record in records for member in record.members or ()]
        return await self.use_cases.name_members(request.tenant.tenant_id, members)

    async def _read(self, request: ScimRequest, group_id: UUID) -> ScimResponse:
        projection = request.projection()
        record = await self.use_cases.get_group(
            request.tenant.tenant_id, group_id, with_members=_wants_members(projection)
        )
        names = await self._names([record], request, projection)
        body = _body(record, request.base_url, projection, names)
        return resource_response(200, body, _address(request, group_id))


def _address(request: ScimRequest, group_id: UUID) -> str:
    return location(request.base_url, "Groups", group_id)


def _wants_members(projection: Projection | None) -> bool:
    return projection is None or projection.wants("members")


def _body(
    record: GroupRecord,
    base_url: str,
    projection: Projection | None,
    names: Mapping[UUID, str] | None,
) -> bytes:
    meta = Meta(record.created_at, record.updated_at, record.group.version)
    body = group_bytes(
        record.group, members=record.members, base_url=base_url, meta=meta, names=names
    )
    return body if projection is None else projection.apply(body)
