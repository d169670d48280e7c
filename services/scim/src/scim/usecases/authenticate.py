"""Who is calling: a bearer token of the tenant in the URL, or nobody.

What a token opens is remembered for less than 5 s, so that a revoked token stops within 5 s in
every process. Nothing tells a wrong token, another tenant's, and an unknown tenant apart.

Unknown tokens are looked up a few at a time, in turn by tenant: a flood of guesses leaves
the database to those whose token is good. Which ones there are is learnt when a process starts, and
every few seconds from then on. Requests with the same token share one look-up.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cachetools import LRUCache

from chassis.clock import Clock
from chassis.expiring import Expiring
from chassis.gate import Gate
from kernel.errors import Kind
from kernel.names import parse_id
from scim.domain.entitlement import refuse_without_provisioning
from scim.domain.errors import ScimError, unavailable
from scim.usecases.ports import Grant, Tokens

REMEMBERED_SECONDS = 4.0
REMEMBERED_GRANTS = 10_000
LOOKUPS_OF_STRANGERS = 2
"""At once; one of them for one tenant."""
WAITING_STRANGERS = 256
LEARN_AGAIN = timedelta(minutes=1)
"""How far back tokens are read again: clocks differ, and transactions end late."""
_SCHEME = "bearer "


def digest_of(secret: str, key: bytes) -> bytes:
    """Return the keyed digest under which a token is stored."""
    return hmac.digest(key, secret.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A look-up that goes on, and until when its answer holds."""

    task: "asyncio.Task[Grant | None]"
    until: float


_Key = tuple[UUID, bytes]
"""A tenant and the digest of a token."""
_Credentials = tuple[str, str]
"""The tenant in the URL and the header, as clients usually send them."""


@dataclass(slots=True)
class Authenticate:
    """Tells which tenant a request may act for."""

    tokens: Tokens
    digest_key: bytes
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    remembered: int = REMEMBERED_GRANTS
    """How many good tokens, and how many wrong ones, are remembered at most."""
    _uses: dict[Grant, datetime] = field(default_factory=dict)
    """When tokens were last used, until it is written."""
    _good: Expiring[_Credentials, Grant] = field(init=False)
    """By what is sent, so that a good token is digested only when it is looked up."""
    _wrong: Expiring[_Key, bool] = field(init=False)
    _known: LRUCache[_Key, bool] = field(init=False)
    """Tokens that were good when they were last looked at."""
    _asked: dict[_Key, _Asked] = field(default_factory=dict)
    _strangers: Gate = field(init=False)
    _learnt_at: datetime | None = None

    def __post_init__(self) -> None:
        # Two caches, so that a flood of guesses cannot push out what the real clients use.
        self._good = Expiring(self.remembered, self.monotonic)
        self._wrong = Expiring(self.remembered, self.monotonic)
        self._known = LRUCache(self.remembered)
        self._strangers = Gate(LOOKUPS_OF_STRANGERS, WAITING_STRANGERS, share=1)

    async def __call__(self, tenant: str, authorization: str) -> Grant:
        """Return what the token opens.

        Raises:
            ScimError: The token is not good for this tenant, or the tenant may not use SCIM.
        """
        now = self.clock.now()
        grant = self._good.get((tenant, authorization))
        if grant is None:
            grant = await self._grant(tenant, authorization, now)
        if grant is None or grant.expires_at <= now:
            raise ScimError(
                Kind.UNAUTHENTICATED,
                "The bearer token is not valid for this tenant URL; check both, make a new token.",
            )
        self._uses[grant] = now
        refuse_without_provisioning(grant.tenant)
        return grant

    async def _grant(self, tenant: str, authorization: str, now: datetime) -> Grant | None:
        secret = authorization[len(_SCHEME) :].strip()
        tenant_id = parse_id(tenant)
        if authorization[: len(_SCHEME)].lower() != _SCHEME or not secret or tenant_id is None:
            return None
        # Other spellings of the same are remembered once.
        credentials = (str(tenant_id), f"Bearer {secret}")
        known = self._good.get(credentials)
        if known is not None:
            return known
        key = (tenant_id, digest_of(secret, self.digest_key))
        if self._wrong.get(key) is not None:
            return None
        asked = self._asked.get(key)
        if asked is None or self.monotonic() >= asked.until:
            asked = self._ask(credentials, key, now)
        # Who gives up waiting leaves the look-up to the others.
        return await asyncio.shield(asked.task)

    def _ask(self, credentials: _Credentials, key: _Key, now: datetime) -> _Asked:
        # Time counts from before the look-up, so its duration is not added to what is remembered.
        until = self.monotonic() + REMEMBERED_SECONDS
        task = asyncio.ensure_future(self._find(credentials, key, now, until))
        asked = self._asked[key] = _Asked(task, until)

        def forget(_task: object) -> None:
            if self._asked.get(key) is asked:
                del self._asked[key]

        task.add_done_callback(forget)
        return asked

    async def _find(
        self, credentials: _Credentials, key: _Key, now: datetime, until: float
    ) -> Grant | None:
        if key in self._known:
            grant = await self.tokens.find(*key, now)
        else:
            async with self._strangers.place(key[0], refused=_too_many_strangers):
                grant = await self.tokens.find(*key, now)
        if grant is None:
            self._wrong.put(key, True, until)
        else:
            self._good.put(credentials, grant, until)
            self._known[key] = True
        return grant

    async def learn(self) -> None:
        """Get to know the tokens that are good and were made since this was last done."""
        now = self.clock.now()
        since = self._learnt_at and self._learnt_at - LEARN_AGAIN
        for key in await self.tokens.list_live(now, since=since, limit=self.remembered):
            self._known.setdefault(key, True)
        self._learnt_at = now

    def take_uses(self) -> dict[Grant, datetime]:
        """Return the uses since the last call, and forget them."""
        uses, self._uses = self._uses, {}
        return uses

    def give_back(self, uses: dict[Grant, datetime]) -> None:
        """Take back uses that could not be written; what was used meanwhile is newer."""
        self._uses = uses | self._uses


def _too_many_strangers() -> ScimError:
    return unavailable("Too many unknown tokens at once; try again soon.")
