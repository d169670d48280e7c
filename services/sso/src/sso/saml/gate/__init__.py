"""The gate before SAML: bytes of strangers in, verified assertions or refusals out."""

from sso.saml.gate.response import VerifiedResponse, verified_response

__all__ = ["VerifiedResponse", "verified_response"]
