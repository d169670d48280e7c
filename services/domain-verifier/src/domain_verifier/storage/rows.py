"""Claims as rows and back."""

import hashlib
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.evidence import Answer, Evidence, Observation, Outcome, Reason
from domain_verifier.domain.name import DomainName
from domain_verifier.usecases.ports import AttentionItem, CheckRecord

_COLUMN_OF = {"check_count": "looks"}
"""Columns that have another name than the field of a claim."""

CHANGING = (
    "next_check_at",
    "check_count",
    "first_seen_at",
    "proved_at",
    "review_since",
    "verified_at",
    "authenticated",
    "absent_since",
    "counted_since",
    "counted_at",
    "absent_count",
    "unknown_since",
    "grace_started_at",
    "grace_ends_at",
    "grace_warnings",
    "override_until",
    "ended_at",
    "last_checked_at",
    "last_outcome",
    "last_reason",
    "last_explanation",
    "expires_at",
)
"""The fields that a change of a claim writes, apart from its state."""


def claim_of(row: asyncpg.Record) -> Claim:
    """Return the claim of a row."""
    outcome, reason = row["last_outcome"], row["last_reason"]
    values: dict[str, Any] = {name: row[_COLUMN_OF.get(name, name)] for name in CHANGING}
    values["last_outcome"] = Outcome(outcome) if outcome else None
    values["last_reason"] = Reason(reason) if reason else None
    return Claim(
        tenant_id=row["tenant_id"],
        claim_id=row["claim_id"],
        domain=DomainName(row["domain"], row["registrable"]),
        token=row["token"],
        state=State(row["state"]),
        created_at=row["created_at"],
        contested_since=row["contested_since"],
        **values,
    )


def changing_values(claim: Claim) -> dict[str, Any]:
    """Return the values that a change of a claim writes, by the queries' parameters."""
    return {"state": claim.state.value, **{name: getattr(claim, name) for name in CHANGING}}


def observations_of(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Return each resolver's answer without the values: they may hold others' tokens."""
    return [_observation(observation) for observation in evidence.observations]


def _observation(observation: Observation) -> dict[str, Any]:
    shown = _answer(observation.answer)
    if observation.sibling is not None:
        shown["sibling"] = observation.sibling.status.value
    return shown


def _answer(answer: Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "resolver": answer.resolver,
        "status": answer.status.value,
        "authenticated": answer.authenticated,
        "ad": answer.ad,
        "zone": answer.zone,
        "ttl": answer.ttl,
        "records": len(answer.values),
        "digest": hashlib.sha256(b"\0".join(answer.values)).hexdigest()[:16],
    }
    if answer.chain:
        shown["chain"] = list(answer.chain)
    if answer.detail:
        shown["detail"] = answer.detail
    return shown


def attention_item(row: asyncpg.Record) -> AttentionItem:
    """Return what operators see of a row."""
    return AttentionItem(**{**row, "state": State(row["state"])})


def check_of(row: asyncpg.Record) -> CheckRecord:
    """Return the check of a row."""
    observations: list[dict[str, Any]] = orjson.loads(row["looks"])
    return CheckRecord(
        check_id=row["check_id"],
        at=row["checked_at"],
        outcome=Outcome(row["outcome"]),
        reason=Reason(row["reason"]),
        explanation=row["explanation"],
        authenticated=row["authenticated"],
        state=State(row["state"]),
        observations=observations,
    )
