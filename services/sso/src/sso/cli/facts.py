"""What is printed of connections and apps."""

from datetime import datetime
from typing import Any

from sso.domain.certificates import expiry_of, fingerprint_of
from sso.domain.client import Client
from sso.domain.connection import Connection
from sso.domain.keys import KeyState, StoredKey
from sso.domain.session_policy import SessionPolicy
from sso.domain.warnings import warnings_of
from sso.usecases.addresses import Addresses
from sso.usecases.explanation import Explanation
from sso.usecases.logout_notices import Backlog
from sso.usecases.ports import LogRow, Refresh
from sso.usecases.session_ports import LiveSession

CONNECTION_COLUMNS = ("id", "name", "kind", "state", "created")
KEY_COLUMNS = ("id", "purpose", "state", "created", "active_from")
SESSION_COLUMNS = ("id", "user", "apps", "signed_in", "expires", "connection_id")
LOG_COLUMNS = ("at", "outcome", "user_id", "matched_by", "detail", "correlation_id", "id")
BACKLOG_COLUMNS = ("client_id", "waiting", "given_up", "oldest", "last_failure")
CLIENT_COLUMNS = ("id", "name", "kind", "redirect_uris", "state")


def connection_facts(connection: Connection, addresses: Addresses, now: datetime) -> dict[str, Any]:
    """Return what an operator must know of a connection."""
    candidate = connection.candidate
    return {
        "id": connection.id,
        "tenant_id": connection.tenant_id,
        "name": connection.name,
        "kind": connection.kind.value,
        "state": connection.state.value,
        "tested": connection.tested,
        "created": connection.created_at,
        "entity_id": addresses.entity_id(connection.id),
        "acs_url": addresses.acs(connection.id),
        "slo_url": addresses.slo(connection.id),
        "domains": list(connection.domains),
        "sign_requests": connection.sign_requests,
        "single_logout": connection.single_logout,
        "idp_entity_id": candidate.entity_id if candidate else None,
        "idp_sso_url": candidate.sso_url if candidate else None,
        "email_claim": candidate.email_claim if candidate else None,
        "subject_claim": candidate.subject_claim if candidate else None,
        "idp_slo_url": candidate.slo_url if candidate else None,
        "idp_metadata_url": candidate.metadata_url if candidate else None,
        "idp_certificates": [
            {
                "sha256": fingerprint_of(each),
                "expires": expiry_of(each),
                "unlisted_until": candidate.unlisted.get(fingerprint_of(each)),
            }
            for each in candidate.certificates
        ]
        if candidate
        else [],
        "warnings": list(warnings_of(connection.kind, candidate, now)) if candidate else [],
        "default_client": connection.default_client,
        "waits_for_activation": candidate is not None and candidate != connection.active,
    }


def refresh_facts(refresh: Refresh) -> dict[str, Any]:
    """Return what became of fetching a connection's metadata again."""
    return {
        "metadata_fetched": refresh.at,
        "metadata_failures": refresh.failures,
        "metadata_problem": refresh.problem,
    }


def client_facts(client: Client) -> dict[str, Any]:
    """Return what an operator must know of an app."""
    return {
        "id": client.id,
        "name": client.name,
        "kind": "confidential" if client.proves_itself else "public",
        "proves_itself_by": _proof(client),
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.settings.post_logout_redirect_uris),
        "backchannel_logout_uri": client.settings.backchannel_logout_uri,
        "initiate_login_uri": client.settings.initiate_login_uri,
        "consent": client.settings.consent,
        "allowed_origins": list(client.settings.allowed_origins),
        "audiences": list(client.settings.audiences),
        "service": client.settings.service,
        "access_token_seconds": client.settings.access_token_seconds,
        "state": "disabled" if client.disabled else "enabled",
    }


def _proof(client: Client) -> str:
    if client.settings.public_keys is not None:
        return "private_key_jwt"
    return "none" if client.secret_digest is None else "client_secret"


def backlog_facts(backlog: Backlog) -> dict[str, Any]:
    """Return what an app has still to hear of the end of sessions."""
    return {
        "client_id": backlog.client_id,
        "waiting": backlog.waiting,
        "given_up": backlog.given_up,
        "oldest": backlog.oldest,
        "last_failure": backlog.last_failure,
    }


def key_facts(key: StoredKey, state: KeyState) -> dict[str, Any]:
    """Return what an operator may know of a key."""
    return {
        "id": key.id,
        "purpose": key.purpose.value,
        "state": state.value,
        "created": key.created_at,
        "active_from": key.active_from,
    }


def session_facts(live: LiveSession) -> dict[str, Any]:
    """Return what an operator must know of a session; its secret is known to nobody."""
    session = live.session
    return {
        "id": session.id,
        "tenant_id": session.tenant_id,
        "user_id": session.user_id,
        "user": live.user_name or session.user_id,
        "connection_id": session.connection_id,
        "apps": list(live.client_ids),
        "signed_in": session.authenticated_at,
        "expires": session.expires_at,
        "ends": session.ends_at,
    }


def policy_facts(policy: SessionPolicy) -> dict[str, Any]:
    """Return how long sessions last, in hours."""
    return {
        "idle_hours": policy.idle.total_seconds() / 3_600,
        "hours": policy.lifetime.total_seconds() / 3_600,
    }


def log_facts(row: LogRow) -> dict[str, Any]:
    """Return a row of the sign-in log."""
    return {
        "id": row.id,
        "at": row.occurred_at,
        "outcome": row.outcome,
        "user_id": row.user_id,
        "matched_by": row.matched_by,
        "connection_id": row.connection_id,
        "detail": row.detail,
        "correlation_id": row.correlation_id,
    }


def explanation_facts(found: Explanation) -> dict[str, Any]:
    """Return why somebody can or cannot sign in."""
    return {
        "address": found.address,
        "can_sign_in": found.can_sign_in,
        "findings": [
            {"about": each.about, "ok": each.holds, "says": each.says} for each in found.findings
        ],
        "attempts": [log_facts(row) for row in found.attempts],
    }
