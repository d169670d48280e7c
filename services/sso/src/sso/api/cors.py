"""Which pages of other origins may read answers (the Fetch standard's CORS).

Apps in a browser ask for tokens by themselves. Exactly the origins that some enabled app has
registered may: no cookie is ever taken along, so what they read is what their own tokens open.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
MAX_ORIGIN = 255
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
_ALLOWED = {
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
}


@dataclass(frozen=True, slots=True)
class Cors:
    """Lets registered origins read the answers of an endpoint."""

    is_allowed: Callable[[str], Awaitable[bool]]

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint for a route that takes OPTIONS as well."""

        async def answered(request: Request) -> Response:
            origin = request.headers.get("origin", "")
            allowed = 0 < len(origin) <= MAX_ORIGIN and await self.is_allowed(origin)
            if request.method == "OPTIONS":
                response = Response(status_code=204, headers=_PREFLIGHT if allowed else None)
            else:
                response = await endpoint(request)
            response.headers.add_vary_header("Origin")
            if allowed:
                response.headers.update({**_ALLOWED, "Access-Control-Allow-Origin": origin})
            return response

        return answered
