"""The demo on the real stack: a domain is claimed, not found, published, found, audited."""

import io

import pytest
from rich.console import Console

from chassis.ids import uuid7
from demo import domain_proof
from demo.domain_proof import DomainProofError, prove_domain
from demo.stack import Stack
from dns_sandbox.client import ZoneClient

pytestmark = pytest.mark.timeout(300)


def recording() -> Console:
    return Console(file=io.StringIO(), width=300)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_first_the_failing_check_is_shown_and_then_the_passing_one(stack: Stack) -> None:
    console, tenant = recording(), stack.make_tenant(f"dns-{uuid7().hex}")
    await prove_domain(console, stack, tenant)
    shown = printed(console)
    places = [
        shown.index(text)
        for text in (
            "token=",
            "absent (no_record)",
            "Publish the record",
            "present (matched)",
            f"{tenant.name}.test is verified",
            "domain.claimed",
            "domain.verified",
        )
    ]
    assert places == sorted(places)
    assert "present" not in shown[: shown.index("Publish the record")]


async def test_a_record_that_is_not_published_ends_the_demo_with_a_sentence(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain_proof, "publish", lambda *_: None)
    monkeypatch.setattr(domain_proof, "VERIFIED_WITHIN", 3.0)
    tenant = stack.make_tenant(f"dns-{uuid7().hex}")
    with pytest.raises(DomainProofError, match="was not verified within 3 s"):
        await prove_domain(recording(), stack, tenant)


async def test_a_record_that_is_there_too_early_is_noticed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = stack.make_tenant(f"dns-{uuid7().hex}")
    claim = domain_proof.DomainProof.claim

    async def claim_and_publish(proof: domain_proof.DomainProof) -> dict[str, str]:
        record = await claim(proof)
        with ZoneClient(str(stack.run["dns"]["control"])) as provider:
            provider.publish(record["record_name"], record["record_value"])
        return record

    monkeypatch.setattr(domain_proof.DomainProof, "claim", claim_and_publish)
    monkeypatch.setattr(domain_proof.DomainProof, "_was_checked", _asked_and_was_checked)
    with pytest.raises(DomainProofError, match="was seen before its record was published"):
        await prove_domain(recording(), stack, tenant)


def _asked_and_was_checked(proof: domain_proof.DomainProof) -> bool:
    """Look until the record is seen: the worker may have been quicker than its publication."""
    proof._show_checks()
    return "present" in proof._outcomes.values()
