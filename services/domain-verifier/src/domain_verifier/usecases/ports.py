"""What the use cases need from the outside, and what they may assume about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from domain_verifier.domain.breaker import Breaker, Count
from domain_verifier.domain.claim import Claim, State, Transition
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.start import StartConditions
from kernel.errors import ConflictError
from kernel.tenant import Tenant


class DomainHeldError(ConflictError):
    """Another claim holds the domain; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "domain_held",
            "Another claim holds this domain. An operator has to release that one first.",
        )


class ClaimExistsError(ConflictError):
    """Another request has just started a claim to the domain; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("claim_changed", "The claim has just changed. Try again.")


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim that this worker alone may check, until the lease runs out."""

    claim: Claim
    lease_id: UUID
    revision: int = 0
    """Rises with every change by hand; a result for an older one is dropped."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A claim cannot be checked now."""

    seconds: int
    """Until it is worth trying again."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A person requests a check of a claim."""

    tenant_id: UUID
    claim_id: UUID
    now: datetime
    pause: timedelta
    """Between two requests for this claim."""
    per_minute: int
    """Checks of the tenant's claims that people may request."""


class SaveOutcome(StrEnum):
    """How a check's result was saved; the values are those of the log line `claim.checked`."""

    SAVED = "saved"
    DOMAIN_HELD = "taken"
    """Another claim holds the domain: the claim waits for review, the holder is checked."""
    DROPPED = "lost"
    """The lease was over, or the claim changed meanwhile: the result was dropped."""


@dataclass(frozen=True, slots=True)
class UnsavedCheck:
    """A check that has run, to be saved in one transaction."""

    lease: Lease
    transition: Transition
    evidence: Evidence
    now: datetime
    if_held: Transition
    """What the claim becomes if another one holds the domain."""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """A check that was saved, as the history shows it."""

    check_id: UUID
    at: datetime
    outcome: Outcome
    reason: Reason
    explanation: str
    authenticated: bool
    state: State
    """The claim's state after the check."""
    observations: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One change of a claim, by a check or by a person."""

    at: datetime
    action: str
    actor: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """A live claim of any tenant, as operators see it."""

    domain: str
    tenant: str | None
    """Its name, if the directory has published it."""
    tenant_id: UUID
    claim_id: UUID
    state: State
    kind: str
    """`holder`, `review`, `unseen`, `grace` or `claimant`."""
    since: datetime | None
    last_outcome: str | None
    last_reason: str | None


@dataclass(frozen=True, slots=True)
class SuspectCriteria:
    """How suspects are counted."""

    since: Callable[[Breaker], datetime]
    """From when on a domain that turned ABSENT is one."""
    tenant_limit: int


@dataclass(frozen=True, slots=True)
class ChangedBy:
    """Who changed the breaker, and why."""

    actor: str
    reason: str | None = None


BY_CHECKS = ChangedBy("checks")
"""No person did."""


class Claims(Protocol):
    """The claims; a transition's changes are published if and only if it is saved."""

    async def start(
        self,
        tenant_id: UUID,
        domain: str,
        decide: Callable[[StartConditions], Transition],
        *,
        recent_since: datetime,
        now: datetime,
    ) -> Claim:
        """Lock the tenant's claims, decide, save the new claim if there is one.

        A decision without changes saves nothing. Claims started after `recent_since` are recent.

        Raises ClaimExistsError if the tenant has a live claim to the domain by now.
        """

    async def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """Return a claim of the tenant."""

    async def newest(self, tenant_id: UUID, domain: str) -> Claim | None:
        """Return the tenant's live claim to a domain, or else its newest ended one."""

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int, live: bool = False
    ) -> Sequence[Claim]:
        """Return up to `limit` claims whose ids come after `after`, oldest first."""

    async def lease_due(self, now: datetime, *, limit: int) -> Sequence[Lease]:
        """Lease due claims, the longest due first; nobody else gets them meanwhile."""

    async def lease(self, request: LeaseRequest) -> Lease | Busy:
        """Lease one live claim because a person requested a check.

        Busy if somebody holds the lease, a person requested it less than `pause` ago, or the
        tenant's people have requested `per_minute` checks within a minute.
        """

    async def save_check(self, result: UnsavedCheck) -> SaveOutcome:
        """Save a check's result and give the lease back."""

    async def change(
        self,
        tenant_id: UUID,
        claim_id: UUID,
        decide: Callable[[Claim], Transition],
        *,
        now: datetime,
    ) -> Claim | None:
        """Lock a claim, decide, save; the result of a check under way is dropped.

        None: no such claim.

        Raises DomainHeldError if the decision needs a domain that another claim holds.
        """

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the claim's checks, newest first."""

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the claim, newest first."""

    async def prune_checks(self, before: datetime) -> int:
        """Delete the checks of all tenants from before a moment; return how many."""

    async def needing_attention(
        self, *, unseen_before: datetime, limit: int
    ) -> Sequence[AttentionItem]:
        """Return all tenants' claims that people should decide on, holders of reviewed ones too."""

    async def live_claims_to(self, domain: str) -> Sequence[AttentionItem]:
        """Return all tenants' live claims to a domain, its holder first."""


class LiveClaims(Protocol):
    """The claims inside a transaction that the caller commits."""

    async def change_live(
        self, tenant_id: UUID, decide: Callable[[Claim], Transition], *, now: datetime
    ) -> None:
        """Lock a tenant's live claims, decide on each, save; no new one is started meanwhile."""


class Tenants(Protocol):
    """The tenants as the directory last described them."""

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by id."""

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant by name; raises ConflictError if more than one is known by it."""


class Breakers(Protocol):
    """The one breaker, shared by all replicas."""

    async def current(self) -> Breaker:
        """Return the breaker."""

    async def change(
        self,
        decide: Callable[[Breaker, Count], Breaker],
        *,
        suspect_criteria: SuspectCriteria,
        changed_by: ChangedBy = BY_CHECKS,
    ) -> tuple[Breaker, Breaker]:
        """Lock the breaker, count, decide, save, and log what has changed; return before, after."""

    async def log(self, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the breaker, newest first."""


class Prober(Protocol):
    """DNS."""

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        """Query a claim's record; never raises, always ends in bounded time."""
