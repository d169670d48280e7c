"""Puts together what tells apps of the end of sessions, for the wiring of a process that works."""

import asyncpg

from chassis.clock import Clock
from chassis.database import DATABASE_FAILURES
from chassis.outbound import OutboundClient, Rules
from sso.oidc.backchannel import Backchannel
from sso.oidc.keys import SigningKeys
from sso.settings import Settings
from sso.storage.logout_notices import PostgresLogoutNotices
from sso.usecases.logout_notices import AT_ONCE_OF_CLIENT, CLIENTS_AT_ONCE, SendLogoutNotices

BACKCHANNEL_SECONDS = 5.0
"""How long an app may take to hear of the end of a session."""


def logout_notices(
    settings: Settings, pool: asyncpg.Pool, signing: SigningKeys, clock: Clock
) -> SendLogoutNotices:
    """Return the loop that tells apps of the end of sessions."""
    client = OutboundClient(
        Rules(
            loopback=settings.environment != "production",
            private=settings.backchannel_private_networks,
        ),
        deadline=BACKCHANNEL_SECONDS,
        at_once=CLIENTS_AT_ONCE * AT_ONCE_OF_CLIENT,
    )
    return SendLogoutNotices(
        PostgresLogoutNotices(pool, clock),
        signing,
        Backchannel(client),
        settings.public_url,
        clock,
        DATABASE_FAILURES,
    )
