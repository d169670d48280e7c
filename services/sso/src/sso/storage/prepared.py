"""The statements that are prepared on every connection before a process is ready."""

from sso.storage import (
    clients,
    codes,
    connections,
    consents,
    families,
    logins,
    people,
    proofs,
    sessions,
)

PREPARED_QUERIES = tuple(
    query.sql
    for query in (
        connections.QUERIES["find_connection"],
        connections.QUERIES["find_connection_with_login"],
        connections.QUERIES["find_route"],
        people.QUERIES["find_tenant_with_domains"],
        people.QUERIES["list_domains"],
        people.QUERIES["find_bound_user"],
        people.QUERIES["list_bound_subjects"],
        people.QUERIES["find_by_external_id"],
        people.QUERIES["find_by_address"],
        logins.QUERIES["insert_login"],
        logins.QUERIES["find_login"],
        logins.QUERIES["insert_assertion"],
        logins.QUERIES["take_assertion"],
        logins.QUERIES["find_answered_login"],
        logins.QUERIES["complete_login"],
        logins.QUERIES["insert_log_row"],
        sessions.QUERIES["insert_session"],
        sessions.QUERIES["find_session"],
        sessions.QUERIES["find_session_by_token"],
        sessions.QUERIES["insert_code"],
        codes.QUERIES["use_code"],
        families.QUERIES["insert_family"],
        families.QUERIES["find_family"],
        families.QUERIES["begin_generation"],
        clients.QUERIES["find_client"],
        consents.QUERIES["find_consent"],
        consents.QUERIES["save_consent"],
        proofs.QUERIES["take_assertion"],
        proofs.QUERIES["insert_pushed_request"],
        proofs.QUERIES["find_pushed_request"],
    )
)
"""Everything that a request may run."""
