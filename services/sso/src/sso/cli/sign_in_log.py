"""`log`: what became of a tenant's attempts to sign in."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_rows
from sso.cli.facts import LOG_COLUMNS, log_facts
from sso.cli.sessions import Before, Rows, UserName, say_more
from sso.domain.sign_in_log import OUTCOMES
from sso.usecases.use_cases import UseCases


def sign_in_log_command(run: Runner[UseCases], app: typer.Typer) -> None:
    """Register the command."""

    @app.command("log", help="List a tenant's attempts to sign in, the newest first.")
    def log(
        tenant: TenantOption,
        outcome: Annotated[
            str | None, typer.Option(help=f"One of: {', '.join(OUTCOMES)}.", show_default=False)
        ] = None,
        user: UserName = None,
        before: Before = None,
        limit: Rows = 50,
        as_json: Json = False,
    ) -> None:
        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            tenant_id = (await use_cases.find_tenant(tenant)).tenant_id
            person = await use_cases.find_person(tenant_id, user) if user is not None else None
            found = await use_cases.read_sign_in_log(
                tenant_id,
                outcome=outcome,
                user_id=person.id if person is not None else None,
                before=before,
                limit=limit,
            )
            return [log_facts(row) for row in found]

        rows = run(command)
        print_rows(rows, columns=LOG_COLUMNS, as_json=as_json)
        say_more(rows, limit)
