"""`token create | list | revoke`: a tenant's SCIM tokens."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_facts, print_json, print_rows, say
from scim.cli.durations import parse_duration
from scim.cli.facts import TOKEN_COLUMNS, token_facts
from scim.usecases.use_cases import UseCases


class TokenCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def create(
        self,
        tenant: TenantOption,
        expires_in: Annotated[
            str, typer.Option(help="How long it is good for: 90d, 365d.")
        ] = "365d",
        as_json: Json = False,
    ) -> None:
        """Make a token and show it this once."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            lifetime = parse_duration(expires_in, "--expires-in")
            found = await use_cases.find_tenant(tenant)
            created = await use_cases.create_token(found, lifetime)
            return {
                "tenant": found.name,
                "tenant_id": found.tenant_id,
                "base_url": created.base_url,
                "token": created.secret,
                "id": created.token.id,
                "expires": created.token.expires_at,
            }

        print_facts(self._run(command), as_json=as_json)
        if not as_json:
            say("Keep the token now: it cannot be shown again.", err=True)

    def list(self, tenant: TenantOption, as_json: Json = False) -> None:
        """List a tenant's tokens."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            found = await use_cases.find_tenant(tenant)
            return [token_facts(token) for token in await use_cases.list_tokens(found)]

        print_rows(self._run(command), columns=TOKEN_COLUMNS, as_json=as_json)

    def revoke(
        self,
        tenant: TenantOption,
        token: Annotated[str, typer.Argument(help="The token's id, or its prefix.")],
        as_json: Json = False,
    ) -> None:
        """Make a token worthless; every replica has forgotten it within 5 s."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.find_tenant(tenant)
            revoked = await use_cases.revoke_token(found, token)
            return {"tenant": found.name, "id": revoked.id, "prefix": revoked.prefix}

        facts = self._run(command)
        if as_json:
            print_json(facts)
        else:
            say(f"Token {facts['prefix']}… of {facts['tenant']} is revoked.")


def token_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `token` commands."""
    commands = TokenCommands(run)
    app = typer.Typer(help="SCIM tokens of a tenant.", no_args_is_help=True)
    app.command("create")(commands.create)
    app.command("list")(commands.list)
    app.command("revoke")(commands.revoke)
    return app
