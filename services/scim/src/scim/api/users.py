"""`/Users`: bodies in, use cases, bodies out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from scim.api.request import ScimRequest
from scim.api.responses import ScimResponse, resource_response
from scim.protocol.bodies import Meta, list_bytes, location, user_bytes
from scim.protocol.echoes import check_repeated_ids
from scim.protocol.filters import parse_user_filter
from scim.protocol.normalise import NormalisedUser, normalise_user, normalise_user_patch
from scim.protocol.paging import fill, fitting, parse_page
from scim.protocol.projection import Projection
from scim.protocol.user_patch import patch_user
from scim.usecases.ports import UserRecord
from scim.usecases.use_cases import UseCases
from scim.usecases.users import Edit, no_such_user

USERS_AT_ONCE = 20
"""Of whom the groups are looked up together: each may be in thousands."""


@dataclass(frozen=True, slots=True)
class UserEndpoints:
    """The endpoints of `/Users`."""

    use_cases: UseCases

    async def post(self, request: ScimRequest) -> ScimResponse:
        """Provision a user."""
        projection = request.projection()
        normalised = normalise_user(request.resource("userName"), strict=request.strict)
        request.entry.dropped = normalised.dropped
        record = await self.use_cases.create_user(normalised.document, request.entry)
        request.stored = len(record.document)
        return await self._response(201, record, request, projection)

    async def get(self, request: ScimRequest) -> ScimResponse:
        """Return one user."""
        projection = request.projection()
        user_id = request.resource_id(no_such_user)
        record = await self.use_cases.get_user(request.tenant.tenant_id, user_id)
        return await self._response(200, record, request, projection)

    async def list(self, request: ScimRequest) -> ScimResponse:
        """Return the users that a filter finds."""
        query = request.query
        clauses = parse_user_filter(request.filter(), strict=request.strict)
        page = parse_page(query.get("startindex"), query.get("count"))
        projection = request.projection()
        found = await self.use_cases.find_users(request.tenant.tenant_id, clauses, page)
        bodies = await self._page(found.records, request, projection)
        return ScimResponse(
            200, list_bytes(bodies, total=found.total, start_index=page.start_index)
        )

    async def put(self, request: ScimRequest) -> ScimResponse:
        """Replace a user."""
        user_id = request.resource_id(no_such_user)
        normalised = normalise_user(request.resource("userName"), "replace", strict=request.strict)
        request.entry.dropped = normalised.dropped
        return await self._edit(request, user_id, partial(replaced, normalised=normalised))

    async def patch(self, request: ScimRequest) -> ScimResponse:
        """Change a user; the response has the whole of it."""
        user_id = request.resource_id(no_such_user)
        patch = normalise_user_patch(request.json(), strict=request.strict)
        check_repeated_ids(patch.repeated_ids, user_id)
        request.entry.dropped = patch.dropped
        edit = partial(patch_user, operations=patch.operations, strict=patch.strict)
        return await self._edit(request, user_id, edit)

    async def _edit(self, request: ScimRequest, user_id: UUID, edit: Edit) -> ScimResponse:
        projection = request.projection()
        record = await self.use_cases.change_user(user_id, edit, request.entry)
        request.stored = len(record.document)
        return await self._response(200, record, request, projection)

    async def _response(
        self, status: int, record: UserRecord, request: ScimRequest, projection: Projection | None
    ) -> ScimResponse:
        [body] = await self._page([record], request, projection)
        return resource_response(status, body, location(request.base_url, "Users", record.id))

    async def _page(
        self, records: Sequence[UserRecord], request: ScimRequest, projection: Projection | None
    ) -> Sequence[bytes]:
        """Return as many bodies as fit; what is not sent is neither built nor looked up."""
        if projection is None or not projection.asks_for("groups", "value"):
            return fitting(_body(record, request.base_url, projection) for record in records)
        page: list[bytes] = []
        for at in range(0, len(records), USERS_AT_ONCE):
            some = records[at : at + USERS_AT_ONCE]
            groups = await self.use_cases.find_groups_of_users(
                request.tenant.tenant_id, [record.id for record in some]
            )
            bodies = (_body(r, request.base_url, projection, groups.get(r.id)) for r in some)
            if fill(page, bodies):
                break
        return page

    async def remove(self, request: ScimRequest) -> ScimResponse:
        """Delete a user."""
        await self.use_cases.delete_user(request.resource_id(no_such_user), request.entry)
        return ScimResponse(204)


def replaced(before: dict[str, Any], *, normalised: NormalisedUser) -> dict[str, Any]:
    """Return the document after a PUT; without `active` in the body the old value stays."""
    if normalised.has_active:
        return normalised.document
    rest = {name: value for name, value in normalised.document.items() if name != "active"}
    return {name: before[name] for name in ("active",) if name in before} | rest


def _body(
    record: UserRecord,
    base_url: str,
    projection: Projection | None,
    groups: Mapping[UUID, str] | None = None,
) -> bytes:
    meta = Meta(record.created_at, record.updated_at, record.version)
    body = user_bytes(record.document, id=record.id, base_url=base_url, meta=meta, groups=groups)
    return body if projection is None else projection.apply(body)
