"""Entra's provisioning engine: brings one SCIM service to what one Entra tenant holds.

Users go first, then groups, then references (managers, members). Each object is done in one go:
match or read, compare, create or patch; whatever fails goes to escrow as a whole object and starts
over from its match, which is why an answer lost on the way makes no duplicate.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from entra_sandbox import calls, groups, users
from entra_sandbox.client import CredentialsError, ProvisioningError, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.escrow import Escrow, Work, quarantine_note
from entra_sandbox.source import Entra, SourceGroup, SourceUser
from entra_sandbox.watching import Nobody, Watcher

Advance = Callable[[str, int, int], None]
"""Told the name of the step, how many objects are done, and how many there are."""


@dataclass(slots=True)
class Engine:
    """Runs cycles of one job."""

    entra: Entra
    client: ScimClient
    concurrency: int = 8
    retries: int = 3
    retry_pause: float = 1.0
    batch_members: bool | None = None
    """Several members in one PATCH; by default only the verbose client does that."""
    watcher: Watcher = field(default_factory=Nobody)
    escrow: Escrow = field(default_factory=Escrow)
    events: int = 0
    """How many objects were attempted."""
    refused: str | None = None
    advance: Advance = lambda step, done, total: None

    async def test_connection(self, guids: Iterable[str]) -> None:
        """Do what the button "Test Connection" does; raises when the answer is not right."""
        user_guid, group_guid = guids
        for call in (calls.probe_users("userName", user_guid), calls.probe_groups(group_guid)):
            answer = await self.client.send(call)
            if answer.document["totalResults"] != 0:
                raise ProvisioningError(call.operation, f"found something named {user_guid}")
        await self.client.send(calls.probe_any_user())

    async def cycle(self, *, initial: bool = False) -> None:
        """Run an initial or an incremental cycle, escrowed objects at its end."""
        entra = self.entra
        todo = set(entra.changed) | (entra.assigned if initial else set())
        people = [user for user in entra.users.values() if user.object_id in todo]
        teams = [group for group in entra.groups.values() if group.object_id in todo]
        entra.changed.clear()
        await self._each("users", [(user.upn, users.job(self, user)) for user in people])
        await self._each("groups", [(team.display_name, groups.job(self, team)) for team in teams])
        await self._each("managers", [self._manager_of(user) for user in people])
        await self._each("members", [self._members_of(team) for team in teams])
        gone = [(object_id, users.removal(self, object_id)) for object_id in sorted(entra.purged)]
        await self._each("deletions", gone)
        await self._retry()

    async def on_demand(self, object_id: str) -> None:
        """Provision one user or group at once, references included."""
        entra = self.entra
        entra.changed.discard(object_id)
        user, group = entra.users.get(object_id), entra.groups.get(object_id)
        jobs: list[tuple[str, Work]] = []
        if user is not None:
            jobs = [(user.upn, users.job(self, user)), self._manager_of(user)]
        if group is not None:
            jobs = [(group.display_name, groups.job(self, group)), self._members_of(group)]
        for job in jobs:
            await self._each("on demand", [job])

    def _manager_of(self, user: SourceUser) -> tuple[str, Work]:
        return f"manager of {user.upn}", users.references(self, user)

    def _members_of(self, group: SourceGroup) -> tuple[str, Work]:
        return f"members of {group.display_name}", groups.references(self, group)

    @property
    def summary(self) -> str:
        """Say how the job stands, as Entra's status page would."""
        if self.refused:
            return f"QUARANTINE: credentials refused ({self.refused})"
        return quarantine_note(events=self.events, failures=self.escrow.ever)

    @property
    def ok(self) -> bool:
        """Tell whether everything got through in the end."""
        return self.refused is None and not self.escrow.entries

    @property
    def dialect(self) -> Dialect:
        """Return the wording of this job."""
        return self.client.dialect

    async def _each(self, step: str, jobs: list[tuple[str, Work]]) -> None:
        self.events += len(jobs)
        await self._all(step, jobs)

    async def _all(self, step: str, jobs: list[tuple[str, Work]]) -> None:
        gate = asyncio.Semaphore(self.concurrency)
        done = 0

        async def one(name: str, work: Work) -> None:
            nonlocal done
            async with gate:
                await self._attempt(name, step, work)
            done += 1
            self.advance(step, done, len(jobs))

        async with asyncio.TaskGroup() as tasks:
            for name, work in jobs:
                tasks.create_task(one(name, work))

    async def _attempt(self, name: str, step: str, work: Work) -> None:
        if self.refused:
            error = "not attempted: the job is in quarantine"
            self.escrow.put(name, step=step, work=work, error=error)
            return
        try:
            await work()
        except ProvisioningError as error:
            if isinstance(error, CredentialsError):
                self.refused = error.reason
            self.escrow.put(name, step=step, work=work, error=str(error))
        else:
            self.escrow.take(name)

    async def _retry(self) -> None:
        """Attempt escrowed objects again: users before groups before references."""
        for number in range(self.retries):
            if not self.escrow.entries or self.refused:
                return
            await asyncio.sleep(self.retry_pause * 2**number)
            waiting = list(self.escrow.entries.values())
            for step in dict.fromkeys(["users", "groups", *(entry.step for entry in waiting)]):
                jobs = [(entry.name, entry.work) for entry in waiting if entry.step == step]
                await self._all(step, jobs)
