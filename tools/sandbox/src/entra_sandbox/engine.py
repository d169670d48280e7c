"""Entra's provisioning engine: brings one SCIM service to what one Entra tenant holds.

Users go first, then groups, then references (managers, members). Each object is done in one go:
match or read, compare, create or patch; what fails is retried as a whole object, from its
match on, which is why an answer lost on the way makes no duplicate.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from entra_sandbox import groups, requests, users
from entra_sandbox.client import CredentialsError, ProvisioningError
from entra_sandbox.job import Job
from entra_sandbox.quarantine import quarantine_note
from entra_sandbox.retry_queue import RetryQueue, Work
from entra_sandbox.source import SourceGroup, SourceUser

NamedWork = tuple[str, Work]
"""The name under which an object waits for a retry, and what provisions it."""
ProgressCallback = Callable[[str, int, int], None]
"""Gets the name of the step, how many objects are done, and how many there are."""


@dataclass(slots=True)
class Engine:
    """Runs cycles of one job."""

    job: Job
    concurrency: int = 8
    retries: int = 3
    retry_pause: float = 1.0
    retry_queue: RetryQueue = field(default_factory=RetryQueue)
    events: int = 0
    """How many objects were attempted."""
    refused: str | None = None
    on_progress: ProgressCallback = lambda step, done, total: None

    async def test_connection(self, guids: Iterable[str]) -> None:
        """Do what the button "Test Connection" does; raises when the answer is not right."""
        user_guid, group_guid = guids
        for request in (
            requests.probe_users("userName", user_guid),
            requests.probe_groups(group_guid),
        ):
            response = await self.job.client.send(request)
            if response.document["totalResults"] != 0:
                raise ProvisioningError(request.operation, f"found something named {user_guid}")
        await self.job.client.send(requests.probe_any_user())

    async def cycle(self, *, initial: bool = False) -> None:
        """Run an initial or an incremental cycle, then retry what failed."""
        entra = self.job.entra
        todo = set(entra.changed) | (entra.assigned if initial else set())
        people = [user for user in entra.users.values() if user.object_id in todo]
        teams = [group for group in entra.groups.values() if group.object_id in todo]
        entra.changed.clear()
        await self._each("users", [self._user(user) for user in people])
        await self._each("groups", [self._group(team) for team in teams])
        await self._each("managers", [self._manager_of(user) for user in people])
        await self._each("members", [self._members_of(team) for team in teams])
        purged = [(each, users.delete_object(self.job, each)) for each in sorted(entra.purged)]
        await self._each("deletions", purged)
        await self._retry()

    async def on_demand(self, object_id: str) -> None:
        """Provision one user or group at once, references included."""
        entra = self.job.entra
        entra.changed.discard(object_id)
        user, group = entra.users.get(object_id), entra.groups.get(object_id)
        work: list[NamedWork] = []
        if user is not None:
            work = [self._user(user), self._manager_of(user)]
        if group is not None:
            work = [self._group(group), self._members_of(group)]
        for each in work:
            await self._each("on demand", [each])

    def _user(self, user: SourceUser) -> NamedWork:
        return user.upn, users.provision_user(self.job, user)

    def _group(self, group: SourceGroup) -> NamedWork:
        return group.display_name, groups.provision_group(self.job, group)

    def _manager_of(self, user: SourceUser) -> NamedWork:
        return f"manager of {user.upn}", users.provision_manager(self.job, user)

    def _members_of(self, group: SourceGroup) -> NamedWork:
        return f"members of {group.display_name}", groups.provision_members(self.job, group)

    @property
    def summary(self) -> str:
        """Say how the job stands, as Entra's status page would."""
        if self.refused:
            return f"QUARANTINE: credentials refused ({self.refused})"
        return quarantine_note(events=self.events, failures=self.retry_queue.failures)

    @property
    def ok(self) -> bool:
        """Tell whether everything got through in the end."""
        return self.refused is None and not self.retry_queue.entries

    async def _each(self, step: str, work: Sequence[NamedWork]) -> None:
        self.events += len(work)
        await self._attempt_all(step, work)

    async def _attempt_all(self, step: str, work: Sequence[NamedWork]) -> None:
        slots = asyncio.Semaphore(self.concurrency)
        done = 0

        async def attempt(name: str, provision: Work) -> None:
            nonlocal done
            async with slots:
                await self._attempt(name, step, provision)
            done += 1
            self.on_progress(step, done, len(work))

        async with asyncio.TaskGroup() as tasks:
            for name, provision in work:
                tasks.create_task(attempt(name, provision))

    async def _attempt(self, name: str, step: str, work: Work) -> None:
        if self.refused:
            error = "not attempted: the job is in quarantine"
            self.retry_queue.add(name, step=step, work=work, error=error)
            return
        try:
            await work()
        except ProvisioningError as error:
            if isinstance(error, CredentialsError):
                self.refused = error.reason
            self.retry_queue.add(name, step=step, work=work, error=str(error))
        else:
            self.retry_queue.remove(name)

    async def _retry(self) -> None:
        """Attempt failed objects again: users before groups before references."""
        for number in range(self.retries):
            if not self.retry_queue.entries or self.refused:
                return
            await asyncio.sleep(self.retry_pause * 2**number)
            waiting = list(self.retry_queue.entries.values())
            for step in dict.fromkeys(["users", "groups", *(entry.step for entry in waiting)]):
                retries = [(entry.name, entry.work) for entry in waiting if entry.step == step]
                await self._attempt_all(step, retries)
