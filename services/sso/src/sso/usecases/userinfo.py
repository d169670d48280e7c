"""What an access token tells an app of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.clock import Clock
from kernel.errors import UnauthenticatedError
from sso.domain.tokens import ACCESS_TOKEN
from sso.usecases.access import FindAccess
from sso.usecases.issuing import user_claims
from sso.usecases.ports import People, Signer


@dataclass(frozen=True, slots=True)
class TellUser:
    """Tells an app about the person whose access token it holds (`userinfo`)."""

    find_access: FindAccess
    people: People
    signer: Signer
    issuer: str
    clock: Clock

    async def __call__(self, token: str) -> Mapping[str, Any]:
        """Return the claims, or raise UnauthenticatedError: the token or the session is over."""
        now = self.clock.now()
        claims = self.signer.read(token, typ=ACCESS_TOKEN, audience=self.issuer, now=now)
        found = await self.find_access(claims, now)
        if found is None:
            raise UnauthenticatedError("session-over", "The session is over; sign in again.")
        _, user = found
        domains = await self.people.domains(user.tenant_id)
        return {"sub": str(user.id), **user_claims(user, str(claims["scope"]), domains)}
