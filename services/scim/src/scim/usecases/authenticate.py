"""Who is calling: a bearer token of the tenant in the URL, or nobody.

What a digest opens is remembered for less than 5 s, so that a revoked token stops within 5 s in
every process. Nothing tells a wrong token, another tenant's, and an unknown tenant apart.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cachetools import TLRUCache

from chassis.clock import Clock
from kernel.errors import Kind
from kernel.names import parse_id
from kernel.tenant import Tenant
from scim.domain.entitlement import refuse_without_provisioning
from scim.domain.errors import ScimError
from scim.usecases.ports import Grant, Tokens

REMEMBERED_SECONDS = 4.0
REMEMBERED_GRANTS = 10_000
_SCHEME = "bearer "


def digest_of(secret: str, key: bytes) -> bytes:
    """Return the keyed digest under which a token is stored."""
    return hmac.digest(key, secret.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What a digest opened, and until when that is remembered."""

    grant: Grant | None
    until: float


_Lookups = TLRUCache[tuple[UUID, bytes], _Lookup]


@dataclass(slots=True)
class Authenticate:
    """Tells which tenant a request may act for."""

    tokens: Tokens
    digest_key: bytes
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    remembered: int = REMEMBERED_GRANTS
    """How many good tokens, and how many wrong ones, are remembered at most."""
    uses: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)
    """When tokens (tenant id, token id) were last used, until it is written."""
    _strict: set[UUID] = field(default_factory=set)
    _good: _Lookups = field(init=False)
    _wrong: _Lookups = field(init=False)

    def __post_init__(self) -> None:
        # Two caches, so that a flood of guesses cannot push out what the real clients use.
        self._good, self._wrong = self._cache(), self._cache()

    def _cache(self) -> _Lookups:
        # Time counts from before the look-up, so its duration is not added to what is remembered.
        return TLRUCache(
            self.remembered,
            ttu=lambda _key, lookup, _now: lookup.until,
            timer=lambda: self.monotonic(),
        )

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
        refuse_without_provisioning(grant.tenant)
        if grant.strict:
            self._strict.add(grant.tenant.tenant_id)
        else:
            self._strict.discard(grant.tenant.tenant_id)
        return grant.tenant

    def reads_strictly(self, tenant: Tenant) -> bool:
        """Tell whether a tenant that was let in is read strictly."""
        return tenant.tenant_id in self._strict

    async def _grant(self, tenant: str, authorization: str, now: datetime) -> Grant | None:
        secret = authorization[len(_SCHEME) :].strip()
        tenant_id = parse_id(tenant)
        if authorization[: len(_SCHEME)].lower() != _SCHEME or not secret or tenant_id is None:
            return None
        key = (tenant_id, digest_of(secret, self.digest_key))
        known = self._good.get(key) or self._wrong.get(key)
        if known is not None:
            return known.grant
        until = self.monotonic() + REMEMBERED_SECONDS
        grant = await self.tokens.find(*key, now)
        cache = self._wrong if grant is None else self._good
        cache[key] = _Lookup(grant, until)
        return grant

    def take_uses(self) -> dict[tuple[UUID, UUID], datetime]:
        """Return the uses since the last call, and forget them."""
        uses, self.uses = self.uses, {}
        return uses
