"""`/Users`: bodies in, use cases, bodies out."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from scim.api.answers import Answer
from scim.api.asked import Asked
from scim.protocol.bodies import Meta, list_bytes, location, user_bytes
from scim.protocol.filters import parse_user_filter
from scim.protocol.normalise import NormalisedUser, normalise_user, normalise_user_patch
from scim.protocol.paging import parse_page
from scim.protocol.projection import Projection
from scim.protocol.user_patch import patch_user
from scim.usecases.change_user import ChangeUser, Edit, no_such_user
from scim.usecases.create_user import CreateUser
from scim.usecases.delete_user import DeleteUser
from scim.usecases.ports import UserRecord, Users


@dataclass(frozen=True, slots=True)
class UserResource:
    """What can be done at `/Users`."""

    users: Users
    create: CreateUser
    change: ChangeUser
    delete: DeleteUser

    async def post(self, asked: Asked) -> Answer:
        """Provision a user."""
        projection = asked.projection()
        normalised = normalise_user(asked.resource("userName"))
        asked.call.dropped = normalised.dropped
        record = await self.create(normalised.document, asked.call)
        address = location(asked.base_url, "Users", record.id).encode()
        body = _body(record, asked.base_url, projection)
        return Answer(201, body, ((b"location", address),))

    async def get(self, asked: Asked) -> Answer:
        """Answer one user."""
        projection = asked.projection()
        user_id = asked.resource_id(no_such_user)
        record = await self.users.get(asked.tenant.id, user_id)
        if record is None:
            raise no_such_user()
        return Answer(200, _body(record, asked.base_url, projection))

    async def list(self, asked: Asked) -> Answer:
        """Answer the users that a filter finds."""
        query = asked.query
        wanted = parse_user_filter(asked.filter())
        page = parse_page(query.get("startindex"), query.get("count"))
        projection = asked.projection()
        found = await self.users.find(asked.tenant.id, wanted, page)
        bodies = [_body(record, asked.base_url, projection) for record in found.records]
        return Answer(200, list_bytes(bodies, total=found.total, start_index=page.start_index))

    async def put(self, asked: Asked) -> Answer:
        """Replace a user."""
        user_id = asked.resource_id(no_such_user)
        normalised = normalise_user(asked.resource("userName"))
        asked.call.dropped = normalised.dropped
        return await self._edit(asked, user_id, partial(_replaced, normalised=normalised))

    async def patch(self, asked: Asked) -> Answer:
        """Change a user; the answer has the whole of it."""
        user_id = asked.resource_id(no_such_user)
        patch = normalise_user_patch(asked.json())
        asked.call.dropped = patch.dropped
        return await self._edit(asked, user_id, partial(patch_user, operations=patch.operations))

    async def _edit(self, asked: Asked, user_id: UUID, edit: Edit) -> Answer:
        projection = asked.projection()
        record = await self.change(user_id, edit, asked.call)
        return Answer(200, _body(record, asked.base_url, projection))

    async def remove(self, asked: Asked) -> Answer:
        """Delete a user."""
        await self.delete(asked.resource_id(no_such_user), asked.call)
        return Answer(204)


def _replaced(before: dict[str, Any], *, normalised: NormalisedUser) -> dict[str, Any]:
    """Return the new document; of `active` the old one holds where the body is silent."""
    if normalised.says_active:
        return normalised.document
    rest = {name: value for name, value in normalised.document.items() if name != "active"}
    return {name: before[name] for name in ("active",) if name in before} | rest


def _body(record: UserRecord, base_url: str, projection: Projection | None) -> bytes:
    meta = Meta(record.created_at, record.updated_at, record.version)
    body = user_bytes(record.document, id=record.id, base_url=base_url, meta=meta)
    return body if projection is None else projection.apply(body)
