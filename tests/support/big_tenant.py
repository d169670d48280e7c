"""Databases as they are after years: three large tenants, loaded by the thousand."""

import asyncpg

SMALL = {
    "breakers": "one row",
    "clients": "the deployment's apps",
    "consumer_offsets": "a row for each partition",
    "outbox_blocked": "a row for each event that can never be sent",
    "parked_audit": "what operators did",
    "parked_events": "what operators have to look after",
    "schema_migrations": "a row for each migration",
    "keys": "two or three for each of two purposes",
}
"""The tables that stay small however long a service runs."""

_ID = "('01900000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
_NAMES = {
    "id": _ID.format(number="n"),
    "tenant": _ID.format(number="n % 3"),
    "small_tenant": _ID.format(number="n % 300"),
    "hundredth": _ID.format(number="n / 100"),
    "group": _ID.format(number="n / 3 % 4 * 3 + n % 3"),
    "rows": "generate_series(0, 11999) AS n",
    "tenants": "generate_series(0, 3999) AS n",
}

_BUS = (
    """
    INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data, version,
                        sequence, sent_at)
    SELECT {tenant}, 'scim-events', {id}, 'scim.user.updated.v1', {id}::text, now(), '{{}}', n, n,
           CASE WHEN n < 11990 THEN now() END
    FROM {rows}
    """,
    """
    INSERT INTO outbox_sequences (tenant_id, topic, last)
    SELECT {id}, 'scim-events', 1 FROM {tenants}
    """,
    """
    INSERT INTO inbox (tenant_id, consumer_group, topic, last)
    SELECT {id}, 'group', 'scim-events', 1 FROM {tenants}
    """,
    """
    INSERT INTO inbox_versions (tenant_id, consumer_group, topic, subject, version, deleted)
    SELECT {tenant}, 'group', 'directory-users', {id}::text, 1, false FROM {rows}
    """,
)
_TENANTS = """
    INSERT INTO tenants (tenant_id, name, package, status, version)
    SELECT {id}, 'tenant ' || n, 'business', 'active', 1 FROM {tenants}
"""

