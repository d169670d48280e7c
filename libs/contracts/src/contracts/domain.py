"""Events of the domain verifier on `domain-events`: which tenant holds which DNS domain.

A tenant holds a domain from `verified` until `lapsed` or `released`; `grace` warns and takes
nothing away. No two tenants hold one domain at the same time; but events of two tenants have no
order on the bus, so a consumer may hear of the next holder before it hears that the last one is
gone.
"""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from contracts.base import Contract


class DomainClaim(Contract):
    """A tenant's claim to exactly one name: not to what is above or below it."""

    claim_id: UUID
    domain: str
    """Lower-case A-labels without a trailing dot."""
    registrable_domain: str
    """The public suffix and one label, under which the domain is registered."""
    state: str
    """`pending`, `verified`, `grace`, `lapsed`, `failed` or `released`."""


class DomainEvent(Contract):
    """What every event of a claim carries."""

    claim: DomainClaim


class DomainClaimed(DomainEvent):
    """A tenant claimed a domain; nothing is proved yet and nothing is reserved."""

    expires_at: datetime
    """When the claim fails if its record has not appeared."""


class DomainVerified(DomainEvent):
    """The tenant holds the domain from now on, or is out of grace again."""

    method: str
    """`dns`, or `override` when operators vouched for it."""
    recovered: bool = False
    """The record came back during grace; the tenant held the domain all the time."""
    authenticated: bool = False
    """DNSSEC vouched for the record."""
    override_until: datetime | None = None
    actor: str | None = None
    """The operator who vouched."""
    approved_by: str | None = None
    reason: str | None = None
    """Why operators vouched."""


class DomainGrace(DomainEvent):
    """A warning: the record is gone, and the domain lapses unless it comes back.

    The first warning says that grace has begun.
    """

    grace_ends_at: datetime
    warning: int = Field(ge=1)
    reason: str
    """What DNS says: `no_record`, `wrong_value`, `cname_broken`, …"""


class DomainLapsed(DomainEvent):
    """The tenant lost the domain, for its record stayed away through grace."""

    reason: str


class DomainFailed(DomainEvent):
    """The record never appeared in the claim's lifetime."""

    reason: str


class DomainReleased(DomainEvent):
    """Somebody gave the claim up; the tenant holds the domain no longer."""

    reason: str
    actor: str
