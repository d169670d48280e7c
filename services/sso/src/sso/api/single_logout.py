"""`/saml/{connection}/slo`: where browsers bring the messages of single logout."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chassis import context
from kernel.errors import NotFoundError
from kernel.names import parse_id
from sso.domain.refusals import Refused
from sso.pages.render import page
from sso.usecases.addresses import Addresses
from sso.usecases.use_cases import SignOnUseCases

_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class SingleLogoutEndpoints:
    """The endpoint of single logout (SAML profiles §4.4), by HTTP-Redirect."""

    use_cases: SignOnUseCases
    addresses: Addresses

    async def slo(self, request: Request) -> Response:
        """Take a request or an answer; no cookie is needed for either."""
        connection_id = parse_id(str(request.path_params["connection_id"]))
        if connection_id is None:
            raise NotFoundError("connection-unknown", "There is no such connection.")
        # The octets as they were sent: the signature is over them.
        query: bytes = request.scope["query_string"]
        try:
            onward = await self.use_cases.receive_logout(connection_id, query)
        except Refused as refusal:
            return self._refusal(refusal)
        if onward.url is not None:
            return RedirectResponse(onward.url, 303, headers=_NO_STORE)
        base = self.addresses.public_url
        return page("signed_out", base=base, offered="", return_refused=False)

    def _refusal(self, refusal: Refused) -> Response:
        return page(
            "message",
            400,
            base=self.addresses.public_url,
            title="This sign-out cannot go on",
            sentence="Close this browser to be signed out for sure, and tell your IT admin.",
            code=refusal.code.value,
            correlation_id=context.current().correlation_id,
        )
