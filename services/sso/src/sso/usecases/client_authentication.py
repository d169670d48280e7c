"""Which app asks at the endpoints that apps call by themselves."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from sso.domain.client import Client
from sso.usecases.issuing import TokenError
from sso.usecases.ports import Clients
from sso.usecases.secrets import digest_of
from sso.usecases.token_ports import UsedAssertions

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Assertions(Protocol):
    """What apps sign to prove themselves."""

    def named(self, token: str) -> str:
        """Return the app that an assertion says it is from; nothing is verified."""
        ...

    def read(
        self, token: str, client_id: str, keys: str, now: datetime
    ) -> tuple[str, datetime] | None:
        """Return id and end of an assertion of the app; None if it is not good."""
        ...


@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Finds out which app asks for tokens."""

    clients: Clients
    assertions: Assertions
    used: UsedAssertions
    clock: Clock

    async def __call__(
        self, client_id: str, secret: str | None, assertion: str | None = None
    ) -> Client:
        """Return the app, or raise TokenError; one without a secret proves itself by PKCE.

        An app has one way to prove itself: who has registered keys has no secret.
        """
        if assertion is not None:
            client_id = client_id or self.assertions.named(assertion)
        client = await self.clients.find(client_id)
        if client is None or client.disabled:
            raise TokenError("invalid_client", "The client is not known.")
        if client.settings.public_keys is not None:
            if secret or not await self._is_signed(client, assertion or ""):
                raise TokenError("invalid_client", "The client's assertion is not good.")
            return client
        given = digest_of(secret) if secret else b""
        good = hmac.compare_digest(given, client.secret_digest or b"")
        if assertion is not None or not (good or self._is_previous(client, given)):
            raise TokenError("invalid_client", "The client's secret is wrong.")
        return client

    async def _is_signed(self, client: Client, assertion: str) -> bool:
        """Tell whether an assertion is the app's, and is shown for the first time."""
        keys, now = client.settings.public_keys or "", self.clock.now()
        read = self.assertions.read(assertion, client.id, keys, now)
        return read is not None and await self.used.take(client.id, digest_of(read[0]), read[1])

    def _is_previous(self, client: Client, given: bytes) -> bool:
        until, digest = client.previous_secret_until, client.previous_secret_digest
        if until is None or digest is None or until <= self.clock.now():
            return False
        return hmac.compare_digest(given, digest)
