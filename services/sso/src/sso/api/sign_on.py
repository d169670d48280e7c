"""The way of a browser: authorize, login, the identity provider's answer, and on to the app."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chassis import context
from chassis.clock import Clock
from kernel.errors import NotFoundError
from kernel.names import parse_id
from sso.api.consent import consent_page
from sso.api.cookies import Cookies
from sso.api.forms import decoded_response, read_fields, read_form
from sso.domain.advice import ADVICE
from sso.domain.connection import Use
from sso.domain.login import AuthorizationRequest
from sso.domain.refusals import Code, Refused
from sso.pages.render import page, stylesheet
from sso.saml.metadata import ServiceProvider, service_provider_metadata
from sso.usecases.addresses import Addresses
from sso.usecases.authorization import RefusedRequest, UnknownClient, parameters_of
from sso.usecases.leaving import Leaving
from sso.usecases.signed_in import SignedIn
from sso.usecases.use_cases import SignOnUseCases

LOOK_AGAIN_SECONDS = 2
_UNKNOWN_ADDRESS = (
    "We do not know where people with this address sign in. "
    "Check the address, or ask your IT admin."
)


@dataclass(frozen=True, slots=True)
class SignOnEndpoints:
    """The endpoints that browsers come to."""

    use_cases: SignOnUseCases
    addresses: Addresses
    cookies: Cookies
    clock: Clock
    certificates: Callable[[], Sequence[bytes]]
    """Returns our certificates for SAML (DER), the current one first."""

    async def authorize(self, request: Request) -> Response:
        """Answer `/oauth2/authorize`: at once for who is signed in, else by the login page."""
        parameters = await _parameters(request)
        try:
            asked = await self.use_cases.read_authorization_request(parameters)
        except UnknownClient as error:
            return self._message("This sign-in cannot begin", str(error), 400)
        except RefusedRequest as error:
            return self._refused(error)
        resumed = await self.use_cases.resume_session(self.cookies.session(request), asked)
        if resumed is not None and resumed.code is None and asked.prompt == "none":
            refusal = RefusedRequest(
                "consent_required", "Somebody has to agree.", asked.redirect_uri, asked.state
            )
            return self._refused(refusal)
        if resumed is not None:
            return self._to_app(resumed)
        if asked.prompt == "none":
            refusal = RefusedRequest(
                "login_required", "Somebody has to sign in.", asked.redirect_uri, asked.state
            )
            return self._refused(refusal)
        return self._login_page(asked, email=asked.login_hint)

    async def login(self, request: Request) -> Response:
        """Take an address and send the browser where its people sign in."""
        fields = await read_form(request)
        try:
            asked = await self.use_cases.read_authorization_request(fields)
        except UnknownClient as error:
            return self._message("This sign-in cannot begin", str(error), 400)
        except RefusedRequest as error:
            return self._refused(error)
        email = fields.get("email", "")
        leaving = await self.use_cases.begin_login(email, asked, self.cookies.browser(request))
        if leaving is None:
            return self._login_page(asked, email=email, notice=_UNKNOWN_ADDRESS)
        response = self._leave(leaving)
        self.cookies.keep_browser(response, leaving.browser_secret)
        return response

    async def test(self, request: Request) -> Response:
        """Send whoever tests a connection on to the identity provider."""
        login_id = parse_id(read_fields(request.url.query).get("login", ""))
        try:
            leaving = await self.use_cases.leave_for_test(_uuid(request), login_id or UUID(int=0))
        except Refused as refusal:
            return self._refusal(refusal)
        return self._leave(leaving)

    def _leave(self, leaving: Leaving) -> Response:
        if not leaving.fields:
            return _see_other(leaving.url)
        return page(
            "leave",
            leaves=True,
            base=self.addresses.public_url,
            action=leaving.url,
            hidden=list(leaving.fields.items()),
        )

    async def consent(self, request: Request) -> Response:
        """Take somebody's answer to an app's question."""
        fields = await read_form(request)
        try:
            asked = await self.use_cases.read_authorization_request(fields)
        except UnknownClient as error:
            return self._message("This sign-in cannot begin", str(error), 400)
        except RefusedRequest as error:
            return self._refused(error)
        if fields.get("answer") != "yes":
            refusal = RefusedRequest(
                "access_denied", "The person does not agree.", asked.redirect_uri, asked.state
            )
            return self._refused(refusal)
        secret, proof = self.cookies.session(request), fields.get("proof", "")
        signed_in = await self.use_cases.give_consent(secret, asked, proof)
        return self._to_app(signed_in) if signed_in else self._login_page(asked, email="")

    async def metadata(self, request: Request) -> Response:
        """Answer with our metadata for one connection."""
        connection = await self.use_cases.get_connection(_connection_id(request))
        body = service_provider_metadata(
            ServiceProvider(
                self.addresses.entity_id(connection.id),
                self.addresses.acs(connection.id),
                self.addresses.slo(connection.id),
                self.certificates(),
                signs_requests=connection.sign_requests,
            )
        )
        return Response(body, media_type="application/samlmetadata+xml")

    async def acs(self, request: Request) -> Response:
        """Take a response of an identity provider; no cookie comes with it, and none is needed."""
        fields = await read_form(request)
        try:
            document = decoded_response(fields.get("SAMLResponse", ""))
            relay_state = parse_id(fields.get("RelayState", ""))
            returned = await self.use_cases.receive_response(_uuid(request), document, relay_state)
        except Refused as refusal:
            if refusal.answered_login is not None:
                # No cookie came with this: whether it is the same browser shows at a page of ours.
                return self._go_on("continue", login=str(refusal.answered_login))
            return self._refusal(refusal)
        if returned.begin_at is not None:
            return _see_other(returned.begin_at)
        if returned.login.use is Use.TEST or returned.proof is None:
            return page(
                "tested",
                base=self.addresses.public_url,
                user_name=returned.user_name,
                rule=returned.rule.replace("_", " "),
                claims=sorted(returned.claims.items()),
            )
        parameters = {"login": str(returned.login.id), "proof": returned.proof}
        if returned.waits:
            return self._wait(parameters)
        return self._go_on("account" if returned.is_other else "continue", **parameters)

    async def look_again(self, request: Request) -> Response:
        """Look again for somebody who was not known yet."""
        given = read_fields(request.url.query)
        parameters = {name: given.get(name, "") for name in ("login", "proof")}
        login_id = parse_id(parameters["login"]) or UUID(int=0)
        try:
            returned = await self.use_cases.look_again(login_id, parameters["proof"])
        except Refused as refusal:
            return self._refusal(refusal)
        if returned is None:
            return self._wait(parameters)
        where = "account" if returned.is_other else "continue"
        return self._go_on(where, login=str(returned.login.id), proof=returned.proof or "")

    def _wait(self, parameters: Mapping[str, str]) -> Response:
        base = self.addresses.public_url
        again = f"{base}/login/wait?{urlencode(parameters)}"
        response = page("waiting", base=base, again=again)
        response.headers["Refresh"] = f"{LOOK_AGAIN_SECONDS}; url={again}"
        return response

    def _go_on(self, where: str, **parameters: str) -> Response:
        return _see_other(f"{self.addresses.public_url}/login/{where}?{urlencode(parameters)}")

    async def which_account(self, request: Request) -> Response:
        """Ask somebody who has typed another address than they signed in with."""
        given = read_fields(request.url.query)
        parameters = {name: given.get(name, "") for name in ("login", "proof")}
        login_id = parse_id(parameters["login"]) or UUID(int=0)
        try:
            other = await self.use_cases.ask_which_account(
                login_id, parameters["proof"], self.cookies.browser(request)
            )
        except Refused as refusal:
            return self._refusal(refusal)
        return page(
            "account",
            leaves=True,
            base=self.addresses.public_url,
            typed=other.typed,
            user_name=other.user_name,
            onward=list(parameters.items()),
            hidden=parameters_of(other.request),
        )

    async def go_on(self, request: Request) -> Response:
        """Sign the browser in that began, and send it to the app."""
        parameters = read_fields(request.url.query)
        login_id = parse_id(parameters.get("login", "")) or UUID(int=0)
        proof, browser = parameters.get("proof", ""), self.cookies.browser(request)
        refusal = Refused(Code.REPLAYED)
        if proof:
            try:
                return self._to_app(await self.use_cases.continue_login(login_id, proof, browser))
            except Refused as error:
                refusal = error
        again = await self.use_cases.come_again(login_id, browser, self.cookies.session(request))
        return self._to_app(again) if again is not None else self._refusal(refusal)

    async def stylesheet(self, _request: Request) -> Response:
        """Answer with the stylesheet."""
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(stylesheet(), media_type="text/css", headers=headers)

    def _to_app(self, signed_in: SignedIn) -> Response:
        if signed_in.code is None:
            response = consent_page(self.addresses.public_url, signed_in)
        else:
            response = self._answer(signed_in.request, {"code": signed_in.code})
        if signed_in.session_secret is not None:
            seconds = int((signed_in.expires_at - self.clock.now()).total_seconds())
            self.cookies.keep_session(response, signed_in.session_secret, seconds)
        return response

    def _answer(self, asked: AuthorizationRequest, answer: Mapping[str, str]) -> Response:
        return self._redirect(asked.redirect_uri, answer, asked.state)

    def _refused(self, error: RefusedRequest) -> Response:
        answer = {"error": error.error, "error_description": error.description}
        return self._redirect(error.redirect_uri, answer, error.state)

    def _redirect(self, uri: str, answer: Mapping[str, str], state: str | None) -> Response:
        """Send the browser back to the app, with who answers (RFC 9207)."""
        parameters = {**answer, "iss": self.addresses.public_url}
        if state is not None:
            parameters["state"] = state
        joint = "&" if urlsplit(uri).query else "?"
        return _see_other(f"{uri}{joint}{urlencode(parameters)}")

    def _login_page(self, asked: AuthorizationRequest, *, email: str, notice: str = "") -> Response:
        return page(
            "login",
            leaves=True,
            base=self.addresses.public_url,
            hidden=parameters_of(asked),
            email=email[:254],
            notice=notice,
        )

    def _refusal(self, refusal: Refused) -> Response:
        advice = ADVICE[refusal.code]
        return self._message("You are not signed in", advice.person, 403, refusal.code.value)

    def _message(self, title: str, sentence: str, status: int, code: str = "") -> Response:
        return page(
            "message",
            status,
            base=self.addresses.public_url,
            title=title,
            sentence=sentence,
            code=code,
            correlation_id=context.current().correlation_id,
        )


async def _parameters(request: Request) -> Mapping[str, str]:
    """Return the parameters of a query, or of a form that was posted."""
    if request.method == "POST":
        return await read_form(request)
    return read_fields(request.url.query)


def _connection_id(request: Request) -> str:
    found: Any = request.path_params["connection_id"]
    return str(found)


def _uuid(request: Request) -> UUID:
    found = parse_id(_connection_id(request))
    if found is None:
        raise NotFoundError("connection-unknown", "There is no such connection.")
    return found


def _see_other(url: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(url, 303, headers=headers)
