"""Whether a request of an app is in order (OpenID Connect core §3.1.2, RFC 7636, RFC 9700)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sso.domain.client import Client
from sso.domain.login import AuthorizationRequest
from sso.usecases.ports import Clients

MAX_VALUE = 1_000
SCOPES = ("openid", "profile", "email", "offline_access")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class UnknownClient(Exception):
    """No redirect can be trusted: the person sees the sentence on a page of ours."""


class RefusedRequest(Exception):
    """What is wrong goes back to the app."""

    def __init__(self, error: str, description: str, redirect_uri: str, state: str | None) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.redirect_uri = redirect_uri
        self.state = state


@dataclass(frozen=True, slots=True)
class ReadAuthorizationRequest:
    """Reads the parameters of `/oauth2/authorize`."""

    clients: Clients

    async def __call__(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """Return the request.

        Raises:
            UnknownClient: The client or its redirect URI is not registered.
            RefusedRequest: Anything else is wrong.
        """
        client = await self._client(parameters)
        redirect_uri = parameters.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            raise UnknownClient(
                "The app has not registered the address it wants to get you back to."
            )
        state = parameters.get("state")

        def refused(error: str, description: str) -> RefusedRequest:
            return RefusedRequest(error, description, redirect_uri, state)

        if any(len(value) > MAX_VALUE for value in parameters.values()):
            raise refused("invalid_request", "A parameter is too long.")
        if "request" in parameters or "request_uri" in parameters:
            name = "request" if "request" in parameters else "request_uri"
            raise refused(f"{name}_not_supported", f"{name} is not supported.")
        if parameters.get("response_type") != "code":
            raise refused("unsupported_response_type", "response_type must be code.")
        asked = parameters.get("scope", "").split()
        if "openid" not in asked:
            raise refused("invalid_scope", "scope must contain openid.")
        challenge = parameters.get("code_challenge", "")
        method = parameters.get("code_challenge_method", "plain")
        if method != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise refused("invalid_request", "A code_challenge by S256 is needed (RFC 7636).")
        return AuthorizationRequest(
            client_id=client.id,
            redirect_uri=redirect_uri,
            scope=" ".join(scope for scope in SCOPES if scope in asked),
            code_challenge=challenge,
            state=state,
            nonce=parameters.get("nonce"),
        )

    async def _client(self, parameters: Mapping[str, str]) -> Client:
        client = await self.clients.find(parameters.get("client_id", "")[:MAX_VALUE])
        if client is None or client.disabled:
            raise UnknownClient("The app that sent you here is not known.")
        return client
