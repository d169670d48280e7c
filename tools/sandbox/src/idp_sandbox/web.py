"""What browsers see: metadata, single sign-on, My Apps, sign-out.

`GET /{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid=`, `GET /{tenant}/saml2`,
`POST /{tenant}/saml2`, `POST /{tenant}/login`, `GET /{tenant}/launch/{app}`,
`GET /{tenant}/logout`, `GET /`.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from idp_sandbox.logout import (
    LogoutRequest,
    Visit,
    answer_url,
    read_logout_request,
    request_url,
)
from idp_sandbox.metadata import federation_metadata
from idp_sandbox.model import Application, EntraTenant, Person
from idp_sandbox.pages import page
from idp_sandbox.requests import EntraError, read_authn_request
from idp_sandbox.responses import Answer, response

COOKIE = "sandbox_entra_session"
MAX_SESSIONS = 10_000
_CARRIED = ("SAMLRequest", "RelayState", "login_hint", "binding", "app")


@dataclass(slots=True)
class Browsers:
    """Who is signed in where; the oldest are forgotten first."""

    known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """User name by the cookie's value."""
    visits: dict[str, list[Visit]] = field(default_factory=dict)
    """Which applications were told of it, by the same."""

    def sign_in(self, response: Response, person: Person) -> str:
        """Remember who uses this browser; return the cookie's value."""
        token = secrets.token_urlsafe(24)
        self.known[token] = person.user_name
        while len(self.known) > MAX_SESSIONS:
            oldest, _ = self.known.popitem(last=False)
            self.visits.pop(oldest, None)
        response.set_cookie(COOKIE, token, httponly=True, samesite="lax")
        return token

    def visited(self, token: str, answer: Answer) -> None:
        """Remember what an application was told."""
        visit = Visit(answer.application.app_id, answer.person.user_name, answer.assertion_id)
        self.visits.setdefault(token, []).append(visit)

    def user_name(self, request: Request) -> str | None:
        """Return who uses this browser."""
        return self.known.get(request.cookies.get(COOKIE, ""))

    def sign_out(self, request: Request) -> list[Visit]:
        """Forget who uses this browser; return which applications were told of it."""
        token = request.cookies.get(COOKIE, "")
        self.known.pop(token, None)
        return self.visits.pop(token, [])


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that is wanted: by a request of the application, or from here."""

    application: Application
    request_id: str | None
    relay_state: str | None
    login_hint: str | None
    force: bool
    fields: Mapping[str, str]
    """What the page of people has to send back to ask the same again."""


@dataclass(frozen=True, slots=True)
class Web:
    """The endpoints."""

    tenant: EntraTenant
    browsers: Browsers

    async def home(self, request: Request) -> Response:
        """Show people and applications."""
        return page(
            "home",
            tenant=self.tenant,
            people=list(self.tenant.people.values()),
            applications=list(self.tenant.applications.values()),
            signed_in=self.browsers.user_name(request),
        )

    async def metadata(self, request: Request) -> Response:
        """Answer with an application's metadata."""
        application = self.tenant.applications.get(request.query_params.get("appid", ""))
        if application is None:
            return page("error", 404, sentence="AADSTS700016: There is no such application.")
        body = federation_metadata(self.tenant, application)
        return Response(body, media_type="application/xml")

    async def saml(self, request: Request) -> Response:
        """Take an AuthnRequest and answer at once, or ask who it is; sign out by the others."""
        post = request.method == "POST"
        fields = await _form(request) if post else dict(request.query_params)
        if "SAMLResponse" in fields:
            return page("signed_out", frames=[])
        try:
            asked = None if post else read_logout_request(self.tenant, fields)
        except EntraError as error:
            return page("error", 400, sentence=str(error))
        if asked is not None:
            return self._sign_out_for(request, asked, fields.get("RelayState"))
        return self._ask(request, {**fields, "binding": "post" if post else "redirect"})

    async def launch(self, request: Request) -> Response:
        """Begin a sign-in from here: a tile of My Apps, or "Test sign in"."""
        return self._ask(request, {"app": request.path_params["app_id"]})

    async def login(self, request: Request) -> Response:
        """Take who it is and answer the application."""
        fields = await _form(request)
        try:
            asked = self._asked(fields)
            person = self.tenant.person(fields.get("person", ""))
            if person is None:
                raise EntraError(50034, "The user account does not exist in the directory.")
            answered, answer = self._answer(asked, person)
        except EntraError as error:
            return page("error", 400, sentence=str(error))
        self.browsers.visited(self.browsers.sign_in(answered, person), answer)
        return answered

    async def logout(self, request: Request) -> Response:
        """Sign the browser out of here; frames tell the applications that were signed in to."""
        visits = self.browsers.sign_out(request)
        addresses = [request_url(self.tenant, each) for each in visits]
        response = page("signed_out", frames=[each for each in addresses if each is not None])
        response.delete_cookie(COOKIE)
        return response

    def _sign_out_for(
        self, request: Request, asked: LogoutRequest, relay_state: str | None
    ) -> Response:
        """Sign the browser out at the request of an application, and go back there."""
        self.browsers.sign_out(request)
        back = answer_url(self.tenant, asked, relay_state)
        response = page("signed_out", frames=[]) if back is None else RedirectResponse(back, 302)
        response.delete_cookie(COOKIE)
        return response

    def _ask(self, request: Request, fields: Mapping[str, str]) -> Response:
        try:
            asked = self._asked(fields)
            known = self.tenant.person(self.browsers.user_name(request) or "")
            hinted = self.tenant.person(asked.login_hint or "")
            if known is not None and hinted in (None, known) and not asked.force:
                answered, answer = self._answer(asked, known)
                self.browsers.visited(request.cookies[COOKIE], answer)
                return answered
        except EntraError as error:
            return page("error", 400, sentence=str(error))
        people = sorted(
            (each for each in self.tenant.people.values() if each.enabled),
            key=lambda each: (each != hinted, not asked.application.admits(each), each.user_name),
        )
        return page(
            "pick",
            tenant=self.tenant,
            application=asked.application,
            hint=asked.login_hint,
            hinted=hinted,
            people=people,
            fields=asked.fields,
        )

    def _asked(self, fields: Mapping[str, str]) -> Asked:
        carried = {name: fields[name] for name in _CARRIED if name in fields}
        if "app" in carried:
            application = self.tenant.applications.get(carried["app"])
            if application is None:
                raise EntraError(700016, "There is no such application.")
            return Asked(application, None, None, None, False, carried)
        read = read_authn_request(self.tenant, carried, post=carried.get("binding") == "post")
        return Asked(
            read.application, read.id, read.relay_state, read.login_hint, read.force, carried
        )

    def _answer(self, asked: Asked, person: Person) -> tuple[Response, Answer]:
        application = asked.application
        if not application.admits(person):
            raise EntraError(
                50105,
                f"Your administrator has configured the application {application.name}"
                f" ('{application.app_id}') to block users unless they are specifically granted"
                f" ('assigned') access. The signed in user '{person.user_name}' is blocked.",
            )
        answer = Answer(self.tenant, application, person, asked.request_id)
        shown = page(
            "answer",
            application=application,
            document=response(answer),
            relay_state=asked.relay_state,
        )
        return shown, answer


def web_routes(tenant: EntraTenant, browsers: Browsers) -> list[Route]:
    """Return the routes that browsers come to."""
    web, own = Web(tenant, browsers), f"/{tenant.tenant_id}"
    return [
        Route("/", web.home),
        Route("/myapps", lambda _request: RedirectResponse("/")),
        Route(f"{own}/federationmetadata/2007-06/federationmetadata.xml", web.metadata),
        Route(f"{own}/saml2", web.saml, methods=["GET", "POST"]),
        Route(f"{own}/launch/{{app_id}}", web.launch),
        Route(f"{own}/login", web.login, methods=["POST"]),
        Route(f"{own}/logout", web.logout),
    ]


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