_LOADS = {
    "scim": (
        *_BUS,
        _TENANTS,
        "INSERT INTO tenant_settings (tenant_id, strict) SELECT tenant_id, true FROM tenants",
        """
        INSERT INTO tokens (tenant_id, id, prefix, digest, created_at, expires_at)
        SELECT tenant_id, tenant_id, 'scim', uuid_send(tenant_id), now(), now() FROM tenants
        """,
        """
        INSERT INTO users (tenant_id, id, user_name, user_name_key, external_id, display_name_key,
                           work_email_key, email_keys, manager, active, soft_deleted, origin,
                           version, created_at, updated_at, document)
        SELECT {tenant}, {id}, n, n, n, n, n, ARRAY[n::text, n || '@'], n, true, false, 'scim',
               1, now(), now(), '{{}}'
        FROM {rows}
        """,
        """
        INSERT INTO groups (tenant_id, id, display_name, display_name_key, external_id, version,
                            created_at, updated_at)
        SELECT {tenant}, {id}, n, n, n, 1, now(), now() FROM {rows}
        """,
        """
        INSERT INTO group_members (tenant_id, group_id, user_id)
        SELECT {tenant}, {group}, {id} FROM {rows}
        """,
        """
        INSERT INTO provisioning_log (tenant_id, id, occurred_at, operation, status)
        SELECT {tenant}, {id}, now(), 'user.get', 200 FROM {rows}
        """,
        # A hundred ranges of each tenant, as with 200,000 users.
        """
        INSERT INTO listing_counts (tenant_id, kind, first_id, backend, amount)
        SELECT {hundredth}, 'users', {id}, 0, 2000 FROM {tenants}
        """,
    ),
    "tenant-directory": (
        *_BUS,
        """
        INSERT INTO tenants (tenant_id, name, package, status, invitations_enabled, version,
                             created_at, updated_at)
        SELECT {id}, 'tenant ' || n, 'business', 'active', true, 1, now(), now() FROM {tenants}
        """,
        """
        INSERT INTO users (tenant_id, id, user_name, user_name_key, status, origin, role_given_by,
                           soft_deleted, attributes, version, created_at, updated_at)
        SELECT {tenant}, {id}, n, n, 'active', 'scim', 'default', false, '{{}}', 1, now(), now()
        FROM {rows}
        """,
        """
        INSERT INTO groups (tenant_id, id, display_name, display_name_key, version, scim_version,
                            created_at, updated_at)
        SELECT {tenant}, {id}, n, n, 1, 1, now(), now() FROM {rows}
        """,
        """
        INSERT INTO memberships (tenant_id, group_id, user_id)
        SELECT {tenant}, {group}, {id} FROM {rows}
        """,
        """
        INSERT INTO audit_log (tenant_id, at, actor, action, subject, details)
        SELECT {tenant}, now(), 'scim', 'user.updated', {id}, '{{}}' FROM {rows}
        """,
    ),
    "sso": (
        *_BUS,
        _TENANTS,
        """
        INSERT INTO users (tenant_id, id, user_name, user_name_key, external_id, email, email_key,
                           active)
        SELECT {tenant}, {id}, n, n, n, n, n, true FROM {rows}
        """,
        """
        INSERT INTO domains (tenant_id, domain)
        SELECT {small_tenant}, n || '.example' FROM {rows}
        """,
        """
        INSERT INTO connections (tenant_id, id, name, kind, created_at, candidate, tested, active,
                                 suspended, version)
        SELECT {id}, {id}, n, 'entra', now(), '{{}}', true, '{{}}', false, 1 FROM {tenants}
        """,
        """
        INSERT INTO connections (tenant_id, id, name, kind, created_at, tested, suspended, version)
        SELECT {tenant}, {id}, n, 'entra', now(), false, false, 1 FROM {rows}
        ON CONFLICT DO NOTHING
        """,
        """
        INSERT INTO connection_routes (tenant_id, domain, connection_id)
        SELECT tenant_id, n || '.example', id
        FROM (SELECT row_number() OVER () AS n, tenant_id, id FROM connections) AS numbered
        """,
        """
        INSERT INTO bindings (tenant_id, connection_id, subject, user_id, created_at)
        SELECT {tenant}, {tenant}, n, {id}, now() FROM {rows}
        """,
        """
        INSERT INTO pending_logins (tenant_id, id, connection_id, use, request_id, proof_digest,
                                    created_at, expires_at, outcome)
        SELECT {tenant}, {id}, {tenant}, 'sign_in', n, uuid_send({id}), now(),
               now() + n * interval '1 second', json_build_object('user_id', {id})::jsonb
        FROM {rows}
        """,
        """
        INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at)
        SELECT {tenant}, {tenant}, n, now() + n * interval '1 second' FROM {rows}
        """,
        """
        INSERT INTO sessions (tenant_id, id, user_id, connection_id, secret_digest,
                              authenticated_at, expires_at, ends_at)
        SELECT {tenant}, {id}, {id}, {id}, uuid_send({id}), now(),
               now() + n * interval '1 second', now() + n * interval '1 second'
        FROM {rows}
        """,
        """
        INSERT INTO pending_logouts (tenant_id, connection_id, request_id, expires_at)
        SELECT {tenant}, {tenant}, n, now() + n * interval '1 second' FROM {rows}
        """,
        """
        INSERT INTO session_policies (tenant_id, idle, lifetime)
        SELECT {id}, '1 hour', '1 day' FROM {rows}
        """,
        """
        INSERT INTO session_clients (tenant_id, session_id, client_id)
        SELECT {tenant}, {id}, 'app' || n / 100 FROM {rows}
        """,
        """
        INSERT INTO logout_notices (tenant_id, session_id, client_id, user_id, created_at, due_at)
        SELECT {tenant}, {id}, 'app' || n / 100, {id}, now() + n * interval '1 second',
               now() + n * interval '1 second'
        FROM {rows}
        """,
        """
        INSERT INTO codes (tenant_id, digest, session_id, client_id, redirect_uri, code_challenge,
                           scope, expires_at)
        SELECT {tenant}, uuid_send({id}), {id}, 'app', 'x', 'x', 'x',
               now() + n * interval '1 second'
        FROM {rows}
        """,
        """
        INSERT INTO consents (tenant_id, user_id, client_id, scopes, given_at)
        SELECT {tenant}, {id}, 'app', '{{}}', now() FROM {rows}
        """,
        """
        INSERT INTO client_assertions (client_id, digest, expires_at)
        SELECT 'app', uuid_send({id}), now() + n * interval '1 second' FROM {rows}
        """,
        """
        INSERT INTO pushed_requests (digest, client_id, parameters, expires_at)
        SELECT uuid_send({id}), 'app', '{{}}', now() + n * interval '1 second' FROM {rows}
        """,
        """
        INSERT INTO refresh_families (tenant_id, digest, session_id, client_id, scope, salt,
                                      generation, begun_at, expires_at)
        SELECT {tenant}, uuid_send({id}), {id}, 'app', 'x', 'x', 0, '{{}}',
               now() + n * interval '1 second'
        FROM {rows}
        """,
        """
        INSERT INTO sign_in_log (tenant_id, id, occurred_at, connection_id, outcome)
        SELECT {tenant}, {id}, now(), {id}, 'signed_in' FROM {rows}
        """,
    ),
    "domain-verifier": (
        *_BUS,
        _TENANTS,
        # Most are held, and a few of those are due.
        """
        INSERT INTO claims (tenant_id, claim_id, domain, registrable, token, state, created_at,
                            expires_at, next_check_at)
        SELECT {small_tenant}, {id}, n || '.example', n || '.example', '', 'verified', now(), now(),
               now() + n * interval '1 second'
        FROM {rows}
        """,
        """
        INSERT INTO checks (tenant_id, claim_id, check_id, checked_at, outcome, reason, explanation,
                            authenticated, state, looks)
        SELECT {small_tenant}, {id}, {id}, now(), 'FOUND', '', '', false, 'verified', '[]'
        FROM {rows}
        """,
        """
        INSERT INTO claim_log (tenant_id, claim_id, log_id, happened_at, action, actor, details)
        SELECT {small_tenant}, {id}, {id}, now(), 'claimed', 'admin', '{{}}' FROM {rows}
        """,
        """
        INSERT INTO breaker_log (log_id, happened_at, action, actor, details)
        SELECT {id}, now(), 'opened', 'system', '{{}}' FROM {tenants}
        """,
    ),
}


async def load_big_tenants(connection: asyncpg.Connection, service: str) -> None:
    """Fill every table that grows, and let the planner know."""
    for statement in _LOADS[service]:
        await connection.execute(statement.format_map(_NAMES))
    # Not ANALYZE alone: index-only scans are chosen by what VACUUM has marked.
    await connection.execute("VACUUM ANALYZE")
