"""The deployment's keys as a process has them: opened, refreshed, made when there are none."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import asyncpg
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.jwk import RSAKey

from chassis.clock import Clock
from sso.domain.keys import Purpose, StoredKey
from sso.oidc.keys import SigningKeys, decrypted, make_signing_key, open_signing_key
from sso.saml.keys import ProviderKey, make_provider_key, open_provider_key
from sso.settings import Settings
from sso.storage.keys import Keyring, PostgresKeys
from sso.usecases.keys import KeepKeys


@dataclass(frozen=True, slots=True)
class Keyrings:
    """The deployment's keys as a process has them in memory."""

    issuer: str
    tokens: Keyring[RSAKey]
    saml: Keyring[ProviderKey]

    @property
    def signing(self) -> SigningKeys:
        """What signs and reads tokens."""
        return SigningKeys(self.issuer, self.tokens)

    def private_keys(self) -> list[RSAPrivateKey]:
        """Return what decrypts assertions, the current one first."""
        return [each.private for each in self.saml()]

    def signing_key(self) -> RSAPrivateKey:
        """Return what signs our requests and answers: the current key."""
        return self.saml()[0].private

    def certificates(self) -> list[bytes]:
        """Return the certificates to encrypt to, the current one first."""
        return [each.certificate for each in self.saml.in_use()]


def make_key(
    settings: Settings, purpose: Purpose, now: datetime, active_from: datetime
) -> StoredKey:
    """Make a key for a purpose."""
    make = make_signing_key if purpose is Purpose.OPENID else make_provider_key
    return make(settings.cipher, now, active_from)


async def open_keyrings(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> Keyrings:
    """Return the deployment's keys; whoever asks first makes the first ones."""
    stored, cipher = PostgresKeys(pool), settings.cipher
    await KeepKeys(stored, partial(make_key, settings), clock)()
    rings = Keyrings(
        settings.public_url,
        Keyring(
            stored,
            Purpose.OPENID,
            lambda key: open_signing_key(key, decrypted(cipher, key)),
            clock,
        ),
        Keyring(
            stored,
            Purpose.SAML,
            lambda key: open_provider_key(key, decrypted(cipher, key)),
            clock,
        ),
    )
    await rings.tokens.refresh()
    await rings.saml.refresh()
    return rings
