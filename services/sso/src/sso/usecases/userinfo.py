"""What an access token tells an app of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.clock import Clock
from kernel.errors import UnauthenticatedError
from kernel.names import parse_id
from sso.domain.tokens import ACCESS_TOKEN
from sso.usecases.entitlement import is_entitled
from sso.usecases.issuing import user_claims
from sso.usecases.ports import People, Sessions, Signer, Tenants


@dataclass(frozen=True, slots=True)
class TellUser:
    """Tells an app about the person whose access token it holds (`userinfo`)."""

    sessions: Sessions
    people: People
    tenants: Tenants
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, token: str) -> Mapping[str, Any]:
        """Return the claims, or raise UnauthenticatedError: the token or the session is over."""
        now = self.clock.now()
        claims = self.signer.read(token, typ=ACCESS_TOKEN, audience=self.issuer, now=now)
        tenant_id, session_id = _ids(claims)
        found = await self.sessions.find_by_id(tenant_id, session_id, now)
        if found is None or not await is_entitled(self.tenants, tenant_id):
            raise UnauthenticatedError("session-over", "The session is over; sign in again.")
        _, user = found
        domains = await self.people.domains(tenant_id)
        return {"sub": str(user.id), **user_claims(user, str(claims["scope"]), domains)}


def _ids(claims: Mapping[str, Any]) -> tuple[UUID, UUID]:
    tenant_id, session_id = (parse_id(str(claims.get(name))) for name in ("tenant_id", "sid"))
    if tenant_id is None or session_id is None:
        raise UnauthenticatedError("token-invalid", "The access token is not good here.")
    return tenant_id, session_id
