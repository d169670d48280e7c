"""A provisioning job: one Entra tenant, one SCIM service, and how members are sent."""

from dataclasses import dataclass, field

from entra_sandbox.client import ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.observer import NoObserver, WriteObserver
from entra_sandbox.source import Entra


@dataclass(frozen=True, slots=True)
class Job:
    """What provisioning one user or group needs."""

    entra: Entra
    client: ScimClient
    batch_members: bool | None = None
    """Several members in one PATCH; by default only the verbose client does that."""
    observer: WriteObserver = field(default_factory=NoObserver)

    @property
    def dialect(self) -> Dialect:
        """Return the wording of this job."""
        return self.client.dialect

    @property
    def batches_members(self) -> bool:
        """Tell whether several members share one PATCH."""
        if self.batch_members is None:
            return self.dialect is Dialect.VERBOSE
        return self.batch_members
