"""A provisioning lifecycle in steps: what changes in "Entra", and which kind of cycle follows.

Each step picks its people by seed, so that the same lifecycle can be run again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from entra_sandbox.engine import Engine
from entra_sandbox.people import DEPARTMENTS, make_user
from entra_sandbox.source import Entra, SourceGroup, SourceUser

Change = Callable[[Entra, random.Random], list[str]]
"""Changes the tenant; returns the object ids to provision on demand."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a title, what the admin sees happening, and the change itself."""

    title: str
    explanation: str
    change: Change
    kind: str = "incremental"
    """`initial`, `incremental` or `on demand`."""


async def run_step(engine: Engine, step: Step, rng: random.Random) -> None:
    """Change the tenant as the step says and let the engine bring it over."""
    object_ids = step.change(engine.job.entra, rng)
    if step.kind != "on demand":
        await engine.cycle(initial=step.kind == "initial")
        return
    for object_id in object_ids:
        await engine.on_demand(object_id)
    # References of others to these objects are left to the next cycle, as at Microsoft's.
    await engine.cycle()


def _nothing(entra: Entra, rng: random.Random) -> list[str]:
    return []


def _edit(entra: Entra, rng: random.Random) -> list[str]:
    """Change attributes, managers, group names and members."""
    for user in _some(entra, rng, 0.25):
        user.display_name = f"{user.given_name} {user.surname} ({rng.choice(DEPARTMENTS)})"
        user.department = rng.choice(DEPARTMENTS)
        user.mobile = f"+44 7700 {rng.randint(100000, 999999)}"
        entra.changed.add(user.object_id)
    _change_names(entra, rng)
    _reorganise(entra, rng)
    for group in entra.groups.values():
        _shuffle_members(entra, group, rng)
    return []


def _change_names(entra: Entra, rng: random.Random) -> None:
    """Change surname, UPN and mail together; and the case of a UPN alone."""
    for number, user in enumerate(_some(entra, rng, 0.05)):
        local, _, domain = user.upn.partition("@")
        if number % 2:
            user.upn = f"{local.swapcase()}@{domain}"
        else:
            user.surname = "Østergård-Ruiz"
            user.upn = user.mail = f"{local}.married@{domain}"
        entra.changed.add(user.object_id)


def _reorganise(entra: Entra, rng: random.Random) -> None:
    boss = _some(entra, rng, 0)[0]
    for number, user in enumerate(_some(entra, rng, 0.15)):
        user.manager = None if number % 2 or user is boss else boss.object_id
        entra.changed.add(user.object_id)


def _shuffle_members(entra: Entra, group: SourceGroup, rng: random.Random) -> None:
    joined = {user.object_id for user in _some(entra, rng, 0.03)}
    left = set(rng.sample(sorted(group.members), min(2, len(group.members))))
    group.members = (group.members - left) | joined
    if rng.random() < 0.4:
        group.display_name = f"{group.display_name} – neu"
    entra.changed.add(group.object_id)


def _on_demand(entra: Entra, rng: random.Random) -> list[str]:
    """Hire somebody, put them into a group, and change somebody else."""
    somebody = _some(entra, rng, 0)[0]
    domain = somebody.upn.partition("@")[2]
    newcomer = make_user(rng, 900_001, domain)
    newcomer.manager = somebody.object_id
    entra.add_user(newcomer)
    somebody.job_title = "Chief of Staff"
    object_ids = [newcomer.object_id, somebody.object_id]
    for group in list(entra.groups.values())[:1]:
        group.members.add(newcomer.object_id)
        object_ids.append(group.object_id)
    return object_ids


def _disable(entra: Entra, rng: random.Random) -> list[str]:
    """Unassign some, block the sign-in of others."""
    for number, user in enumerate(_some(entra, rng, 0.1)):
        if number % 2:
            user.account_enabled = False
            entra.changed.add(user.object_id)
        else:
            entra.unassign(user.object_id)
    return []


def _restore(entra: Entra, rng: random.Random) -> list[str]:
    out = [user for user in entra.users.values() if not entra.is_active(user)]
    for user in out[::2]:
        user.account_enabled = True
        entra.assign(user.object_id)
    return []


def _soft_delete(entra: Entra, rng: random.Random) -> list[str]:
    for user in _some(entra, rng, 0.06):
        entra.soft_delete(user.object_id)
    return []


def _reuse(entra: Entra, rng: random.Random) -> list[str]:
    """Take one out of the recycle bin; give another's name to a newcomer, in another case."""
    binned = [user for user in entra.users.values() if user.soft_deleted]
    for user in binned[:1]:
        entra.undelete(user.object_id)
    for user in binned[1:2]:
        newcomer = make_user(rng, 900_002, user.mail.partition("@")[2])
        newcomer.upn = newcomer.mail = user.mail.swapcase()
        entra.add_user(newcomer)
    return []


def _hard_delete(entra: Entra, rng: random.Random) -> list[str]:
    """Purge half of the recycle bin, one active user, and a group."""
    binned = [user for user in entra.users.values() if user.soft_deleted]
    for user in [*binned[1::2], *_some(entra, rng, 0)[:1]]:
        entra.hard_delete(user.object_id)
    for group in list(entra.groups.values())[-1:]:
        entra.hard_delete(group.object_id)
    return []


def _restart(entra: Entra, rng: random.Random) -> list[str]:
    """Forget every link in scope and change the case of UPNs: all must be found again."""
    for user in entra.users.values():
        if user.object_id in entra.assigned and not user.soft_deleted:
            entra.links.pop(user.object_id, None)
            entra.synced_managers.pop(user.object_id, None)
            user.upn = user.upn.swapcase() if rng.random() < 0.2 else user.upn
    for group in entra.groups.values():
        entra.links.pop(group.object_id, None)
        entra.synced_members.pop(group.object_id, None)
    return []


def _some(entra: Entra, rng: random.Random, share: float) -> list[SourceUser]:
    """Pick active users, at least one; raises IndexError in an empty tenant."""
    active = [user for user in entra.users.values() if entra.is_active(user)]
    return rng.sample(active, max(1, round(len(active) * share)))


LIFECYCLE = (
    Step(
        "Initial cycle",
        "everybody assigned is created, then managers and members",
        _nothing,
        "initial",
    ),
    Step("Incremental cycle", "attributes, names, managers, group names, members", _edit),
    Step(
        "Provision on demand",
        "a newcomer, a changed user and a group, at once",
        _on_demand,
        "on demand",
    ),
    Step("Disable", "some are unassigned, some blocked from signing in", _disable),
    Step("Restore", "half of them come back, with their id and groups", _restore),
    Step("Soft delete", "some go to the recycle bin, which renames their UPN", _soft_delete),
    Step("Recycle bin", "one comes back, another's name goes to a newcomer", _reuse),
    Step("Hard delete", "half of the bin, one active user and a group are deleted", _hard_delete),
    Step(
        "Restart provisioning",
        "all links forgotten: everybody is matched, nobody created",
        _restart,
        "initial",
    ),
)
