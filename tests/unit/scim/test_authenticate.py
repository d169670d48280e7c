"""What is remembered of tokens: for less than 5 s, so many at most, and guesses apart."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.ids import uuid7
from chassis.testing import FixedClock
from kernel.tenant import Tenant
from scim.domain.errors import ScimError
from scim.usecases.authenticate import (
    LEARN_AGAIN,
    REMEMBERED_SECONDS,
    WAITING_STRANGERS,
    Authenticate,
    digest_of,
)
from scim.usecases.ports import Grant, Token

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32
ACME = Tenant(uuid7(), "acme", "business", "active")


class CountingTokens:
    """Knows a few secrets, and counts the look-ups; each takes a while."""

    def __init__(self, *secrets: str) -> None:
        self.seconds = 0.0
        self.duration = 0.0
        self.lookups: list[bytes] = []
        self.learnt_since: list[datetime | None] = []
        self._known = {digest_of(secret, KEY) for secret in secrets}

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        self.lookups.append(digest)
        self.seconds += self.duration
        return Grant(uuid7(), ACME, NOW + timedelta(days=1)) if digest in self._known else None

    async def add(self, token: Token, digest: bytes) -> None:
        raise NotImplementedError

    async def list(self, tenant_id: UUID) -> Sequence[Token]:
        raise NotImplementedError

    async def revoke(self, tenant_id: UUID, token_id: UUID, at: datetime) -> bool:
        raise NotImplementedError

    async def list_live(
        self, at: datetime, *, since: datetime | None, limit: int
    ) -> Sequence[tuple[UUID, bytes]]:
        self.learnt_since.append(since)
        return [(ACME.tenant_id, digest) for digest in self._known]

    async def mark_used(self, uses: Mapping[tuple[UUID, UUID], datetime]) -> None:
        raise NotImplementedError


def authenticator(tokens: CountingTokens, remembered: int = 10) -> Authenticate:
    return Authenticate(tokens, KEY, FixedClock(NOW), lambda: tokens.seconds, remembered)


async def use(authenticate: Authenticate, secret: str) -> None:
    try:
        await authenticate(str(ACME.tenant_id), f"Bearer {secret}")
    except ScimError:
        assert secret.startswith("guess")


@pytest.mark.parametrize("secret", ["good", "guess"])
async def test_a_lookup_is_remembered_from_when_it_began(secret: str) -> None:
    tokens = CountingTokens("good")
    tokens.duration = 1.5
    authenticate = authenticator(tokens)
    await use(authenticate, secret)
    tokens.seconds = REMEMBERED_SECONDS - 0.01
    await use(authenticate, secret)
    assert len(tokens.lookups) == 1
    tokens.seconds = REMEMBERED_SECONDS
    await use(authenticate, secret)
    assert len(tokens.lookups) == 2


async def test_a_lookup_that_took_too_long_is_not_remembered() -> None:
    tokens = CountingTokens("good")
    tokens.duration = REMEMBERED_SECONDS
    authenticate = authenticator(tokens)
    await use(authenticate, "good")
    await use(authenticate, "good")
    assert len(tokens.lookups) == 2


async def test_every_spelling_of_a_good_token_is_remembered_once() -> None:
    tokens = CountingTokens("good")
    authenticate = authenticator(tokens, remembered=1)
    for tenant in (str(ACME.tenant_id), str(ACME.tenant_id).upper()):
        for header in ("Bearer good", "bearer good", "BEARER   good "):
            assert (await authenticate(tenant, header)).tenant == ACME
    assert len(tokens.lookups) == 1


class HangingTokens(CountingTokens):
    """Answers a look-up of a wrong token only when it is told to."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(*secrets)
        self.release = asyncio.Event()

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        found = await super().find(tenant_id, digest, at)
        if found is None:
            await self.release.wait()
        return found


async def test_a_flood_of_guesses_leaves_the_database_to_good_tokens() -> None:
    tokens = HangingTokens("good")
    authenticate = authenticator(tokens)
    await use(authenticate, "good")
    guesses = [asyncio.create_task(use(authenticate, f"guess{n}")) for n in range(500)]
    await settled()
    assert len(tokens.lookups) == 2, "one for a tenant; the others wait, or were refused"

    tokens.seconds = REMEMBERED_SECONDS
    await asyncio.wait_for(use(authenticate, "good"), 1)

    tokens.release.set()
    await asyncio.gather(*guesses)
    assert len(tokens.lookups) == 3 + WAITING_STRANGERS // 2


async def test_a_flood_of_guesses_leaves_room_to_a_new_process() -> None:
    tokens = HangingTokens("good")
    authenticate = authenticator(tokens)
    await authenticate.learn()
    guesses = [asyncio.create_task(use(authenticate, f"guess{n}")) for n in range(500)]
    await settled()

    await asyncio.wait_for(use(authenticate, "good"), 1)
    tokens.release.set()
    await asyncio.gather(*guesses)


async def test_a_token_that_was_just_made_is_let_past_a_flood_of_guesses() -> None:
    tokens = HangingTokens("good")
    authenticate = authenticator(tokens)
    await authenticate.learn()
    guesses = [asyncio.create_task(use(authenticate, f"guess{n}")) for n in range(500)]
    await settled()
    tokens._known.add(digest_of("new", KEY))
    await authenticate.learn()

    await asyncio.wait_for(use(authenticate, "new"), 1)
    assert tokens.learnt_since == [None, NOW - LEARN_AGAIN]
    tokens.release.set()
    await asyncio.gather(*guesses)


async def test_guesses_at_one_tenant_leave_an_unknown_token_of_another_its_turn() -> None:
    tokens = HangingTokens("good")
    authenticate = authenticator(tokens)
    guesses = [asyncio.create_task(use(authenticate, f"guess{n}")) for n in range(500)]
    await settled()

    await asyncio.wait_for(authenticate(str(uuid7()), "Bearer good"), 1)
    tokens.release.set()
    await asyncio.gather(*guesses)


@pytest.mark.parametrize("secret", ["good", "guess"])
async def test_many_requests_with_one_token_are_one_lookup(secret: str) -> None:
    tokens = HangingTokens("good")
    authenticate = authenticator(tokens)
    many = [asyncio.create_task(use(authenticate, secret)) for _ in range(300)]
    await settled()
    many[0].cancel()
    await settled()
    tokens.release.set()

    await asyncio.gather(*many[1:])
    assert many[0].cancelled() or secret == "good"
    assert len(tokens.lookups) == 1


async def test_an_answer_that_is_long_in_coming_is_not_waited_for_by_others() -> None:
    tokens = HangingTokens()
    authenticate = authenticator(tokens)
    await authenticate.learn()
    first = asyncio.create_task(use(authenticate, "guess"))
    await settled()
    tokens.seconds = REMEMBERED_SECONDS
    second = asyncio.create_task(use(authenticate, "guess"))
    await settled()
    tokens.release.set()

    await asyncio.gather(first, second)
    assert len(tokens.lookups) == 2


async def settled() -> None:
    """Let every task run until it waits for something."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_guesses_push_out_only_guesses() -> None:
    tokens = CountingTokens("good")
    authenticate = authenticator(tokens, remembered=3)
    await use(authenticate, "good")
    for guess in range(5):
        await use(authenticate, f"guess{guess}")
    assert len(tokens.lookups) == 6
    for secret in ("good", "guess4", "guess3", "guess2"):
        await use(authenticate, secret)
    assert len(tokens.lookups) == 6
    await use(authenticate, "guess0")
    assert len(tokens.lookups) == 7
