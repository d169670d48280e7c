"""PostgreSQL: connections, named queries, migrations and kinds of failures."""

from chassis.database.failures import DATABASE_FAILURES, is_transient, refuses_a_value
from chassis.database.migrate import (
    MigrationFailed,
    migrate,
    migration_directories,
    pending_migrations,
)
from chassis.database.postgres import connect, create_pool, disconnect, transaction
from chassis.database.queries import read_queries

__all__ = [
    "DATABASE_FAILURES",
    "MigrationFailed",
    "connect",
    "create_pool",
    "disconnect",
    "is_transient",
    "migrate",
    "migration_directories",
    "pending_migrations",
    "read_queries",
    "refuses_a_value",
    "transaction",
]
