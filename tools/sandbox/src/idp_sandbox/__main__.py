"""`python -m idp_sandbox serve`: an Entra tenant's sign-in, to be played by hand."""

import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette

from idp_sandbox import state
from idp_sandbox.control import control_routes, refuse
from idp_sandbox.model import EntraTenant
from idp_sandbox.web import Browsers, web_routes

TENANT_ID = "7f1c5d0a-3b52-4d1e-9a86-0c2f4e6b8d13"

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Stand in for Entra as an identity provider."""


@app.command()
def serve(
    port: int = 8085,
    url: Annotated[
        str, typer.Option(help="How browsers reach it, e.g. http://localhost:8085.")
    ] = "",
    host: str = "127.0.0.1",
    file: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """Serve until interrupted."""
    served = EntraTenant(TENANT_ID, url or f"http://localhost:{port}", _now)
    if file is not None:
        state.load(served, file)
    uvicorn.run(idp_app(served, file), host=host, port=port, log_level="warning")


def idp_app(tenant: EntraTenant, file: Path | None = None) -> Starlette:
    """Return the identity provider of a tenant, kept in a file if one is named."""
    save = partial(state.save, tenant, file) if file is not None else lambda: None
    routes = [*web_routes(tenant, Browsers()), *control_routes(tenant, save)]
    return Starlette(routes=routes, exception_handlers={ValueError: refuse})


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


if __name__ == "__main__":
    app(prog_name="idp_sandbox")
