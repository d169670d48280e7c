"""A posted response as the use cases want it: through the gate, then read."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sso.domain.assertion import Assertion
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.saml.assertion import read_assertion
from sso.saml.gate import VerifiedResponse, verified_response


def read_response(
    document: bytes,
    provider: IdentityProvider,
    acs_url: str,
    *,
    keys: Callable[[], Sequence[RSAPrivateKey]],
) -> tuple[Assertion, str | None]:
    """Return the assertion that the provider has signed, and which request is answered.

    `keys` returns ours, the current one first; they decrypt.

    Raises:
        Refused: With the code of the first thing that is wrong.
    """
    response = verified_response(document, provider.certificates, keys())
    _check_frame(response, provider, acs_url)
    return read_assertion(response.assertion), response.in_response_to


def _check_frame(response: VerifiedResponse, provider: IdentityProvider, acs_url: str) -> None:
    """Check what may be unsigned: it can only refuse, never let anybody in."""
    if response.destination is not None and response.destination != acs_url:
        raise Refused(Code.DESTINATION, response.destination[:300])
    if response.issuer is not None and response.issuer.strip() != provider.entity_id:
        raise Refused(Code.ISSUER, response.issuer.strip()[:200])
