"""The app: it asks Portico at each request whether the person is still in.

`GET /` a page, `GET /me` the same as JSON, `/login`, `/callback`, `/logout`,
`POST /backchannel-logout`.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from demo_app.pages import page
from demo_app.sessions import SessionMiddleware, Sessions

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class DemoApp:
    """The endpoints."""

    portico: StarletteOAuth2App
    sessions: Sessions
    url: str

    async def home(self, request: Request) -> Response:
        """Show who is signed in, as Portico says at this moment."""
        if "token" not in request.session:
            return page("home", user=None, out=False)
        user = await self._user(request)
        if user is None:
            request.session.clear()
            return page("home", 401, user=None, out=True)
        return page("home", user=user, out=False)

    async def me(self, request: Request) -> Response:
        """Answer who is signed in, 401 for nobody."""
        user = await self._user(request) if "token" in request.session else None
        return JSONResponse(user or {"error": "nobody is signed in"}, 200 if user else 401)

    async def login(self, request: Request) -> Response:
        """Go to Portico."""
        hint = request.query_params.get("login_hint")
        options = {"login_hint": hint} if hint else {}
        redirect: Response = await self.portico.authorize_redirect(
            request, f"{self.url}/callback", **options
        )
        return redirect

    async def callback(self, request: Request) -> Response:
        """Come back from Portico."""
        try:
            token = await self.portico.authorize_access_token(request)
        except OAuthError as error:
            return page("error", 400, sentence=error.description or error.error)
        # What is kept: no more than the next requests need.
        claims = token["userinfo"]
        request.session.clear()
        request.session.update(
            token=token["access_token"], id_token=token["id_token"], sid=claims.get("sid")
        )
        return RedirectResponse("/", 303)

    async def logout(self, request: Request) -> Response:
        """Sign out here, and at Portico where it offers that."""
        hint = request.session.pop("id_token", None)
        request.session.clear()
        known = await self.portico.load_server_metadata()
        end = known.get("end_session_endpoint")
        if not end:
            return RedirectResponse("/", 303)
        query = {"post_logout_redirect_uri": f"{self.url}/", "client_id": self.portico.client_id}
        if hint:
            query["id_token_hint"] = hint
        return RedirectResponse(str(httpx.URL(end, params=query)), 303)

    async def backchannel_logout(self, request: Request) -> Response:
        """Sign out whom Portico says (OpenID Connect Back-Channel Logout §2.6)."""
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            claims = await self._logout_claims(form.get("logout_token", ""))
        except (JoseError, ValueError) as error:
            headers = {"Cache-Control": "no-store"}
            body = {"error": "invalid_request", "error_description": str(error)}
            return JSONResponse(body, 400, headers)
        self.sessions.end(str(claims["sid"]))
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    async def _user(self, request: Request) -> dict[str, Any] | None:
        """Ask Portico; None when it says that this person is out."""
        token = {"access_token": request.session["token"], "token_type": "Bearer"}
        try:
            told: dict[str, Any] = dict(await self.portico.userinfo(token=token))
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 401:
                return None
            raise
        return told

    async def _logout_claims(self, token: str) -> dict[str, Any]:
        metadata = await self.portico.load_server_metadata()
        # The keys that Authlib keeps may be older than the one that signed.
        keys = KeySet.import_key_set(await self.portico.fetch_jwk_set(force=True))
        decoded = jwt.decode(token, keys, algorithms=["RS256"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self.portico.client_id},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
            sid={"essential": True},
        )
        registry.validate(decoded.claims)
        if decoded.header.get("typ") != "logout+jwt" or "nonce" in decoded.claims:
            raise ValueError("this is no logout token")
        if LOGOUT_EVENT not in decoded.claims.get("events", {}):
            raise ValueError("this token tells of no logout")
        return dict(decoded.claims)


def demo_app(issuer: str, client_id: str, client_secret: str, url: str) -> Starlette:
    """Return the app, registered at an issuer."""
    oauth, sessions = OAuth(), Sessions()
    portico = oauth.register(
        "portico",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "timeout": 10,
            "trust_env": False,
        },
    )
    app = DemoApp(portico, sessions, url)
    return Starlette(
        routes=[
            Route("/", app.home),
            Route("/me", app.me),
            Route("/login", app.login),
            Route("/callback", app.callback),
            Route("/logout", app.logout, methods=["POST"]),
            Route("/backchannel-logout", app.backchannel_logout, methods=["POST"]),
        ],
        middleware=[Middleware(SessionMiddleware, sessions=sessions)],
    )
