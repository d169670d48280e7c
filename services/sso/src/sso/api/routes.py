"""Which path leads where."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sso.api.logout import LogoutEndpoints
from sso.api.openid import OpenIdEndpoints
from sso.api.sign_on import SignOnEndpoints

Endpoint = Callable[[Request], Awaitable[Response]]
GET, POST = ["GET"], ["POST"]


def sign_on_routes(
    sign_on: SignOnEndpoints, openid: OpenIdEndpoints, logout: LogoutEndpoints
) -> Sequence[Route]:
    """Return the routes; plain ones, since FastAPI's own read bodies that are none of theirs."""
    return [
        Route("/.well-known/openid-configuration", openid.configuration, name="openid.discovery"),
        Route("/oauth2/jwks", openid.jwks, name="openid.jwks"),
        Route("/oauth2/authorize", sign_on.authorize, methods=GET + POST, name="openid.authorize"),
        Route("/oauth2/token", openid.token, methods=POST, name="openid.token"),
        Route("/oauth2/par", openid.push, methods=POST, name="openid.push"),
        Route("/oauth2/revoke", openid.revoke, methods=POST, name="openid.revoke"),
        Route("/oauth2/introspect", openid.introspect, methods=POST, name="openid.introspect"),
        Route("/oauth2/userinfo", openid.userinfo, methods=GET + POST, name="openid.userinfo"),
        Route("/oauth2/logout", logout.end_session, methods=GET + POST, name="openid.logout"),
        Route("/oauth2/logout/confirm", logout.confirm, methods=POST, name="logout.confirm"),
        Route("/login", sign_on.login, methods=POST, name="login.begin"),
        Route("/login/continue", sign_on.go_on, methods=GET, name="login.continue"),
        Route("/saml/{connection_id}/metadata", sign_on.metadata, name="saml.metadata"),
        Route("/saml/{connection_id}/acs", sign_on.acs, methods=POST, name="saml.acs"),
        Route("/assets/sign-on.css", sign_on.stylesheet, name="assets"),
    ]
