"""`claim`, `check`, `list`, `show`, `release`, `override`, `attention`, `breaker`."""

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from chassis.cli import (
    REFUSED,
    Json,
    TenantOption,
    actor,
    commands,
    print_facts,
    print_json,
    print_rows,
)
from domain_verifier.cli.facts import (
    ATTENTION_COLUMNS,
    CHECK_COLUMNS,
    LIST_COLUMNS,
    LOG_COLUMNS,
    attention_facts,
    check_facts,
    claim_facts,
    log_facts,
)
from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.evidence import Outcome
from domain_verifier.usecases.checks import CompletedCheck
from domain_verifier.usecases.ports import AttentionItem, LogRecord
from domain_verifier.usecases.show import ClaimDetails
from domain_verifier.usecases.use_cases import Verifier
from kernel.errors import InvalidError

PAGE = 500

Runner = commands.Runner[Verifier]

ClaimArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="The domain, or the claim's id.")
]


class ClaimCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner) -> None:
        self._run = run

    def claim(
        self,
        domain: Annotated[str, typer.Argument(help="The domain, as people write it.")],
        tenant: TenantOption,
        as_json: Json = False,
    ) -> None:
        """Claim a domain for a tenant and print the record to publish."""

        async def command(verifier: Verifier) -> Claim:
            tenant_id = await verifier.find_tenant(tenant)
            return (await verifier.start(tenant_id, domain)).claim

        print_facts(claim_facts(self._run(command)), as_json=as_json)

    def check(self, domain: ClaimArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Look at the record now and say what was found; exit code 1 unless it is right."""

        async def command(verifier: Verifier) -> CompletedCheck:
            claim = await self._find(verifier, tenant, domain)
            return await verifier.check(claim.tenant_id, claim.claim_id)

        completed = self._run(command)
        facts = {
            "outcome": completed.evidence.outcome.value,
            "reason": completed.evidence.reason.value,
            **claim_facts(completed.transition.claim),
        }
        if as_json:
            print_json(facts)
        else:
            typer.echo(f"{facts['outcome']} ({facts['reason']}): {facts['explanation']}")
            typer.echo(f"The claim is {facts['state']}; next look at {facts['next_check_at']}.")
        if completed.evidence.outcome is not Outcome.PRESENT:
            raise typer.Exit(REFUSED)

    def list(self, tenant: TenantOption, live: bool = False, as_json: Json = False) -> None:
        """List a tenant's claims, oldest first."""

        async def command(verifier: Verifier) -> list[Claim]:
            tenant_id = await verifier.find_tenant(tenant)
            claims: list[Claim] = []
            after: UUID | None = None
            while True:
                page = await verifier.list(tenant_id, after=after, limit=PAGE, live=live)
                claims += page
                if len(page) < PAGE:
                    return claims
                after = page[-1].claim_id

        rows = [claim_facts(claim) for claim in self._run(command)]
        print_rows(rows, columns=LIST_COLUMNS, as_json=as_json)

    def show(self, domain: ClaimArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Show a claim, its recent checks and what happened to it."""

        async def command(verifier: Verifier) -> ClaimDetails:
            claim = await self._find(verifier, tenant, domain)
            return await verifier.show(claim.tenant_id, claim.claim_id)

        details = self._run(command)
        facts = claim_facts(details.claim)
        checks = [check_facts(check) for check in details.checks]
        log = [log_facts(record) for record in details.log]
        if as_json:
            print_json({**facts, "checks": checks, "log": log})
            return
        print_facts(facts, as_json=False)
        print_rows(checks, columns=CHECK_COLUMNS, as_json=False)
        print_rows(log, columns=LOG_COLUMNS, as_json=False)

    def release(
        self,
        domain: ClaimArgument,
        tenant: TenantOption,
        reason: Annotated[str, typer.Option(help="Why; it is logged.")],
        as_json: Json = False,
    ) -> None:
        """Give a claim up; the domain is free at once."""

        async def command(verifier: Verifier) -> Claim:
            claim = await self._find(verifier, tenant, domain)
            return await verifier.release(
                claim.tenant_id, claim.claim_id, actor=actor(), reason=reason
            )

        print_facts(claim_facts(self._run(command)), as_json=as_json)

    def override(
        self,
        domain: ClaimArgument,
        tenant: TenantOption,
        days: Annotated[float, typer.Option(help="Days it lasts, 30 at most.")],
        approved_by: Annotated[str, typer.Option(help="The second person.")],
        reason: Annotated[str, typer.Option(help="Why; it is logged and published.")],
        as_json: Json = False,
    ) -> None:
        """Let a claim hold its domain on two people's word, whatever DNS says, for some days."""

        async def command(verifier: Verifier) -> Claim:
            claim = await self._find(verifier, tenant, domain)
            return await verifier.override(
                claim.tenant_id,
                claim.claim_id,
                lasts=parse_days(days),
                actor=actor(),
                approved_by=approved_by,
                reason=reason,
            )

        print_facts(claim_facts(self._run(command)), as_json=as_json)

    def attention(
        self,
        domain: Annotated[
            str | None, typer.Argument(help="Show all live claims to this domain instead.")
        ] = None,
        as_json: Json = False,
    ) -> None:
        """List what needs people, over all tenants: reviews and their holders, grace, unseen."""

        async def command(verifier: Verifier) -> Sequence[AttentionItem]:
            return await verifier.needing_attention(domain=domain)

        rows = [attention_facts(item) for item in self._run(command)]
        print_rows(rows, columns=ATTENTION_COLUMNS, as_json=as_json)

    def breaker(
        self,
        accept: Annotated[
            bool, typer.Option("--accept", help="Close it: the domains are really gone.")
        ] = False,
        reason: Annotated[str, typer.Option(help="How that is known; it is logged.")] = "",
        as_json: Json = False,
    ) -> None:
        """Say whether the breaker holds up all transitions, or close it."""

        async def command(verifier: Verifier) -> tuple[Breaker, Sequence[LogRecord]]:
            if accept:
                await verifier.accept_denials(actor=actor(), reason=reason)
            return await verifier.breakers.current(), await verifier.breakers.log(limit=PAGE)

        breaker, records = self._run(command)
        facts = {"open": breaker.is_open, **dataclasses.asdict(breaker)}
        log = [log_facts(record) for record in records]
        if as_json:
            print_json({**facts, "log": log})
            return
        print_facts(facts, as_json=False)
        print_rows(log, columns=LOG_COLUMNS, as_json=False)

    async def _find(self, verifier: Verifier, tenant: str, domain: str) -> Claim:
        tenant_id = await verifier.find_tenant(tenant)
        return await verifier.find(tenant_id, domain)


def parse_days(days: float) -> timedelta:
    """Return so many days; raises InvalidError for what is no time."""
    try:
        return timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidError("override_too_long", f"{days} is not a number of days.") from None


def verifier_cli(
    open_verifier: Callable[[], AbstractAsyncContextManager[Verifier]],
) -> typer.Typer:
    """Return all commands, on a verifier that is opened for each command."""
    claims = ClaimCommands(Runner(open_verifier))
    app = typer.Typer()
    for command in (
        claims.claim,
        claims.check,
        claims.list,
        claims.show,
        claims.release,
        claims.override,
        claims.attention,
        claims.breaker,
    ):
        app.command()(command)
    return app
