"""`/oauth2/logout`: where apps and people come to sign out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sso.api.cookies import Cookies
from sso.api.forms import read_fields, read_form
from sso.domain.logout import LogoutRequest
from sso.pages.render import page
from sso.usecases.addresses import Addresses
from sso.usecases.logout import MustConfirm, SignedOut
from sso.usecases.use_cases import SignOnUseCases

_PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class LogoutEndpoints:
    """The endpoints of signing out."""

    use_cases: SignOnUseCases
    addresses: Addresses
    cookies: Cookies

    async def end_session(self, request: Request) -> Response:
        """Answer the `end_session_endpoint`, by GET and POST."""
        if request.method == "POST":
            fields = await read_form(request)
            if not self.cookies.session(request):
                return self._again(fields)
        else:
            fields = read_fields(request.url.query)
        return await self._sign_out(request, fields)

    async def confirm(self, request: Request) -> Response:
        """Take the form by which people say that they want to sign out."""
        fields = await read_form(request)
        return await self._sign_out(request, fields, fields.get("proof", ""))

    async def _sign_out(
        self, request: Request, fields: Mapping[str, str], proof: str = ""
    ) -> Response:
        asked = await self.use_cases.read_logout_request(fields)
        done = await self.use_cases.sign_out(asked, self.cookies.session(request), proof)
        if isinstance(done, MustConfirm):
            return self._ask(asked, done, fields)
        response = await self._at_provider(asked, done) or self._done(asked, done)
        self.cookies.forget_session(response)
        return response

    async def _at_provider(self, asked: LogoutRequest, done: SignedOut) -> Response | None:
        """Let the browser go on by its identity provider, where single logout is switched on."""
        if done.session is None:
            return None
        back = _with_state(done.return_to, asked.state) if done.return_to is not None else None
        session = done.session
        url = await self.use_cases.leave_provider(session.tenant_id, session.id, back)
        return RedirectResponse(url, 303, headers=_NO_STORE) if url is not None else None

    def _again(self, fields: Mapping[str, str]) -> Response:
        """Let the browser come again by GET: with the form of another site came no cookie."""
        query = urlencode({name: fields[name] for name in _PARAMETERS if name in fields})
        url = f"{self.addresses.public_url}/oauth2/logout?{query}"
        return RedirectResponse(url, 303, headers=_NO_STORE)

    def _ask(self, asked: LogoutRequest, found: MustConfirm, fields: Mapping[str, str]) -> Response:
        hidden = [(name, fields[name]) for name in _PARAMETERS[1:] if name in fields]
        if asked.client_id is not None and "client_id" not in fields:
            hidden.append(("client_id", asked.client_id))
        return page(
            "sign_out",
            400 if asked.return_refused else 200,
            leaves=True,
            base=self.addresses.public_url,
            user_name=found.user_name,
            hidden=[*hidden, ("proof", found.proof)],
            return_refused=asked.return_refused,
        )

    def _done(self, asked: LogoutRequest, done: SignedOut) -> Response:
        if done.return_to is not None:
            url = _with_state(done.return_to, asked.state)
            return RedirectResponse(url, 303, headers=_NO_STORE)
        return page(
            "signed_out",
            400 if asked.return_refused else 200,
            base=self.addresses.public_url,
            offered=_with_state(done.offered, asked.state) if done.offered else "",
            return_refused=asked.return_refused,
        )


def _with_state(uri: str, state: str | None) -> str:
    if state is None:
        return uri
    joint = "&" if urlsplit(uri).query else "?"
    return f"{uri}{joint}{urlencode({'state': state})}"
