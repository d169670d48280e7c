"""Requests that apps send ahead of the browser (RFC 9126)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import Clock
from sso.domain.client import Client
from sso.usecases.authorization import (
    PUSHED,
    ReadAuthorizationRequest,
    RefusedRequest,
    UnknownClient,
)
from sso.usecases.issuing import TokenError
from sso.usecases.secrets import digest_of, new_secret
from sso.usecases.token_ports import PushedRequests

LIFETIME = timedelta(seconds=60)
_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


@dataclass(frozen=True, slots=True)
class PushRequest:
    """Takes a request from an app that has proved itself."""

    read: ReadAuthorizationRequest
    pushed: PushedRequests
    clock: Clock

    async def __call__(self, client: Client, fields: Mapping[str, str]) -> tuple[str, int]:
        """Return the name of the request and how many seconds it is good for.

        Raises:
            TokenError: It is not in order, or from an app that can keep no secret.
        """
        if not client.proves_itself:
            raise TokenError("invalid_client", "An app without a secret may not send requests.")
        if fields.get("client_id", client.id) != client.id or "request_uri" in fields:
            raise TokenError("invalid_request", "Another client_id, or a request_uri, was sent.")
        parameters = {name: value for name, value in fields.items() if name not in _PROOFS}
        parameters["client_id"] = client.id
        try:
            await self.read(parameters)
        except UnknownClient as error:
            raise TokenError("invalid_request", str(error)) from None
        except RefusedRequest as error:
            raise TokenError(error.error, error.description) from None
        secret, until = new_secret(), self.clock.now() + LIFETIME
        await self.pushed.add(client.id, digest_of(secret), parameters, until)
        return f"{PUSHED}{secret}", int(LIFETIME.total_seconds())
