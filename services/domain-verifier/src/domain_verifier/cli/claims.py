"""`claim`, `check`, `list`, `show`, `release`, `override`: one tenant's claims."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from chassis.cli import (
    REFUSED,
    Json,
    Runner,
    TenantOption,
    actor,
    print_facts,
    print_json,
    print_rows,
    say,
)
from domain_verifier.cli.facts import (
    CHECK_COLUMNS,
    LIST_COLUMNS,
    LOG_COLUMNS,
    check_facts,
    claim_facts,
    log_facts,
)
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.evidence import Outcome
from domain_verifier.usecases.checks import CompletedCheck
from domain_verifier.usecases.claims import ClaimDetails
from domain_verifier.usecases.use_cases import UseCases
from kernel.errors import InvalidError

PAGE = 500

ClaimArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="The domain, or the claim's id.")
]


class ClaimCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def claim(
        self,
        domain: Annotated[str, typer.Argument(help="The domain, as people write it.")],
        tenant: TenantOption,
        as_json: Json = False,
    ) -> None:
        """Claim a domain for a tenant and print the record to publish."""

        async def command(use_cases: UseCases) -> Claim:
            tenant_id = await use_cases.find_tenant(tenant)
            return (await use_cases.start_claim(tenant_id, domain)).claim

        print_facts(claim_facts(self._run(command)), as_json=as_json)

    def check(self, domain: ClaimArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Look at the record now and say what was found; exit code 1 unless it is right."""

        async def command(use_cases: UseCases) -> CompletedCheck:
            claim = await self._find(use_cases, tenant, domain)
            return await use_cases.check_claim(claim.tenant_id, claim.claim_id)

        completed = self._run(command)
        facts = {
            "outcome": completed.evidence.outcome.value,
            "reason": completed.evidence.reason.value,
            **claim_facts(completed.transition.claim),
        }
        if as_json:
            print_json(facts)
        else:
            say(f"{facts['outcome']} ({facts['reason']}): {facts['explanation']}")
            say(f"The claim is {facts['state']}; next look at {facts['next_check_at']}.")
        if completed.evidence.outcome is not Outcome.PRESENT:
            raise typer.Exit(REFUSED)

    def list(self, tenant: TenantOption, live: bool = False, as_json: Json = False) -> None:
        """List a tenant's claims, oldest first."""

        async def command(use_cases: UseCases) -> list[Claim]:
            tenant_id = await use_cases.find_tenant(tenant)
            claims: list[Claim] = []
            after: UUID | None = None
            while True:
                page = await use_cases.list_claims(tenant_id, after=after, limit=PAGE, live=live)
                claims += page
                if len(page) < PAGE:
                    return claims
                after = page[-1].claim_id

        rows = [claim_facts(claim) for claim in self._run(command)]
        print_rows(rows, columns=LIST_COLUMNS, as_json=as_json)

    def show(self, domain: ClaimArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Show a claim, its recent checks and what happened to it."""

        async def command(use_cases: UseCases) -> ClaimDetails:
            claim = await self._find(use_cases, tenant, domain)
            return await use_cases.get_claim(claim.tenant_id, claim.claim_id)

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

        async def command(use_cases: UseCases) -> Claim:
            claim = await self._find(use_cases, tenant, domain)
            return await use_cases.release_claim(
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

        async def command(use_cases: UseCases) -> Claim:
            claim = await self._find(use_cases, tenant, domain)
            return await use_cases.override_claim(
                claim.tenant_id,
                claim.claim_id,
                lasts=parse_days(days),
                actor=actor(),
                approved_by=approved_by,
                reason=reason,
            )

        print_facts(claim_facts(self._run(command)), as_json=as_json)

    async def _find(self, use_cases: UseCases, tenant: str, domain: str) -> Claim:
        tenant_id = await use_cases.find_tenant(tenant)
        return await use_cases.find_claim(tenant_id, domain)


def parse_days(days: float) -> timedelta:
    """Return so many days; raises InvalidError for what is no time."""
    try:
        return timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidError("override_too_long", f"{days} is not a number of days.") from None


def claim_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the commands of claims."""
    claims = ClaimCommands(run)
    app = typer.Typer()
    app.command()(claims.claim)
    app.command()(claims.check)
    app.command()(claims.list)
    app.command()(claims.show)
    app.command()(claims.release)
    app.command()(claims.override)
    return app
