"""Registering the apps that people sign in to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.clock import Clock
from kernel.errors import ConflictError, InvalidError, NotFoundError
from sso.domain.client import Client, ClientSettings
from sso.usecases.ports import Clients
from sso.usecases.secrets import digest_of, new_secret

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEFAULTS = ClientSettings()
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
        if not redirect_uris:
            raise InvalidError("redirect-uri-missing", "Name at least one redirect URI.")
        for uri in redirect_uris:
            if not (public and _PRIVATE_SCHEME.fullmatch(uri)):
                _check_uri(uri, "redirect-uri-invalid")
        _check_settings(settings)
        secret = None if public else new_secret()
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


@dataclass(frozen=True, slots=True)
class ListClients:
    """Lists the apps."""

    clients: Clients

    async def __call__(self) -> Sequence[Client]:
        """Return all, by id."""
        return await self.clients.list()


@dataclass(frozen=True, slots=True)
class DisableClient:
    """Lets nobody sign in by an app any more."""

    clients: Clients
    clock: Clock

    async def __call__(self, client_id: str) -> None:
        """Disable the app."""
        if not await self.clients.disable(client_id, self.clock.now()):
            raise NotFoundError("client-unknown", "There is no such client that is enabled.")


def _check_settings(settings: ClientSettings) -> None:
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
