"""`python -m demo_app serve`: an app whose people sign in by Portico."""

from typing import Annotated

import typer
import uvicorn

from demo_app.app import demo_app

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Let people sign in by OpenID Connect."""


@app.command()
def serve(
    issuer: Annotated[str, typer.Option(help="The address of Portico's sign-on.")],
    client_id: Annotated[str, typer.Option(help="As `python -m sso client create` made it.")],
    client_secret: Annotated[str, typer.Option(envvar="DEMO_APP_CLIENT_SECRET")],
    port: int = 8086,
    url: Annotated[
        str, typer.Option(help="How browsers reach it, e.g. http://localhost:8086.")
    ] = "",
    host: str = "127.0.0.1",
) -> None:
    """Serve until interrupted."""
    served = demo_app(issuer, client_id, client_secret, url or f"http://localhost:{port}")
    uvicorn.run(served, host=host, port=port, log_level="warning")


if __name__ == "__main__":
    app(prog_name="demo_app")
