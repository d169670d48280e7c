"""Sessions and codes in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import read_queries
from sso.domain.login import AuthorizationRequest, NewCode, Outcome, Session, User
from sso.domain.tokens import AccessIds
from sso.storage import rows

QUERIES = read_queries("sso.storage", "sessions")
_ASKED = ("client_id", "redirect_uri", "code_challenge", "nonce", "scope")
"""What a code keeps of the request that it answers."""


@dataclass(frozen=True, slots=True)
class PostgresSessions:
    """The sessions of all tenants."""

    pool: asyncpg.Pool

    async def start(
        self, session: Session, secret_digest: bytes, outcome: Outcome, code: NewCode | None
    ) -> bool:
        """Store a new session; False if the person or the connection may no longer."""
        values = {
            "tenant_id": session.tenant_id,
            "id": session.id,
            "user_id": session.user_id,
            "connection_id": session.connection_id,
            "secret_digest": secret_digest,
            "name_id": outcome.name_id,
            "name_id_format": outcome.name_id_format,
            "session_index": outcome.session_index,
            "authenticated_at": session.authenticated_at,
            "expires_at": session.expires_at,
            "ends_at": session.ends_at,
            "idle": session.idle,
            "acr": session.acr,
            "amr": list(session.amr),
        }
        asked = _asked(code.request) if code is not None else dict.fromkeys(_ASKED)
        query = QUERIES["insert_session"](
            **values,
            **asked,
            code_digest=code.digest if code is not None else None,
            code_expires_at=code.expires_at if code is not None else None,
        )
        return await self.pool.fetchval(*query) is not None

    async def find(self, secret_digest: bytes, at: datetime) -> tuple[Session, User] | None:
        """Return a live session of somebody who may sign in."""
        query = QUERIES["find_session"](secret_digest=secret_digest, now=at)
        row = await self.pool.fetchrow(*query)
        return None if row is None else (rows.session(row), rows.user(row))

    async def find_by_token(self, ids: AccessIds, at: datetime) -> tuple[Session, User] | None:
        """Return the live session of an access token that was not revoked."""
        query = QUERIES["find_session_by_token"](
            tenant_id=ids.tenant_id,
            session_id=ids.session_id,
            client_id=ids.client_id,
            token_id=ids.token_id,
            now=at,
        )
        row = await self.pool.fetchrow(*query)
        return None if row is None else (rows.session(row), rows.user(row))

    async def issue_code(self, session: Session, code: NewCode, at: datetime) -> None:
        """Store a code; the session is not idle then."""
        await self.pool.execute(
            *QUERIES["insert_code"](
                tenant_id=session.tenant_id,
                digest=code.digest,
                session_id=session.id,
                expires_at=code.expires_at,
                now=at,
                **_asked(code.request),
            )
        )


def _asked(request: AuthorizationRequest) -> dict[str, str | None]:
    return {name: getattr(request, name) for name in _ASKED}
