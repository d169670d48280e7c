"""`token create | list | revoke`: a tenant's SCIM tokens."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, TenantOption, print_facts, print_json, print_rows
from scim.cli.durations import parse_duration
from scim.cli.runtime import Runner, UseCases
from scim.usecases.ports import Token

COLUMNS = ("prefix", "created", "expires", "last_used", "revoked", "id")


def token_app(run: Runner) -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(help="SCIM tokens of a tenant.", no_args_is_help=True)
    _add_create(app, run)
    _add_list(app, run)
    _add_revoke(app, run)
    return app


def _add_create(app: typer.Typer, run: Runner) -> None:
    @app.command()
    def create(
        tenant: TenantOption,
        expires_in: Annotated[
            str, typer.Option(help="How long it is good for: 90d, 365d.")
        ] = "365d",
        as_json: Json = False,
    ) -> None:
        """Make a token and show it this once."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            lifetime = parse_duration(expires_in, "--expires-in")
            owner = await use_cases.find_tenant(tenant)
            token, secret = await use_cases.create_token(owner, lifetime)
            return {
                "tenant": owner.name,
                "tenant_id": owner.tenant_id,
                "base_url": use_cases.base_url(owner.tenant_id),
                "token": secret,
                "id": token.id,
                "expires": token.expires_at,
            }

        print_facts(run(command), as_json=as_json)
        if not as_json:
            typer.echo("Keep the token now: it cannot be shown again.", err=True)


def _add_list(app: typer.Typer, run: Runner) -> None:
    @app.command(name="list")
    def list_tokens(tenant: TenantOption, as_json: Json = False) -> None:
        """List a tenant's tokens."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            owner = await use_cases.find_tenant(tenant)
            return [_facts(token) for token in await use_cases.list_tokens(owner)]

        print_rows(run(command), columns=COLUMNS, as_json=as_json)


def _add_revoke(app: typer.Typer, run: Runner) -> None:
    @app.command()
    def revoke(
        tenant: TenantOption,
        token: Annotated[str, typer.Argument(help="The token's id, or its prefix.")],
        as_json: Json = False,
    ) -> None:
        """Make a token worthless; every replica has forgotten it within 5 s."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            owner = await use_cases.find_tenant(tenant)
            revoked = await use_cases.revoke_token(owner, token)
            return {"tenant": owner.name, "id": revoked.id, "prefix": revoked.prefix}

        facts = run(command)
        if as_json:
            print_json(facts)
        else:
            typer.echo(f"Token {facts['prefix']}… of {facts['tenant']} is revoked.")


def _facts(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "prefix": token.prefix,
        "created": token.created_at,
        "expires": token.expires_at,
        "last_used": token.last_used_at,
        "revoked": token.revoked_at,
    }
