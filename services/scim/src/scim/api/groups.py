"""`/Groups`: bodies in, use cases, bodies out; members are read only when the response has them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from uuid import UUID

import orjson

from scim.api.request import ScimRequest
from scim.api.responses import ScimResponse, resource_response
from scim.domain.group import GroupChange
from scim.protocol.bodies import LIST_END, Meta, group_bytes, list_head, location
from scim.protocol.echoes import check_repeated_ids
from scim.protocol.filters import parse_group_filter
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group, normalise_group_patch
from scim.protocol.paging import fitting, parse_page
from scim.protocol.projection import Projection
from scim.usecases.groups import no_such_group
from scim.usecases.ports import MEMBERS_AT_ONCE, GroupRecord
from scim.usecases.use_cases import UseCases

MAX_COUNT_WITH_MEMBERS = 100
"""Groups of a page whose members are asked for."""


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
        return await self._response(201, record, request, projection)

    async def get(self, request: ScimRequest) -> ScimResponse:
        """Return one group."""
        return await self._read(request, request.resource_id(no_such_group))

    async def list(self, request: ScimRequest) -> ScimResponse:
        """Return the groups that a filter finds."""
        query = request.query
        clauses = parse_group_filter(request.filter(), strict=request.strict)
        page = parse_page(query.get("startindex"), query.get("count"))
        projection = request.projection()
        with_members = _wants_members(projection)
        if with_members:
            page = replace(page, count=min(page.count, MAX_COUNT_WITH_MEMBERS))
        found = await self.use_cases.find_groups(
            request.tenant.tenant_id, clauses, page, with_members=with_members
        )
        head = partial(list_head, total=found.total, start_index=page.start_index)
        records = list(takewhile(_is_small, found.records))
        if found.records and not records:
            # A page of its own: what is large is sent as it is read.
            parts = self._parts(found.records[0], request, projection)
            return ScimResponse(200, parts=_within(head(count=1), parts, LIST_END))
        names = await self._names(records, request, projection)
        bodies = fitting(_body(record, request.base_url, projection, names) for record in records)
        return ScimResponse(200, b"".join((head(count=len(bodies)), b",".join(bodies), LIST_END)))

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
        check_repeated_ids(patch.repeated_ids, group_id)
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
        return await self._response(200, record, request, projection)

    async def _response(
        self, status: int, record: GroupRecord, request: ScimRequest, projection: Projection | None
    ) -> ScimResponse:
        address = _address(request, record.group.id)
        if _wants_members(projection) and not _is_small(record):
            return resource_response(status, self._parts(record, request, projection), address)
        names = await self._names([record], request, projection)
        body = _body(record, request.base_url, projection, names)
        return resource_response(status, body, address)

    async def _parts(
        self, record: GroupRecord, request: ScimRequest, projection: Projection | None
    ) -> AsyncIterator[bytes]:
        """Make the body of a large group, page by page of its members."""
        before = b""
        async for members in self.use_cases.page_members(request.tenant.tenant_id, record):
            page = replace(record, members=members)
            body = orjson.loads(_body(page, request.base_url, projection, None))
            told = orjson.dumps(body.pop("members", []))[1:-1]
            if not before:
                before = orjson.dumps(body)[:-1] + b',"members":['
            yield before + told
            before = b"," if told else b" "
        yield b"]}"


def _is_small(record: GroupRecord) -> bool:
    """Tell whether all members asked for are there."""
    return len(record.members or ()) <= MEMBERS_AT_ONCE


async def _within(head: bytes, parts: AsyncIterator[bytes], end: bytes) -> AsyncIterator[bytes]:
    yield head
    async for part in parts:
        yield part
    yield end


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
