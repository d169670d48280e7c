"""What the engine does for one group: match, create, rename, and its members one by one or not."""

from collections.abc import Mapping, Sequence
from typing import Any

from entra_sandbox import dialect, requests
from entra_sandbox.attributes import group_attributes
from entra_sandbox.client import ProvisioningError
from entra_sandbox.job import Job
from entra_sandbox.retry_queue import Work
from entra_sandbox.source import SourceGroup

MEMBERS_PER_PATCH = 20


def provision_group(job: Job, group: SourceGroup) -> Work:
    """Return the work that brings the group itself over, without members."""

    async def work() -> None:
        if group.object_id not in job.entra.groups:
            return
        resource = await _read_linked(job, group) or await _match(job, group)
        attributes = group_attributes(group)
        if resource is None:
            response = await job.client.send(requests.post_group(dialect.create_group(attributes)))
            job.entra.links[group.object_id] = response.document["id"]
            return
        operations = dialect.change_attributes(job.dialect, resource, attributes)
        if operations:
            body = dialect.patch(operations)
            await job.client.send(requests.patch_group("rename group", resource["id"], body))

    return work


def provision_members(job: Job, group: SourceGroup) -> Work:
    """Return the work that adds and removes members; only linked users can be members."""

    async def work() -> None:
        entra = job.entra
        if group.object_id not in entra.groups:
            return
        target = entra.links.get(group.object_id)
        if target is None:
            raise ProvisioningError("add members", "the group is not provisioned yet")
        synced = entra.synced_members.setdefault(group.object_id, set())
        joined = [oid for oid in sorted(group.members - synced) if oid in entra.links]
        left = [oid for oid in sorted(synced - group.members) if oid in entra.links]
        for chunk in _chunks(job, joined):
            await _add(job, target, chunk)
            synced.update(chunk)
        for chunk in _chunks(job, left):
            await _remove(job, target, chunk)
            synced.difference_update(chunk)
        late = [oid for oid in group.members if oid in entra.assigned and oid not in entra.links]
        if late:
            raise ProvisioningError("add members", f"{len(late)} members not provisioned yet")

    return work


async def _add(job: Job, target: str, members: Sequence[str]) -> None:
    ids = [job.entra.links[oid] for oid in members]
    missing = [user for user in ids if not await _is_member(job, target, user)]
    if missing:
        body = dialect.patch([dialect.add_members(job.dialect, missing)])
        await job.client.send(requests.patch_group("add members", target, body))


async def _remove(job: Job, target: str, members: Sequence[str]) -> None:
    ids = [job.entra.links[oid] for oid in members]
    present = [user for user in ids if await _is_member(job, target, user)]
    if present:
        body = dialect.patch(dialect.remove_members(job.dialect, present))
        await job.client.send(requests.patch_group("remove members", target, body))


async def _is_member(job: Job, target: str, user: str) -> bool:
    response = await job.client.send(requests.check_member(target, user))
    return bool(response.document["totalResults"])


def _chunks(job: Job, members: list[str]) -> list[list[str]]:
    size = MEMBERS_PER_PATCH if job.batches_members else 1
    return [members[start : start + size] for start in range(0, len(members), size)]


async def _read_linked(job: Job, group: SourceGroup) -> Mapping[str, Any] | None:
    target = job.entra.links.get(group.object_id)
    if target is None:
        return None
    response = await job.client.send(requests.get_group(target))
    if response.status == 404:
        del job.entra.links[group.object_id]
        job.entra.synced_members.pop(group.object_id, None)
        return None
    return response.document


async def _match(job: Job, group: SourceGroup) -> Mapping[str, Any] | None:
    response = await job.client.send(requests.match_group(group.display_name))
    if response.document["totalResults"] > 1:
        raise ProvisioningError("match group", "several groups match one displayName")
    if not response.document["totalResults"]:
        return None
    resource: Mapping[str, Any] = response.document["Resources"][0]
    job.entra.links[group.object_id] = resource["id"]
    return resource
