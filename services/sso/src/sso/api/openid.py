"""What apps ask for without a browser: discovery, keys, tokens, and who somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import UnauthenticatedError
from sso.api.forms import basic_credentials, read_form
from sso.domain.client import Client
from sso.oidc.keys import ALGORITHM, SigningKeys
from sso.usecases.authorization import SCOPES
from sso.usecases.issuing import TokenError, Tokens
from sso.usecases.use_cases import SignOnUseCases

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def discovery(issuer: str) -> Mapping[str, Any]:
    """Return the provider's configuration (OpenID Connect discovery §3, RFC 8414)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "end_session_endpoint": f"{issuer}/oauth2/logout",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "sid",
            "amr",
            "email",
            "email_verified",
            "name",
            "given_name",
            "family_name",
            "preferred_username",
            "tenant_id",
            "role",
        ],
        "prompt_values_supported": ["none", "login", "select_account"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }


@dataclass(frozen=True, slots=True)
class OpenIdEndpoints:
    """The endpoints that apps call by themselves."""

    use_cases: SignOnUseCases
    keys: SigningKeys
    issuer: str

    async def configuration(self, _request: Request) -> Response:
        """Answer discovery."""
        return _json(discovery(self.issuer), headers={"Cache-Control": "public, max-age=300"})

    async def jwks(self, _request: Request) -> Response:
        """Answer with the public keys."""
        return _json(self.keys.jwks(), headers={"Cache-Control": "public, max-age=300"})

    async def token(self, request: Request) -> Response:
        """Turn a code or a refresh token into tokens (RFC 6749 §4.1.3, §6)."""
        fields = await read_form(request)
        try:
            client = await self._client(request, fields)
            tokens = await self._tokens(client, fields)
        except TokenError as error:
            return _token_error(error)
        said = {
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": tokens.seconds,
            "scope": tokens.scope,
            "id_token": tokens.id_token,
            "refresh_token": tokens.refresh_token,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return _json(given, headers=_NO_STORE)

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
            case None | "":
                raise TokenError("invalid_request", "grant_type is missing.")
            case _:
                raise TokenError("unsupported_grant_type", "That grant_type is not offered.")

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
        return _json(claims, headers=_NO_STORE)

    async def _client(self, request: Request, fields: Mapping[str, str]) -> Client:
        given = basic_credentials(request.headers.get("authorization", ""))
        if given is not None and ("client_secret" in fields):
            raise TokenError("invalid_request", "Send the client's secret in one way.")
        client_id, secret = given or (fields.get("client_id", ""), fields.get("client_secret"))
        return await self.use_cases.authenticate_client(client_id, secret)


def _token_error(error: TokenError) -> Response:
    status = 401 if error.error == "invalid_client" else 400
    headers = dict(_NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="token"'
    body = {"error": error.error, "error_description": error.description}
    return _json(body, status=status, headers=headers)


def _json(body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str]) -> Response:
    return Response(
        orjson.dumps(body), status, media_type="application/json", headers=dict(headers)
    )
