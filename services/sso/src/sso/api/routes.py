"""Which path leads where."""

from collections.abc import Sequence

from starlette.routing import Route

from sso.api.cors import Cors
from sso.api.logout import LogoutEndpoints
from sso.api.openid import OpenIdEndpoints
from sso.api.sign_on import SignOnEndpoints
from sso.api.single_logout import SingleLogoutEndpoints

GET, POST = ["GET"], ["POST"]


def sign_on_routes(
    sign_on: SignOnEndpoints,
    openid: OpenIdEndpoints,
    logout: LogoutEndpoints,
    single_logout: SingleLogoutEndpoints,
    cors: Cors,
) -> Sequence[Route]:
    """Return the routes; plain ones, since FastAPI's own read bodies that are none of theirs."""
    return [
        *_open_to_browsers(openid, cors),
        Route("/oauth2/authorize", sign_on.authorize, methods=GET + POST, name="openid.authorize"),
        Route("/oauth2/consent", sign_on.consent, methods=POST, name="openid.consent"),
        Route("/oauth2/par", openid.push, methods=POST, name="openid.push"),
        Route("/oauth2/introspect", openid.introspect, methods=POST, name="openid.introspect"),
        Route("/oauth2/logout", logout.end_session, methods=GET + POST, name="openid.logout"),
        Route("/oauth2/logout/confirm", logout.confirm, methods=POST, name="logout.confirm"),
        Route("/login", sign_on.login, methods=POST, name="login.begin"),
        Route("/login/continue", sign_on.go_on, methods=GET, name="login.continue"),
        Route("/login/wait", sign_on.look_again, methods=GET, name="login.wait"),
        Route("/login/account", sign_on.which_account, methods=GET, name="login.account"),
        Route("/saml/{connection_id}/metadata", sign_on.metadata, name="saml.metadata"),
        Route("/saml/{connection_id}/acs", sign_on.acs, methods=POST, name="saml.acs"),
        Route("/saml/{connection_id}/slo", single_logout.slo, methods=GET, name="saml.slo"),
        Route("/saml/{connection_id}/test", sign_on.test, methods=GET, name="saml.test"),
        Route("/assets/sign-on.css", sign_on.stylesheet, name="assets"),
    ]


def _open_to_browsers(openid: OpenIdEndpoints, cors: Cors) -> Sequence[Route]:
    """Return what apps in a browser call by themselves, from origins of their own."""
    offered = (
        ("/.well-known/openid-configuration", openid.configuration, GET, "openid.discovery"),
        ("/oauth2/jwks", openid.jwks, GET, "openid.jwks"),
        ("/oauth2/token", openid.token, POST, "openid.token"),
        ("/oauth2/revoke", openid.revoke, POST, "openid.revoke"),
        ("/oauth2/userinfo", openid.userinfo, GET + POST, "openid.userinfo"),
    )
    return [
        Route(path, cors(endpoint), methods=[*methods, "OPTIONS"], name=name)
        for path, endpoint, methods, name in offered
    ]
