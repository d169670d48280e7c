"""The pages, by Jinja2: every value escaped, every variable there."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("idp_sandbox"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page that nobody keeps."""
    html = _environment().get_template(f"{name}.html").render(**values)
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})
