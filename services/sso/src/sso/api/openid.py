"""What apps ask for without a browser: discovery, keys, tokens, and who somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import UnauthenticatedError
from sso.api.answers import NO_STORE, json_answer, token_error
from sso.api.discovery import discovery
from sso.api.forms import basic_credentials, read_form
from sso.domain.client import Client
from sso.oidc.keys import SigningKeys
from sso.usecases.client_authentication import ASSERTION
from sso.usecases.issuing import TokenError, Tokens
from sso.usecases.use_cases import SignOnUseCases


@dataclass(frozen=True, slots=True)
class OpenIdEndpoints:
    """The endpoints that apps call by themselves."""

    use_cases: SignOnUseCases
    keys: SigningKeys
    issuer: str

    async def configuration(self, _request: Request) -> Response:
        """Answer discovery."""
        return json_answer(discovery(self.issuer), headers={"Cache-Control": "public, max-age=300"})

    async def jwks(self, _request: Request) -> Response:
        """Answer with the public keys."""
        return json_answer(self.keys.jwks(), headers={"Cache-Control": "public, max-age=300"})

    async def token(self, request: Request) -> Response:
        """Turn a code or a refresh token into tokens (RFC 6749 §4.1.3, §6)."""
        fields = await read_form(request)
        try:
            client = await self._client(request, fields)
            tokens = await self._tokens(client, fields)
        except TokenError as error:
            return token_error(error)
        said = {
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": tokens.seconds,
            "scope": tokens.scope,
            "id_token": tokens.id_token,
            "refresh_token": tokens.refresh_token,
        }
        given = {name: value for name, value in said.items() if value}
        return json_answer(given, headers=NO_STORE)

    async def _tokens(self, client: Client, fields: Mapping[str, str]) -> Tokens:
        match fields.get("grant_type"):
            case "authorization_code":
                return await self.use_cases.redeem_code(
                    client,
                    fields.get("code", ""),
                    fields.get("redirect_uri", ""),
                    fields.get("code_verifier", ""),
                )
            case "refresh_token":
                return await self.use_cases.refresh(
                    client, fields.get("refresh_token", ""), fields.get("scope", "")
                )
            case "client_credentials":
                return await self.use_cases.issue_own_token(client)
            case None | "":
                raise TokenError("invalid_request", "grant_type is missing.")
            case _:
                raise TokenError("unsupported_grant_type", "That grant_type is not offered.")

    async def introspect(self, request: Request) -> Response:
        """Tell whether a token is good (RFC 7662)."""
        fields = await read_form(request)
        try:
            client = await self._client(request, fields)
            told = await self.use_cases.introspect(client, fields.get("token", ""))
        except TokenError as error:
            return token_error(error)
        return json_answer(told, headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """Take back what an app was given for a session (RFC 7009)."""
        fields = await read_form(request)
        try:
            client = await self._client(request, fields)
            if not fields.get("token"):
                raise TokenError("invalid_request", "token is missing.")
            await self.use_cases.revoke(client, fields["token"])
        except TokenError as error:
            return token_error(error)
        return Response(status_code=200, headers=NO_STORE)

    async def userinfo(self, request: Request) -> Response:
        """Tell who somebody is (OpenID Connect core §5.3)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" and request.method == "POST":
            token = (await read_form(request)).get("access_token", "")
        try:
            claims = await self.use_cases.tell_user(token.strip())
        except UnauthenticatedError as error:
            challenge = f'Bearer error="invalid_token", error_description="{error.sentence}"'
            return Response(status_code=401, headers={"WWW-Authenticate": challenge})
        return json_answer(claims, headers=NO_STORE)

    async def push(self, request: Request) -> Response:
        """Take a request ahead of the browser (RFC 9126)."""
        fields = await read_form(request)
        try:
            client = await self._client(request, fields)
            name, seconds = await self.use_cases.push_request(client, fields)
        except TokenError as error:
            return token_error(error)
        said = {"request_uri": name, "expires_in": seconds}
        return json_answer(said, status=201, headers=NO_STORE)

    async def _client(self, request: Request, fields: Mapping[str, str]) -> Client:
        """Return the app that asks; it shows one proof of itself, or none (RFC 6749 §2.3)."""
        given = basic_credentials(request.headers.get("authorization", ""))
        assertion = fields.get("client_assertion")
        secret = fields.get("client_secret")
        if sum(each is not None for each in (given, assertion, secret)) > 1:
            raise TokenError("invalid_request", "Prove the client in one way.")
        if assertion is not None and fields.get("client_assertion_type") != ASSERTION:
            raise TokenError("invalid_request", "That client_assertion_type is not known.")
        client_id = fields.get("client_id", "")
        if given is not None:
            client_id, secret = given
        return await self.use_cases.authenticate_client(client_id, secret, assertion)
