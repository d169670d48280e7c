"""The two cookies: which browser began a login, and who is signed in."""

import re

from starlette.requests import Request
from starlette.responses import Response

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookies:
    """Sets and reads the cookies; by https as `__Host-`, which no other host can set."""

    def __init__(self, *, secure: bool) -> None:
        prefix = "__Host-" if secure else ""
        self._secure = secure
        self._browser = f"{prefix}portico-browser"
        self._session = f"{prefix}portico-session"

    def browser(self, request: Request) -> str:
        """Return the secret of the browser; empty if it has none."""
        return _secret(request, self._browser)

    def session(self, request: Request) -> str:
        """Return the secret of the session; empty if there is none."""
        return _secret(request, self._session)

    def keep_browser(self, response: Response, secret: str) -> None:
        """Let the browser keep its secret while it is at the identity provider, and after."""
        self._set(response, self._browser, secret, 86_400)

    def keep_session(self, response: Response, secret: str, seconds: int) -> None:
        """Let the browser keep its session."""
        self._set(response, self._session, secret, seconds)

    def forget_session(self, response: Response) -> None:
        """Let the browser forget its session."""
        response.delete_cookie(
            self._session, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max(1, seconds),
            path="/",
            secure=self._secure,
            httponly=True,
            # Sent when the identity provider sends the browser back to us by a redirect of ours.
            samesite="lax",
        )


def _secret(request: Request, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if _SECRET.fullmatch(value) else ""
