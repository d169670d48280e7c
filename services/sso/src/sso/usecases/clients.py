"""Registering the apps that people sign in to."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from chassis.clock import Clock
from kernel.errors import ConflictError, InvalidError, NotFoundError
from sso.domain.client import LONGEST_ACCESS_SECONDS, Client, ClientSettings
from sso.usecases.ports import Clients
from sso.usecases.secrets import digest_of, new_secret

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEFAULTS = ClientSettings()
LONGEST_OVERLAP = timedelta(hours=168)
SHORTEST_ACCESS_SECONDS = 60
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_AUDIENCE = re.compile(r"[!-~]{1,200}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9.-]+:/[A-Za-z0-9._~/-]*")
"""An address of an installed app, by a domain turned round (RFC 8252 §7.1)."""


@dataclass(frozen=True, slots=True)
class Created:
    """A new app and its secret, which is shown this once."""

    client: Client
    secret: str | None


@dataclass(frozen=True, slots=True)
class CreateClient:
    """Registers an app."""

    clients: Clients
    checked_keys: Callable[[str], str]
    """Returns a key set as it is stored, or raises ValueError."""
    clock: Clock

    async def __call__(
        self,
        client_id: str,
        name: str,
        redirect_uris: Sequence[str],
        *,
        public: bool,
        settings: ClientSettings = _DEFAULTS,
    ) -> Created:
        """Store the app; a public one (in a browser, on a phone) has no secret."""
        if not _ID.fullmatch(client_id):
            raise InvalidError("client-id-invalid", "An id has lower-case letters, digits, . _ -")
        if not redirect_uris and not settings.service:
            raise InvalidError("redirect-uri-missing", "Name at least one redirect URI.")
        for uri in redirect_uris:
            if not (public and _PRIVATE_SCHEME.fullmatch(uri)):
                _check_uri(uri, "redirect-uri-invalid")
        _check_settings(settings, public=public)
        if settings.public_keys is not None:
            settings = replace(settings, public_keys=self._keys(settings.public_keys))
        secret = None if public or settings.public_keys is not None else new_secret()
        client = Client(
            client_id,
            name,
            tuple(dict.fromkeys(redirect_uris)),
            digest_of(secret) if secret is not None else None,
            settings=settings,
        )
        if not await self.clients.add(client, self.clock.now()):
            raise ConflictError("client-exists", f"There is a client {client_id} already.")
        return Created(client, secret)

    def _keys(self, text: str) -> str:
        try:
            return self.checked_keys(text)
        except ValueError as error:
            raise InvalidError("keys-invalid", str(error)) from None


@dataclass(frozen=True, slots=True)
class ListClients:
    """Lists the apps."""

    clients: Clients

    async def __call__(self) -> Sequence[Client]:
        """Return all, by id."""
        return await self.clients.list()


@dataclass(frozen=True, slots=True)
class RotateSecret:
    """Gives an app another secret."""

    clients: Clients
    clock: Clock

    async def __call__(self, client_id: str, *, keep_old: timedelta) -> str:
        """Return the new secret; the old one is good for a while longer, or not at all."""
        if not timedelta(0) <= keep_old <= LONGEST_OVERLAP:
            raise InvalidError("overlap-invalid", "An old secret is kept for 0 to 168 hours.")
        secret = new_secret()
        until = self.clock.now() + keep_old
        if not await self.clients.rotate_secret(client_id, digest_of(secret), until):
            raise NotFoundError(
                "client-unknown", "There is no such client that is enabled and has a secret."
            )
        return secret


@dataclass(frozen=True, slots=True)
class DisableClient:
    """Lets nobody sign in by an app any more."""

    clients: Clients
    clock: Clock

    async def __call__(self, client_id: str) -> None:
        """Disable the app."""
        if not await self.clients.disable(client_id, self.clock.now()):
            raise NotFoundError("client-unknown", "There is no such client that is enabled.")


def _check_settings(settings: ClientSettings, *, public: bool) -> None:
    if public and (settings.service or settings.public_keys is not None):
        raise InvalidError(
            "public-and-proved", "A public app has no keys, and gets no tokens for itself."
        )
    if not all(_AUDIENCE.fullmatch(each) for each in settings.audiences):
        raise InvalidError("audience-invalid", "An audience is a name or an address, in ASCII.")
    if not SHORTEST_ACCESS_SECONDS <= settings.access_token_seconds <= LONGEST_ACCESS_SECONDS:
        raise InvalidError("lifetime-invalid", "Access tokens live for 60 to 900 seconds.")
    _check_addresses(settings)


def _check_addresses(settings: ClientSettings) -> None:
    for origin in settings.allowed_origins:
        _check_uri(origin, "origin-invalid")
        if not _ORIGIN.fullmatch(origin):
            raise InvalidError("origin-invalid", "An origin is https://host or https://host:port.")
    if settings.initiate_login_uri is not None:
        _check_uri(settings.initiate_login_uri, "initiate-login-uri-invalid")
    for uri in settings.post_logout_redirect_uris:
        _check_uri(uri, "post-logout-redirect-uri-invalid")
    if settings.backchannel_logout_uri is not None:
        _check_uri(settings.backchannel_logout_uri, "backchannel-logout-uri-invalid")


def _check_uri(uri: str, slug: str) -> None:
    """Take https, and http on the app's own machine (RFC 8252 §7.3); nothing that hides another."""
    parts = urlsplit(uri)
    sound = (
        uri.isascii()
        and uri.isprintable()
        and not any(sign in uri for sign in ' \\"<>#*')
        and parts.hostname is not None
        and parts.username is None
        and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
    )
    if not sound:
        raise InvalidError(
            slug,
            f"{uri[:200]} is no https address without fragment (http is for this machine alone).",
        )
