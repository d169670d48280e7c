"""Who is calling: a bearer token of the tenant in the URL, or nobody.

What a token opens is remembered for less than 5 s, so that a revoked token stops within 5 s in
every process. Nothing tells a wrong token, another tenant's, and an unknown tenant apart.

Tokens that never opened anything are looked up a few at a time, so that a flood of guesses leaves
the database to those whose token is good.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache, TLRUCache

from chassis.clock import Clock
from kernel.errors import Kind
from kernel.names import parse_id
from kernel.tenant import Tenant
from scim.domain.entitlement import refuse_without_provisioning
from scim.domain.errors import ScimError, unavailable
from scim.usecases.ports import Grant, Tokens

REMEMBERED_SECONDS = 4.0
REMEMBERED_GRANTS = 10_000
LOOKUPS_OF_STRANGERS = 2
WAITING_STRANGERS = 256
_SCHEME = "bearer "


def digest_of(secret: str, key: bytes) -> bytes:
    """Return the keyed digest under which a token is stored."""
    return hmac.digest(key, secret.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What a token opened, and until when that is remembered."""

    grant: Grant | None
    until: float


_Key = tuple[UUID, bytes]
"""A tenant and the digest of a token."""
_Credentials = tuple[str, str]
"""The tenant in the URL and the header, as clients usually send them."""


def _until(_key: object, lookup: _Lookup, _now: float) -> float:
    return lookup.until


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
    _good: TLRUCache[_Credentials, _Lookup] = field(init=False)
    """By what is sent, so that a good token is digested only when it is looked up."""
    _wrong: TLRUCache[_Key, _Lookup] = field(init=False)
    _once_good: LRUCache[_Key, bool] = field(init=False)
    _strangers: asyncio.Semaphore = field(init=False)
    _waiting: int = 0

    def __post_init__(self) -> None:
        # Two caches, so that a flood of guesses cannot push out what the real clients use.
        self._good = TLRUCache(self.remembered, ttu=_until, timer=lambda: self.monotonic())
        self._wrong = TLRUCache(self.remembered, ttu=_until, timer=lambda: self.monotonic())
        self._once_good = LRUCache(self.remembered)
        self._strangers = asyncio.Semaphore(LOOKUPS_OF_STRANGERS)

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
        known = self._good.get((tenant, authorization))
        if known is not None:
            return known.grant
        secret = authorization[len(_SCHEME) :].strip()
        tenant_id = parse_id(tenant)
        if authorization[: len(_SCHEME)].lower() != _SCHEME or not secret or tenant_id is None:
            return None
        # Other spellings of the same are remembered once.
        credentials = (str(tenant_id), f"Bearer {secret}")
        known = self._good.get(credentials)
        if known is not None:
            return known.grant
        key = (tenant_id, digest_of(secret, self.digest_key))
        if self._wrong.get(key) is not None:
            return None
        # Time counts from before the look-up, so its duration is not added to what is remembered.
        until = self.monotonic() + REMEMBERED_SECONDS
        grant = await self._look_up(key, now)
        if grant is None:
            self._wrong[key] = _Lookup(None, until)
        else:
            self._good[credentials] = _Lookup(grant, until)
            self._once_good[key] = True
        return grant

    async def _look_up(self, key: _Key, now: datetime) -> Grant | None:
        if key in self._once_good:
            return await self.tokens.find(*key, now)
        if self._waiting >= WAITING_STRANGERS:
            raise unavailable("Too many unknown tokens at once; try again soon.")
        self._waiting += 1
        try:
            async with self._strangers:
                return await self.tokens.find(*key, now)
        finally:
            self._waiting -= 1

    def take_uses(self) -> dict[tuple[UUID, UUID], datetime]:
        """Return the uses since the last call, and forget them."""
        uses, self.uses = self.uses, {}
        return uses
