"""What the API takes and gives; tokens are shown, since their place is the public DNS."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain_verifier.domain.challenge import record_for
from domain_verifier.domain.claim import Claim
from domain_verifier.usecases.ports import CheckRecord, LogRecord


class Body(BaseModel):
    """A request's body: a field that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StartBody(Body):
    """A new claim."""

    domain: str = Field(max_length=1000)


class ReleaseBody(Body):
    """Why a claim is given up."""

    reason: str = Field("released by an admin", min_length=1, max_length=500)


class OverrideBody(Body):
    """Who approves an override, and why."""

    days: float = Field(gt=0, le=365)
    approved_by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=500)


class RecordView(BaseModel):
    """The TXT record to publish."""

    host: str
    name: str
    type: str = "TXT"
    value: str


class ClaimView(BaseModel):
    """A claim as its tenant sees it."""

    claim_id: UUID
    domain: str
    domain_shown: str
    state: str
    record: RecordView
    created_at: datetime
    expires_at: datetime | None
    verified_at: datetime | None
    authenticated: bool
    in_review: bool
    grace_ends_at: datetime | None
    override_until: datetime | None
    ended_at: datetime | None
    next_check_at: datetime | None
    last_checked_at: datetime | None
    last_outcome: str | None
    last_reason: str | None
    explanation: str | None


class CheckView(BaseModel):
    """One check of the history."""

    at: datetime
    outcome: str
    reason: str
    explanation: str
    authenticated: bool
    state: str
    resolvers: list[dict[str, Any]]


class LogView(BaseModel):
    """One change of the claim."""

    at: datetime
    action: str
    actor: str
    details: dict[str, Any]


class ClaimDetailsView(BaseModel):
    """A claim with its history."""

    claim: ClaimView
    checks: list[CheckView]
    log: list[LogView]


class ClaimPage(BaseModel):
    """Some of a tenant's claims."""

    claims: list[ClaimView]
    next: UUID | None = None
    """Give it as `after` to get the next page."""


def claim_view(claim: Claim) -> ClaimView:
    """Return what is shown of a claim."""
    record = record_for(claim.domain, claim.token)
    pending = claim.state == "pending"
    return ClaimView(
        claim_id=claim.claim_id,
        domain=claim.domain.ascii,
        domain_shown=claim.domain.shown,
        state=claim.state.value,
        record=RecordView(host=record.host, name=record.name, value=record.value),
        created_at=claim.created_at,
        expires_at=claim.expires_at if pending else None,
        verified_at=claim.verified_at,
        authenticated=claim.authenticated,
        in_review=claim.review_since is not None,
        grace_ends_at=claim.grace_ends_at,
        override_until=claim.override_until,
        ended_at=claim.ended_at,
        next_check_at=claim.next_check_at,
        last_checked_at=claim.last_checked_at,
        last_outcome=claim.last_outcome,
        last_reason=claim.last_reason,
        explanation=claim.last_explanation,
    )


def check_view(check: CheckRecord) -> CheckView:
    """Return what is shown of a check."""
    return CheckView(
        at=check.at,
        outcome=check.outcome.value,
        reason=check.reason.value,
        explanation=check.explanation,
        authenticated=check.authenticated,
        state=check.state.value,
        resolvers=[dict(observation) for observation in check.observations],
    )


def log_view(record: LogRecord) -> LogView:
    """Return what is shown of a change."""
    return LogView(
        at=record.at, action=record.action, actor=record.actor, details=dict(record.details)
    )
