"""Whether an access token is good at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.names import parse_id
from sso.domain.login import Session, User
from sso.domain.tokens import AccessIds
from sso.usecases.entitlement import is_entitled
from sso.usecases.ports import Sessions, Tenants


@dataclass(frozen=True, slots=True)
class FindAccess:
    """Finds the session of an access token whose signature and time were checked."""

    sessions: Sessions
    tenants: Tenants

    async def __call__(
        self, claims: Mapping[str, Any], now: datetime
    ) -> tuple[Session, User] | None:
        """Return it; None if it is over, the token was revoked, or it is of no person."""
        ids = access_ids(claims)
        found = await self.sessions.find_by_token(ids, now) if ids is not None else None
        if found is None or not await is_entitled(self.tenants, found[0].tenant_id):
            return None
        return found


def access_ids(claims: Mapping[str, Any]) -> AccessIds | None:
    """Return what an access token of a person names; None for an app's own token."""
    names = ("tenant_id", "sid", "jti")
    tenant_id, session_id, token_id = (parse_id(str(claims.get(name))) for name in names)
    if tenant_id is None or session_id is None or token_id is None:
        return None
    return AccessIds(tenant_id, session_id, str(claims.get("client_id")), token_id)
