"""What an admin should know of a connection before it goes wrong."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from sso.domain.certificates import expiry_of, fingerprint_of
from sso.domain.connection import IdentityProvider, Kind

SOON = timedelta(days=60)


def warnings_of(kind: Kind, provider: IdentityProvider, now: datetime) -> Sequence[str]:
    """Return a sentence for each thing that is or will be wrong with what was read."""
    return [*_of_address(kind, provider), *_of_end(provider, now), *_of_certificates(provider, now)]


def _of_address(kind: Kind, provider: IdentityProvider) -> Iterator[str]:
    if kind is not Kind.ENTRA or provider.metadata_url is None:
        return
    if "appid" not in parse_qs(urlsplit(provider.metadata_url).query):
        yield (
            "The metadata address names no app (?appid=…): it lists the certificates of the whole "
            "directory, which may not be those that sign for this app. Use the App Federation "
            "Metadata Url."
        )


def _of_end(provider: IdentityProvider, now: datetime) -> Iterator[str]:
    if provider.valid_until is not None and provider.valid_until <= now:
        yield f"The metadata was valid until {provider.valid_until:%Y-%m-%d}; it stays in use."


def _of_certificates(provider: IdentityProvider, now: datetime) -> Iterator[str]:
    ends = {each: expiry_of(each) for each in provider.certificates}
    lasting = any(end > now + SOON for end in ends.values())
    for certificate, end in ends.items():
        if end > now + SOON or (lasting and end > now):
            continue
        verb = "ended" if end <= now else "ends"
        yield f"The certificate {fingerprint_of(certificate)[:16]}… {verb} {end:%Y-%m-%d}."
