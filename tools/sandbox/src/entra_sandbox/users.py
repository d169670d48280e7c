"""What the engine does for one user: match, create, change, set a manager, delete."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from entra_sandbox import calls, dialect
from entra_sandbox.attributes import Value, user_attributes
from entra_sandbox.client import Answer, ProvisioningError
from entra_sandbox.dialect import Dialect
from entra_sandbox.escrow import Work
from entra_sandbox.source import SourceUser

if TYPE_CHECKING:
    from entra_sandbox.engine import Engine


def job(engine: "Engine", user: SourceUser) -> Work:
    """Return the work that brings this user's own attributes over."""

    async def work() -> None:
        entra = engine.entra
        if user.object_id not in entra.users:
            return
        resource = await _read_linked(engine, user) or await _match(engine, user)
        if resource is not None:
            await _change(engine, user, resource)
        elif user.object_id in entra.assigned and not user.soft_deleted:
            await _create(engine, user)

    return work


def references(engine: "Engine", user: SourceUser) -> Work:
    """Return the work that brings this user's manager over."""

    async def work() -> None:
        entra = engine.entra
        if user.object_id not in entra.assigned or user.soft_deleted:
            return
        target = _provisioned(engine, user.object_id)
        old = entra.synced_managers.get(user.object_id)
        new = _provisioned(engine, user.manager) if user.manager else None
        if new == old:
            return
        if new is None:
            operation = dialect.clear_manager(engine.dialect, old or "", turn=len(user.upn))
        elif await _has_manager(engine, target, new):
            entra.synced_managers[user.object_id] = new
            return
        else:
            operation = dialect.set_manager(
                engine.dialect, engine.client.base_url, new, replaces=old is not None
            )
        await engine.client.send(
            calls.patch_user("set manager", target, dialect.patch([operation]))
        )
        entra.synced_managers[user.object_id] = new

    return work


def removal(engine: "Engine", object_id: str) -> Work:
    """Return the work that deletes a purged user or group."""

    async def work() -> None:
        entra = engine.entra
        target = entra.links[object_id]
        is_group = object_id in entra.purged_groups
        call = calls.delete_group(target) if is_group else calls.delete_user(target)
        await engine.client.send(call)
        entra.purged.discard(object_id)
        del entra.links[object_id]

    return work


def wanted(engine: "Engine", user: SourceUser) -> dict[str, Value]:
    """Return the mapped attributes; an externalId is the nickname or, with the flag, the id."""
    verbose = engine.dialect is Dialect.VERBOSE
    external_id = user.mail_nickname if verbose else user.object_id
    attributes = user_attributes(engine.entra, user, external_id=external_id)
    if user.object_id in engine.entra.assigned:
        return attributes
    # Out of scope: only the disabling flows, and the recycle bin's renaming.
    return {path: attributes[path] for path in ("userName", "active")}


def _provisioned(engine: "Engine", object_id: str) -> str:
    target = engine.entra.links.get(object_id)
    if target is None:
        raise ProvisioningError("set manager", "the user or the manager is not provisioned yet")
    return target


async def _read_linked(engine: "Engine", user: SourceUser) -> Mapping[str, Any] | None:
    target = engine.entra.links.get(user.object_id)
    if target is None:
        return None
    answer = await engine.client.send(calls.get_user(target))
    if answer.status == 404:
        del engine.entra.links[user.object_id]
        return None
    return answer.document


async def _match(engine: "Engine", user: SourceUser) -> Mapping[str, Any] | None:
    answer = await engine.client.send(calls.match_user(user.upn))
    if answer.document["totalResults"] > 1:
        raise ProvisioningError("match user", "several users match one userName")
    if not answer.document["totalResults"]:
        return None
    resource: Mapping[str, Any] = answer.document["Resources"][0]
    engine.entra.links[user.object_id] = resource["id"]
    return resource


async def _create(engine: "Engine", user: SourceUser) -> None:
    body = dialect.create_user(wanted(engine, user), bare=user.bare)
    answer = await engine.client.send(calls.post_user(body))
    engine.entra.links[user.object_id] = answer.document["id"]
    _tell(engine, user, answer)


async def _change(engine: "Engine", user: SourceUser, resource: Mapping[str, Any]) -> None:
    attributes = wanted(engine, user)
    operations = dialect.change_attributes(engine.dialect, resource, attributes)
    if not operations:
        return
    operation = "update user"
    if attributes["active"] != resource.get("active"):
        operation = "restore user" if attributes["active"] else "disable user"
    call = calls.patch_user(operation, resource["id"], dialect.patch(operations))
    _tell(engine, user, await engine.client.send(call))


async def _has_manager(engine: "Engine", target: str, manager: str) -> bool:
    answer = await engine.client.send(calls.check_manager(target, manager))
    return bool(answer.document["totalResults"])


def _tell(engine: "Engine", user: SourceUser, answer: Answer) -> None:
    active = engine.entra.is_active(user)
    target = engine.entra.links[user.object_id]
    engine.watcher.user_written(target, user.display_name, active, answer.at)
