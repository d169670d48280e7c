"""`/api/domains/…`: a tenant's claims over HTTP, behind an authoriser."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from chassis.http import Authoriser, admitted, guarded_route, operating, principal_of
from domain_verifier.api.schemas import (
    ClaimDetailsView,
    ClaimPage,
    ClaimView,
    OverrideBody,
    ReleaseBody,
    StartBody,
    check_view,
    claim_view,
    log_view,
)
from domain_verifier.usecases.use_cases import UseCases

MAX_PAGE = 100


class DomainRoutes:
    """The handlers of the routes."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    async def start_claim(
        self, tenant_id: UUID, body: StartBody, request: Request, response: Response
    ) -> ClaimView:
        """Claim a domain; 200 with the claim that lives already, if there is one."""
        admitted(principal_of(request), tenant_id)
        started = await self._use_cases.start_claim(tenant_id, body.domain)
        if started.new:
            response.status_code = 201
        response.headers["Location"] = f"{request.url.path}/{started.claim.claim_id}"
        return claim_view(started.claim)

    async def list_claims(
        self,
        tenant_id: UUID,
        request: Request,
        after: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        live: bool = False,
    ) -> ClaimPage:
        """List the tenant's claims, oldest first."""
        admitted(principal_of(request), tenant_id)
        claims = await self._use_cases.list_claims(
            tenant_id, after=after, limit=limit + 1, live=live
        )
        page = [claim_view(claim) for claim in claims[:limit]]
        return ClaimPage(claims=page, next=page[-1].claim_id if len(claims) > limit else None)

    async def show_claim(
        self, tenant_id: UUID, claim_id: UUID, request: Request
    ) -> ClaimDetailsView:
        """Show a claim with its recent checks and changes."""
        admitted(principal_of(request), tenant_id)
        details = await self._use_cases.get_claim(tenant_id, claim_id)
        return ClaimDetailsView(
            claim=claim_view(details.claim),
            checks=[check_view(check) for check in details.checks],
            log=[log_view(record) for record in details.log],
        )

    async def check_claim(self, tenant_id: UUID, claim_id: UUID, request: Request) -> ClaimView:
        """Check the record now."""
        admitted(principal_of(request), tenant_id)
        completed = await self._use_cases.check_claim(tenant_id, claim_id)
        return claim_view(completed.transition.claim)

    async def release_claim(
        self, tenant_id: UUID, claim_id: UUID, body: ReleaseBody, request: Request
    ) -> ClaimView:
        """Give the claim up."""
        principal = admitted(principal_of(request), tenant_id)
        claim = await self._use_cases.release_claim(
            tenant_id, claim_id, actor=principal.actor, reason=body.reason
        )
        return claim_view(claim)

    async def override_claim(
        self, tenant_id: UUID, claim_id: UUID, body: OverrideBody, request: Request
    ) -> ClaimView:
        """Let the claim hold its domain without proof by DNS, on two operators' approval."""
        principal = operating(admitted(principal_of(request), tenant_id))
        claim = await self._use_cases.override_claim(
            tenant_id,
            claim_id,
            lasts=timedelta(days=body.days),
            actor=principal.actor,
            approved_by=body.approved_by,
            reason=body.reason,
        )
        return claim_view(claim)


def domain_router(use_cases: UseCases, authorise: Authoriser) -> APIRouter:
    """Return the routes of `/api/domains/…`."""
    routes = DomainRoutes(use_cases)
    router = APIRouter(
        prefix="/api/domains/tenants/{tenant_id}/claims", route_class=guarded_route(authorise)
    )
    one = "/{claim_id}"
    router.add_api_route("", routes.start_claim, methods=["POST"], name="start_claim")
    router.add_api_route("", routes.list_claims, methods=["GET"], name="list_claims")
    router.add_api_route(one, routes.show_claim, methods=["GET"], name="show_claim")
    for verb, handler in (
        ("check", routes.check_claim),
        ("release", routes.release_claim),
        ("override", routes.override_claim),
    ):
        router.add_api_route(f"{one}/{verb}", handler, methods=["POST"], name=f"{verb}_claim")
    return router
