"""Sessions on the server's side, so that a logout told from outside ends them."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "demo_app_session"
MAX_SESSIONS = 10_000


@dataclass(slots=True)
class Sessions:
    """What is known of each browser; the oldest is forgotten first."""

    known: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)

    def of(self, token: str | None) -> tuple[str, dict[str, Any]]:
        """Return a browser's session, a new one for a browser that has none."""
        if token is not None and token in self.known:
            return token, self.known[token]
        token = secrets.token_urlsafe(24)
        self.known[token] = {}
        while len(self.known) > MAX_SESSIONS:
            self.known.popitem(last=False)
        return token, self.known[token]

    def end(self, sid: str) -> None:
        """Sign out whoever came by a session of the identity provider."""
        for session in self.known.values():
            if session.get("sid") == sid:
                session.clear()


class SessionMiddleware:
    """Puts the browser's session where Starlette's `request.session` and Authlib look for it."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with its session."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _cookie(scope)
        token, session = self._sessions.of(given)
        scope["session"] = session

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and token != given:
                value = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax"
                MutableHeaders(scope=message).append("Set-Cookie", value)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _cookie(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            return cookie_parser(value.decode("latin-1")).get(COOKIE)
    return None
