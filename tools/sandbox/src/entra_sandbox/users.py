"""What the engine does for one user: match, create, change, set a manager, delete."""

from collections.abc import Mapping
from typing import Any

from entra_sandbox import dialect, requests
from entra_sandbox.attributes import Value, user_attributes
from entra_sandbox.client import ProvisioningError, ScimResponse
from entra_sandbox.dialect import Dialect
from entra_sandbox.job import Job
from entra_sandbox.retry_queue import Work
from entra_sandbox.source import SourceUser


def provision_user(job: Job, user: SourceUser) -> Work:
    """Return the work that brings this user's own attributes over."""

    async def work() -> None:
        entra = job.entra
        if user.object_id not in entra.users:
            return
        resource = await _read_linked(job, user) or await _match(job, user)
        if resource is not None:
            await _change(job, user, resource)
        elif user.object_id in entra.assigned and not user.soft_deleted:
            await _create(job, user)

    return work


def provision_manager(job: Job, user: SourceUser) -> Work:
    """Return the work that brings this user's manager over."""

    async def work() -> None:
        entra = job.entra
        if user.object_id not in entra.assigned or user.soft_deleted:
            return
        target = _provisioned(job, user.object_id)
        old = entra.synced_managers.get(user.object_id)
        new = _provisioned(job, user.manager) if user.manager else None
        if new == old:
            return
        if new is None:
            operation = dialect.clear_manager(job.dialect, old or "", turn=len(user.upn))
        elif await _has_manager(job, target, new):
            entra.synced_managers[user.object_id] = new
            return
        else:
            operation = dialect.set_manager(
                job.dialect, job.client.base_url, new, replaces=old is not None
            )
        await job.client.send(
            requests.patch_user("set manager", target, dialect.patch([operation]))
        )
        entra.synced_managers[user.object_id] = new

    return work


def delete_object(job: Job, object_id: str) -> Work:
    """Return the work that deletes a purged user or group."""

    async def work() -> None:
        entra = job.entra
        target = entra.links[object_id]
        is_group = object_id in entra.purged_groups
        request = requests.delete_group(target) if is_group else requests.delete_user(target)
        await job.client.send(request)
        entra.purged.discard(object_id)
        del entra.links[object_id]

    return work


def wanted(job: Job, user: SourceUser) -> dict[str, Value]:
    """Return the mapped attributes; an externalId is the nickname or, with the flag, the id."""
    verbose = job.dialect is Dialect.VERBOSE
    external_id = user.mail_nickname if verbose else user.object_id
    attributes = user_attributes(job.entra, user, external_id=external_id)
    if user.object_id in job.entra.assigned:
        return attributes
    # Out of scope: only the disabling flows, and the recycle bin's renaming.
    return {path: attributes[path] for path in ("userName", "active")}


def _provisioned(job: Job, object_id: str) -> str:
    target = job.entra.links.get(object_id)
    if target is None:
        raise ProvisioningError("set manager", "the user or the manager is not provisioned yet")
    return target


async def _read_linked(job: Job, user: SourceUser) -> Mapping[str, Any] | None:
    target = job.entra.links.get(user.object_id)
    if target is None:
        return None
    response = await job.client.send(requests.get_user(target))
    if response.status == 404:
        del job.entra.links[user.object_id]
        return None
    return response.document


async def _match(job: Job, user: SourceUser) -> Mapping[str, Any] | None:
    response = await job.client.send(requests.match_user(user.upn))
    if response.document["totalResults"] > 1:
        raise ProvisioningError("match user", "several users match one userName")
    if not response.document["totalResults"]:
        return None
    resource: Mapping[str, Any] = response.document["Resources"][0]
    job.entra.links[user.object_id] = resource["id"]
    return resource


async def _create(job: Job, user: SourceUser) -> None:
    body = dialect.create_user(wanted(job, user), bare=user.bare)
    response = await job.client.send(requests.post_user(body))
    job.entra.links[user.object_id] = response.document["id"]
    _notify(job, user, response)


async def _change(job: Job, user: SourceUser, resource: Mapping[str, Any]) -> None:
    attributes = wanted(job, user)
    operations = dialect.change_attributes(job.dialect, resource, attributes)
    if not operations:
        return
    operation = "update user"
    if attributes["active"] != resource.get("active"):
        operation = "restore user" if attributes["active"] else "disable user"
    request = requests.patch_user(operation, resource["id"], dialect.patch(operations))
    _notify(job, user, await job.client.send(request))


async def _has_manager(job: Job, target: str, manager: str) -> bool:
    response = await job.client.send(requests.check_manager(target, manager))
    return bool(response.document["totalResults"])


def _notify(job: Job, user: SourceUser, response: ScimResponse) -> None:
    active = job.entra.is_active(user)
    target = job.entra.links[user.object_id]
    job.observer.user_written(target, user.display_name, active, response.at)
