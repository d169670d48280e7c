"""Rows to domain objects, and documents of columns that hold JSON."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record

from kernel.tenant import Tenant
from sso.domain.client import Client, ClientSettings
from sso.domain.connection import Connection, IdentityProvider, Kind, Use
from sso.domain.keys import Purpose, StoredKey
from sso.domain.login import AuthorizationRequest, Outcome, PendingLogin, Session, User, Waiting

Row = Mapping[str, Any] | Record


def provider_document(provider: IdentityProvider | None) -> str | None:
    """Return an identity provider as JSON."""
    if provider is None:
        return None
    return orjson.dumps(
        {
            "entity_id": provider.entity_id,
            "sso_url": provider.sso_url,
            "certificates": [base64.b64encode(each).decode() for each in provider.certificates],
            "metadata_url": provider.metadata_url,
            "valid_until": provider.valid_until,
            "email_claim": provider.email_claim,
            "subject_claim": provider.subject_claim,
            "takes_post": provider.takes_post,
            "slo_url": provider.slo_url,
            "slo_response_url": provider.slo_response_url,
            "unlisted": provider.unlisted,
        }
    ).decode()


def provider(document: str | None) -> IdentityProvider | None:
    """Return the identity provider of a JSON document."""
    if document is None:
        return None
    said = orjson.loads(document)
    certificates = tuple(base64.b64decode(each) for each in said["certificates"])
    # Those that were stored before metadata came by address say nothing of the rest.
    valid_until = said.get("valid_until")
    return IdentityProvider(
        said["entity_id"],
        said["sso_url"],
        certificates,
        metadata_url=said.get("metadata_url"),
        valid_until=datetime.fromisoformat(valid_until) if valid_until else None,
        email_claim=said.get("email_claim"),
        subject_claim=said.get("subject_claim"),
        takes_post=said.get("takes_post", False),
        slo_url=said.get("slo_url"),
        slo_response_url=said.get("slo_response_url"),
        unlisted={
            fingerprint: datetime.fromisoformat(until)
            for fingerprint, until in said.get("unlisted", {}).items()
        },
    )


def connection(row: Row) -> Connection:
    """Return a connection."""
    return Connection(
        tenant_id=row["tenant_id"],
        id=row["id"],
        name=row["name"],
        kind=Kind(row["kind"]),
        created_at=row["created_at"],
        candidate=provider(row["candidate"]),
        tested=row["tested"],
        active=provider(row["active"]),
        suspended=row["suspended"],
        version=row["version"],
        previous=provider(row["previous"]),
        activated_at=row["activated_at"],
        default_client=row["default_client"],
        sign_requests=row["sign_requests"],
        single_logout=row["single_logout"],
        domains=tuple(row["own_domains"]),
    )


def tenant(row: Row) -> Tenant | None:
    """Return the tenant of a row that joins something with it; None if none is known."""
    if row["tenant_name"] is None:
        return None
    return Tenant(row["tenant_id"], row["tenant_name"], row["package"], row["status"])


def user(row: Row) -> User:
    """Return a user."""
    return User(
        tenant_id=row["tenant_id"],
        id=row["id"],
        user_name=row["user_name"],
        external_id=row["external_id"],
        email=row["email"],
        display_name=row["display_name"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        role=row["role"],
        active=row["active"],
    )


def session(row: Row) -> Session:
    """Return the session of a row that joins it with its user."""
    return Session(
        row["tenant_id"],
        row["session_id"],
        row["user_id"],
        row["connection_id"],
        row["authenticated_at"],
        row["expires_at"],
        row["ends_at"],
        acr=row["acr"],
        amr=tuple(row["amr"]),
    )


def client(row: Row) -> Client:
    """Return an app."""
    return Client(
        id=row["id"],
        name=row["name"],
        redirect_uris=tuple(row["redirect_uris"]),
        secret_digest=row["secret_digest"],
        disabled=row["disabled"],
        settings=ClientSettings(
            post_logout_redirect_uris=tuple(row["post_logout_redirect_uris"]),
            backchannel_logout_uri=row["backchannel_logout_uri"],
            initiate_login_uri=row["initiate_login_uri"],
            audiences=tuple(row["audiences"]),
            service=row["service"],
            access_token_seconds=row["access_token_seconds"],
            public_keys=row["public_keys"],
            allowed_origins=tuple(row["allowed_origins"]),
            consent=row["consent"],
        ),
        previous_secret_digest=row["previous_secret_digest"],
        previous_secret_until=row["previous_secret_until"],
    )


def stored_key(row: Row) -> StoredKey:
    """Return a key."""
    return StoredKey(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        private_key=row["private_key"],
        certificate=row["certificate"],
        created_at=row["created_at"],
        active_from=row["active_from"],
    )


def request_document(request: AuthorizationRequest | None) -> str | None:
    """Return a request of an app as JSON."""
    return None if request is None else orjson.dumps(request).decode()


def outcome_document(outcome: Outcome) -> str:
    """Return who signed in as JSON."""
    return orjson.dumps(outcome, default=str).decode()


def pending_login(row: Row) -> PendingLogin:
    """Return a login on its way."""
    request, outcome = row["request"], row["outcome"]
    return PendingLogin(
        tenant_id=row["tenant_id"],
        id=row["id"],
        connection_id=row["connection_id"],
        use=Use(row["use"]),
        request_id=row["request_id"],
        expires_at=row["expires_at"],
        browser_digest=row["browser_digest"],
        request=AuthorizationRequest(**orjson.loads(request)) if request else None,
        proof_digest=row["proof_digest"],
        outcome=_outcome(orjson.loads(outcome)) if outcome else None,
    )


def waiting_document(waiting: Waiting) -> str:
    """Return who waits to be provisioned as JSON."""
    return orjson.dumps(waiting).decode()


def waiting(document: str) -> Waiting:
    """Return who waits to be provisioned."""
    said = orjson.loads(document)
    ends = said["session_ends_at"]
    times = {
        "since": datetime.fromisoformat(said["since"]),
        "remember_until": datetime.fromisoformat(said["remember_until"]),
        "session_ends_at": datetime.fromisoformat(ends) if ends else None,
        "addresses": tuple(said["addresses"]),
        "amr": tuple(said.get("amr", ("fed",))),
    }
    return Waiting(**said | times)


def _outcome(said: dict[str, Any]) -> Outcome:
    ends = said["session_ends_at"]
    return Outcome(
        user_id=UUID(said["user_id"]),
        matched_by=said["matched_by"],
        name_id=said["name_id"],
        name_id_format=said["name_id_format"],
        session_index=said["session_index"],
        session_ends_at=datetime.fromisoformat(ends) if ends else None,
        # Those of a version before say nothing of it.
        instead_as=said.get("instead_as"),
        acr=said.get("acr"),
        amr=tuple(said.get("amr", ("fed",))),
    )
