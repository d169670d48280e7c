"""Renders pages by Jinja2: every value escaped, every variable there, strict headers."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sso.pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int = 200, *, leaves: bool = False, **values: Any) -> Response:
    """Return a page.

    `leaves` is for a form whose POST ends at another site: browsers hold `form-action` against the
    redirects behind it too, and where they lead is not known before the address is.
    """
    html = _environment().get_template(f"{name}.html").render(**values)
    policy = _CSP if leaves else f"{_CSP}; form-action 'self'"
    return HTMLResponse(html, status, {**_HEADERS, "Content-Security-Policy": policy})


@cache
def stylesheet() -> bytes:
    """Return the one stylesheet."""
    return files("sso.pages").joinpath("sign-on.css").read_bytes()
