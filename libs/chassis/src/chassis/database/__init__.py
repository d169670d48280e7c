"""PostgreSQL: connections, named queries, migrations and kinds of failures."""

from chassis.database.failures import DATABASE_FAILURES, is_transient, refuses_a_value
from chassis.database.grants import append_only_tables, grant_to_serving_role
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
    "append_only_tables",
    "connect",
    "create_pool",
    "disconnect",
    "grant_to_serving_role",
    "is_transient",
    "migrate",
    "migration_directories",
    "pending_migrations",
    "read_queries",
    "refuses_a_value",
    "transaction",
]
