"""Events of sign-on on `sso-events`: who is out, and what admins must look after."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Contract

MAX_SESSIONS_PER_EVENT = 1_000


class RevokedSession(Contract):
    """A session that is over."""

    session_id: UUID
    """The `sid` of its tokens."""
    user_id: UUID
    """Their `sub`."""


class SsoSessionRevoked(Contract):
    """Sessions ended before their time: whoever holds a token of one is refused from now on.

    One event for each cause; its subject is the user where all are one user's, else the tenant.
    A session that is over because its time is has no event.
    """

    sessions: list[RevokedSession] = Field(min_length=1, max_length=MAX_SESSIONS_PER_EVENT)
    reason: str
    """`logout`, `user_deactivated`, `user_deleted`, `role_changed`, `tenant_not_entitled`,
    `tenant_deleted`, `connection_suspended`, `client_disabled`,
    `refresh_token_reused`, `code_reused` or `revoked` by an operator."""


class SsoConnectionCertificateExpiring(Contract):
    """The last certificate that a connection trusts ends soon, or has ended.

    Its subject is the connection.

    It is said once for each of the days, and anew when other certificates come. Sign-in goes on by
    a certificate that has ended while the identity provider signs by it, as Entra does.
    """

    connection_id: UUID
    ends_at: datetime
    """When the last of the certificates ends."""
    days_left: Literal[60, 30, 7, 0]
    """It ends within so many days; 0: it has ended."""
