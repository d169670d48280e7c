"""What the engine does for one group: match, create, rename, and its members one by one or not."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from entra_sandbox import calls, dialect
from entra_sandbox.attributes import group_attributes
from entra_sandbox.client import ProvisioningError
from entra_sandbox.dialect import Dialect
from entra_sandbox.escrow import Work
from entra_sandbox.source import SourceGroup

if TYPE_CHECKING:
    from entra_sandbox.engine import Engine

MEMBERS_PER_PATCH = 20


def job(engine: "Engine", group: SourceGroup) -> Work:
    """Return the work that brings the group itself over, without members."""

    async def work() -> None:
        if group.object_id not in engine.entra.groups:
            return
        resource = await _read_linked(engine, group) or await _match(engine, group)
        attributes = group_attributes(group)
        if resource is None:
            answer = await engine.client.send(calls.post_group(dialect.create_group(attributes)))
            engine.entra.links[group.object_id] = answer.document["id"]
            return
        operations = dialect.change_attributes(engine.dialect, resource, attributes)
        if operations:
            body = dialect.patch(operations)
            await engine.client.send(calls.patch_group("rename group", resource["id"], body))

    return work


def references(engine: "Engine", group: SourceGroup) -> Work:
    """Return the work that adds and removes members; only linked users can be members."""

    async def work() -> None:
        entra = engine.entra
        if group.object_id not in entra.groups:
            return
        target = entra.links.get(group.object_id)
        if target is None:
            raise ProvisioningError("add members", "the group is not provisioned yet")
        synced = entra.synced_members.setdefault(group.object_id, set())
        joined = [oid for oid in sorted(group.members - synced) if oid in entra.links]
        left = [oid for oid in sorted(synced - group.members) if oid in entra.links]
        for chunk in _chunks(engine, joined):
            await _add(engine, target, chunk)
            synced.update(chunk)
        for chunk in _chunks(engine, left):
            await _remove(engine, target, chunk)
            synced.difference_update(chunk)
        late = [oid for oid in group.members if oid in entra.assigned and oid not in entra.links]
        if late:
            raise ProvisioningError("add members", f"{len(late)} members not provisioned yet")

    return work


async def _add(engine: "Engine", target: str, members: Sequence[str]) -> None:
    ids = [engine.entra.links[oid] for oid in members]
    missing = [user for user in ids if not await _is_member(engine, target, user)]
    if missing:
        body = dialect.patch([dialect.add_members(engine.dialect, missing)])
        await engine.client.send(calls.patch_group("add members", target, body))


async def _remove(engine: "Engine", target: str, members: Sequence[str]) -> None:
    ids = [engine.entra.links[oid] for oid in members]
    present = [user for user in ids if await _is_member(engine, target, user)]
    if present:
        body = dialect.patch(dialect.remove_members(engine.dialect, present))
        await engine.client.send(calls.patch_group("remove members", target, body))


async def _is_member(engine: "Engine", target: str, user: str) -> bool:
    answer = await engine.client.send(calls.check_member(target, user))
    return bool(answer.document["totalResults"])


def _chunks(engine: "Engine", members: list[str]) -> list[list[str]]:
    batch = engine.batch_members
    if batch is None:
        batch = engine.dialect is Dialect.VERBOSE
    size = MEMBERS_PER_PATCH if batch else 1
    return [members[start : start + size] for start in range(0, len(members), size)]


async def _read_linked(engine: "Engine", group: SourceGroup) -> Mapping[str, Any] | None:
    target = engine.entra.links.get(group.object_id)
    if target is None:
        return None
    answer = await engine.client.send(calls.get_group(target))
    if answer.status == 404:
        del engine.entra.links[group.object_id]
        engine.entra.synced_members.pop(group.object_id, None)
        return None
    return answer.document


async def _match(engine: "Engine", group: SourceGroup) -> Mapping[str, Any] | None:
    answer = await engine.client.send(calls.match_group(group.display_name))
    if answer.document["totalResults"] > 1:
        raise ProvisioningError("match group", "several groups match one displayName")
    if not answer.document["totalResults"]:
        return None
    resource: Mapping[str, Any] = answer.document["Resources"][0]
    engine.entra.links[group.object_id] = resource["id"]
    return resource
