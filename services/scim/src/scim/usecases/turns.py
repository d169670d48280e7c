"""Long work takes turns: it must not hold all connections of the database that others wait for.

Long is what touches many members, or may have to wait for those who do. A group is changed so by
one request at a time, the others wait without a connection; each tenant has one such change at
once, and all tenants together have some of the connections.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.gate import Gate
from scim.domain.errors import ScimError, unavailable
from scim.domain.group import GroupChange

LONG_MEMBERS = 500
"""From this number on a change is long; Entra names one member in a request, or a few dozen."""
MAX_WAITING = 512


class Turns:
    """Lets long changes of groups in, one after the other."""

    def __init__(self, at_once: int = 2) -> None:
        self._long = Gate(max(1, at_once), MAX_WAITING, share=1)
        self._of_group = Gate(MAX_WAITING, MAX_WAITING, share=1)

    @asynccontextmanager
    async def creation(self, tenant_id: UUID, members: int) -> AsyncIterator[None]:
        """Hold a place while a group with so many members is made."""
        if members < LONG_MEMBERS:
            yield
            return
        async with self._long.place(tenant_id, refused=_too_many):
            yield

    @asynccontextmanager
    async def change(
        self, tenant_id: UUID, group_id: UUID, change: GroupChange | None
    ) -> AsyncIterator[None]:
        """Hold a place while a group changes; None is its removal."""
        if change is not None and change.is_one_way and change.size < LONG_MEMBERS:
            yield
            return
        async with self._of_group.place(group_id, refused=_too_many):
            if change is not None and not change.clear_members and change.size < LONG_MEMBERS:
                yield
                return
            async with self._long.place(tenant_id, refused=_too_many):
                yield


def _too_many() -> ScimError:
    return unavailable("Too many large changes of groups at once; try again soon.")
