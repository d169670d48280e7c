"""What commands show of claims, checks and changes."""

import dataclasses
from typing import Any

from domain_verifier.domain.challenge import record_for
from domain_verifier.domain.claim import Claim, State
from domain_verifier.usecases.ports import AttentionItem, CheckRecord, LogRecord

LIST_COLUMNS = ("domain", "state", "verified_at", "next_check_at", "last_outcome", "claim_id")
CHECK_COLUMNS = ("at", "outcome", "reason", "state", "dnssec", "explanation")
ATTENTION_COLUMNS = ("kind", "domain", "state", "tenant", "since", "last_outcome", "last_reason")
LOG_COLUMNS = ("at", "action", "actor", "details")


def claim_facts(claim: Claim) -> dict[str, Any]:
    """Return what is shown of a claim, the record to publish included."""
    record = record_for(claim.domain, claim.token)
    return {
        "domain": claim.domain.shown,
        "state": claim.state.value,
        "claim_id": claim.claim_id,
        "tenant_id": claim.tenant_id,
        "record_host": record.host,
        "record_name": record.name,
        "record_type": "TXT",
        "record_value": record.value,
        "created_at": claim.created_at,
        "expires_at": claim.expires_at if claim.state is State.PENDING else None,
        "verified_at": claim.verified_at,
        "dnssec": claim.authenticated,
        "in_review_since": claim.review_since,
        "contested_since": claim.contested_since,
        "absent_since": claim.absent_since,
        "grace_ends_at": claim.grace_ends_at,
        "override_until": claim.override_until,
        "ended_at": claim.ended_at,
        "next_check_at": claim.next_check_at,
        "last_checked_at": claim.last_checked_at,
        "last_outcome": claim.last_outcome,
        "last_reason": claim.last_reason,
        "explanation": claim.last_explanation,
    }


def check_facts(check: CheckRecord) -> dict[str, Any]:
    """Return what is shown of a check."""
    return {
        "at": check.at,
        "outcome": check.outcome.value,
        "reason": check.reason.value,
        "state": check.state.value,
        "dnssec": check.authenticated,
        "explanation": check.explanation,
        "resolvers": list(check.observations),
    }


def log_facts(record: LogRecord) -> dict[str, Any]:
    """Return what is shown of a change."""
    return {
        "at": record.at,
        "action": record.action,
        "actor": record.actor,
        "details": dict(record.details),
    }


def attention_facts(item: AttentionItem) -> dict[str, Any]:
    """Return what operators are shown of any tenant's claim."""
    return {**dataclasses.asdict(item), "state": item.state.value}
