"""Answers of the endpoints that apps call by themselves."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from sso.usecases.issuing import TokenError

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def token_error(error: TokenError) -> Response:
    """Return a refusal (RFC 6749 §5.2)."""
    status = 401 if error.error == "invalid_client" else 400
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="token"'
    body = {"error": error.error, "error_description": error.description}
    return json_answer(body, status=status, headers=headers)


def json_answer(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str]
) -> Response:
    """Return JSON."""
    return Response(
        orjson.dumps(body), status, media_type="application/json", headers=dict(headers)
    )
