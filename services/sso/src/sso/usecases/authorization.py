"""Whether a request of an app is in order (OpenID Connect core §3.1.2, RFC 7636, RFC 9700)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.clock import Clock
from sso.domain.client import Client
from sso.domain.login import AuthorizationRequest
from sso.domain.redirects import may_return_to
from sso.usecases.logout import ReadHint
from sso.usecases.ports import Clients
from sso.usecases.secrets import digest_of
from sso.usecases.token_ports import PushedRequests

MAX_VALUE = 1_000
MAX_ADDRESS = 254
PUSHED = "urn:ietf:params:oauth:request_uri:"
_READ = ("scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age")
_PROMPTS = ("none", "login", "select_account", "consent")
SCOPES = ("openid", "profile", "email", "offline_access")
_NUMBER = re.compile(r"[0-9]{1,9}")
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
    read_hint: ReadHint
    pushed: PushedRequests
    clock: Clock

    async def __call__(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """Return the request.

        Raises:
            UnknownClient: The client or its redirect URI is not registered.
            RefusedRequest: Anything else is wrong.
        """
        client = await self._client(parameters)
        parameters = await self._whole(client, parameters)
        redirect_uri = parameters.get("redirect_uri", "")
        native = not client.proves_itself
        if not may_return_to(redirect_uri, client.redirect_uris, native=native):
            raise UnknownClient(
                "The app has not registered the address it wants to get you back to."
            )
        fault = _fault(parameters) or _fault_of_extensions(parameters)
        if fault is not None:
            raise RefusedRequest(*fault, redirect_uri, _state(parameters))
        max_age = parameters.get("max_age")
        return AuthorizationRequest(
            client_id=client.id,
            redirect_uri=redirect_uri,
            scope=" ".join(scope for scope in SCOPES if scope in parameters["scope"].split()),
            code_challenge=parameters["code_challenge"],
            state=_state(parameters),
            nonce=parameters.get("nonce"),
            prompt=" ".join(_prompt(parameters)),
            max_age=int(max_age) if max_age else None,
            login_hint=parameters.get("login_hint", "")[:MAX_ADDRESS],
            asks_as=client.name if client.settings.consent else None,
            subject=self._subject(client, parameters),
        )

    async def _whole(self, client: Client, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Return the parameters of a request that was sent ahead, if one is named (RFC 9126 §4)."""
        name = parameters.get("request_uri", "")
        if not name.startswith(PUSHED):
            return parameters
        digest = digest_of(name.removeprefix(PUSHED))
        found = await self.pushed.find(client.id, digest, self.clock.now())
        if found is None:
            raise UnknownClient("The app's request is over. Go back to the app and try again.")
        return found

    def _subject(self, client: Client, parameters: Mapping[str, str]) -> str | None:
        """Return who a hint is about; nobody if it is none of ours, or was given to another app."""
        token = parameters.get("id_token_hint")
        if not token:
            return None
        hint = self.read_hint(token)
        return str(hint.user_id) if hint is not None and hint.client_id == client.id else ""

    async def _client(self, parameters: Mapping[str, str]) -> Client:
        client = await self.clients.find(parameters.get("client_id", "")[:MAX_VALUE])
        if client is None or client.disabled:
            raise UnknownClient("The app that sent you here is not known.")
        return client


def _fault(parameters: Mapping[str, str]) -> tuple[str, str] | None:
    """Return error and description of what is wrong; None if nothing is."""
    if any(len(parameters.get(name, "")) > MAX_VALUE for name in _READ):
        return "invalid_request", "A parameter is too long."
    for name in ("request", "request_uri"):
        if name in parameters:
            return f"{name}_not_supported", f"{name} is not supported."
    if not parameters.get("response_type"):
        return "invalid_request", "response_type is missing."
    if parameters["response_type"] != "code":
        return "unsupported_response_type", "response_type must be code."
    if "openid" not in parameters.get("scope", "").split():
        return "invalid_scope", "scope must contain openid."
    return None


def _fault_of_extensions(parameters: Mapping[str, str]) -> tuple[str, str] | None:
    if parameters.get("response_mode", "query") != "query":
        return "invalid_request", "response_mode must be query."
    challenge = parameters.get("code_challenge", "")
    method = parameters.get("code_challenge_method", "plain")
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        return "invalid_request", "A code_challenge by S256 is needed (RFC 7636)."
    prompt = _prompt(parameters)
    if "none" in prompt and len(prompt) > 1:
        return "invalid_request", "prompt=none stands alone."
    max_age = parameters.get("max_age")
    if max_age and not _NUMBER.fullmatch(max_age):
        return "invalid_request", "max_age is a number of seconds."
    return None


def _prompt(parameters: Mapping[str, str]) -> list[str]:
    return [each for each in _PROMPTS if each in parameters.get("prompt", "").split()]


def _state(parameters: Mapping[str, str]) -> str | None:
    return parameters.get("state", "")[:MAX_VALUE] or None


def parameters_of(asked: AuthorizationRequest) -> list[tuple[str, str]]:
    """Return a request as parameters again, for the forms that lead on with it."""
    said: dict[str, str | None] = {
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "response_type": "code",
        "scope": asked.scope,
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": asked.code_challenge,
        "code_challenge_method": "S256",
        "prompt": asked.prompt or None,
        "max_age": None if asked.max_age is None else str(asked.max_age),
    }
    return [(name, value) for name, value in said.items() if value is not None]
