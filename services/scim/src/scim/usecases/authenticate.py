"""Who is calling: a bearer token of the tenant in the URL, or nobody.

What a digest opens is remembered for less than 5 s, so that a revoked token stops within 5 s in
every process. Nothing tells a wrong token, another tenant's, and an unknown tenant apart.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from kernel.errors import Kind
from kernel.names import parse_id
from kernel.tenant import Tenant
from scim.domain.errors import ScimError
from scim.usecases.ports import Grant, Tokens

REMEMBERED_SECONDS = 4.0
REMEMBERED_GRANTS = 10_000
_SCHEME = "bearer "


def digest_of(secret: str, key: bytes) -> bytes:
    """Return the keyed digest under which a token is stored."""
    return hmac.digest(key, secret.encode(), hashlib.sha256)


@dataclass(slots=True)
class Authenticate:
    """Tells which tenant a request may act for."""

    tokens: Tokens
    digest_key: bytes
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    uses: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)
    """When tokens (tenant id, token id) were last used, until it is written."""
    _good: "_Memory" = field(init=False)
    _bad: "_Memory" = field(init=False)

    def __post_init__(self) -> None:
        # Two memories, so that a flood of guesses cannot push out what the real clients use.
        self._good = _Memory(self.monotonic)
        self._bad = _Memory(self.monotonic)

    async def __call__(self, tenant: str, authorization: str) -> Tenant:
        """Return the tenant that the token opens.

        Raises:
            ScimError: The token is not good for this tenant, or the tenant may not use SCIM.
        """
        now = self.clock.now()
        grant = await self._grant(tenant, authorization, now)
        if grant is None or grant.expires_at <= now:
            raise ScimError(
                Kind.UNAUTHENTICATED,
                "The bearer token is not valid for this tenant URL; check both, make a new token.",
            )
        self.uses[grant.tenant.tenant_id, grant.token_id] = now
        _refuse_without_scim(grant.tenant)
        return grant.tenant

    async def _grant(self, tenant: str, authorization: str, now: datetime) -> Grant | None:
        secret = authorization[len(_SCHEME) :].strip()
        tenant_id = parse_id(tenant)
        if authorization[: len(_SCHEME)].lower() != _SCHEME or not secret or tenant_id is None:
            return None
        key = (tenant_id, digest_of(secret, self.digest_key))
        known = self._good.get(key) or self._bad.get(key)
        if known is not None:
            return known.grant
        asked_at = self.monotonic()
        grant = await self.tokens.find(*key, now)
        memory = self._bad if grant is None else self._good
        memory.put(key, _Known(asked_at + REMEMBERED_SECONDS, grant))
        return grant

    def take_uses(self) -> dict[tuple[UUID, UUID], datetime]:
        """Hand over what was truncated of the tokens' use."""
        uses, self.uses = self.uses, {}
        return uses


def _refuse_without_scim(tenant: Tenant) -> None:
    if not tenant.is_active:
        raise ScimError(
            Kind.FORBIDDEN,
            "This tenant is suspended, so nothing is provisioned; "
            "contact the product's support to have it activated.",
        )
    if not tenant.has_single_sign_on:
        raise ScimError(
            Kind.FORBIDDEN,
            f"Provisioning is not part of the {tenant.package!r} package; upgrade the tenant to "
            "smb, professional or business, then restart provisioning in Entra.",
        )


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    grant: Grant | None


@dataclass(slots=True)
class _Memory:
    """A bounded table of what was found lately; the oldest goes first."""

    monotonic: Callable[[], float]
    limit: int = REMEMBERED_GRANTS
    entries: OrderedDict[tuple[UUID, bytes], _Known] = field(default_factory=OrderedDict)

    def get(self, key: tuple[UUID, bytes]) -> _Known | None:
        known = self.entries.get(key)
        if known is None or known.until > self.monotonic():
            return known
        del self.entries[key]
        return None

    def put(self, key: tuple[UUID, bytes], known: _Known) -> None:
        self.entries[key] = known
        self.entries.move_to_end(key)
        while len(self.entries) > self.limit:
            self.entries.popitem(last=False)
