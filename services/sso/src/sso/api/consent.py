"""Asks people before apps of others are told of them."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from sso.pages.render import page
from sso.usecases.authorization import parameters_of
from sso.usecases.signed_in import SignedIn

_KNOWN = {
    "openid": "that it is you, your company, and whether you are one of its admins",
    "profile": "your name and user name",
    "email": "your e-mail address",
    "offline_access": "all of this for 30 days, also while you are away",
}


def consent_page(base: str, signed_in: SignedIn) -> Response:
    """Return the page that asks; the form begins nothing anew, so it carries no `prompt`."""
    asked = replace(signed_in.request, prompt="", max_age=None)
    return page(
        "consent",
        leaves=True,
        base=base,
        app=asked.asks_as or asked.client_id,
        known=_known(asked.scope.split()),
        hidden=[*parameters_of(asked), ("proof", signed_in.proof)],
    )


def _known(scopes: Sequence[str]) -> Sequence[str]:
    return [_KNOWN[scope] for scope in scopes if scope in _KNOWN]
