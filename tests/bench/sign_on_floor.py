"""Bare work that a sign-in cannot do without, timed in this process: the floor of its budgets."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from bench.sign_on_trip import Place
from idp_sandbox.names import DS, SAML
from idp_sandbox.responses import Answer, response

ROUNDS, BLOCKS = 60, 5
MESSAGE = b"x" * 600
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class Floor:
    """Processor time in milliseconds."""

    verify_ms: float
    """Parsing a response and verifying its one signature."""
    two_signatures_ms: float
    """Two RS256 signatures by a key of 2,048 bits."""


def measure_floor(place: Place) -> Floor:
    """Time both, and take the quickest of some blocks: others use the machine too."""
    answer = Answer(place.entra, place.application, place.people[0], "id-1")
    document = base64.b64decode(response(answer))
    key = xmlsec.Key.from_memory(
        place.application.keys[0].pem.encode(), xmlsec.constants.KeyDataFormatCertPem
    )

    def verify() -> None:
        assertion = etree.fromstring(document).find(f"{{{SAML}}}Assertion")
        context = xmlsec.SignatureContext()
        context.key = key
        context.register_id(assertion, "ID")
        context.verify(assertion.find(f"{{{DS}}}Signature"))

    def sign_twice() -> None:
        for _ in range(2):
            _KEY.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())

    return Floor(_ms(verify), _ms(sign_twice))


def _ms(work: Callable[[], None]) -> float:
    blocks = []
    for _ in range(BLOCKS):
        began = time.process_time()
        for _ in range(ROUNDS):
            work()
        blocks.append((time.process_time() - began) / ROUNDS * 1000)
    return min(blocks)
