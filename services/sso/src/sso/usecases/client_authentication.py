"""Which app asks at the endpoints that apps call by themselves."""

import hmac
from dataclasses import dataclass

from chassis.clock import Clock
from sso.domain.client import Client
from sso.usecases.issuing import TokenError
from sso.usecases.ports import Clients
from sso.usecases.secrets import digest_of


@dataclass(frozen=True, slots=True)
class AuthenticateClient:
    """Finds out which app asks for tokens."""

    clients: Clients
    clock: Clock

    async def __call__(self, client_id: str, secret: str | None) -> Client:
        """Return the app, or raise TokenError; one without a secret proves itself by PKCE."""
        client = await self.clients.find(client_id)
        given = digest_of(secret) if secret else b""
        if client is None or client.disabled:
            raise TokenError("invalid_client", "The client is not known.")
        good = hmac.compare_digest(given, client.secret_digest or b"")
        if not good and not self._is_previous(client, given):
            raise TokenError("invalid_client", "The client's secret is wrong.")
        return client

    def _is_previous(self, client: Client, given: bytes) -> bool:
        until, digest = client.previous_secret_until, client.previous_secret_digest
        if until is None or digest is None or until <= self.clock.now():
            return False
        return hmac.compare_digest(given, digest)
