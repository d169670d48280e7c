"""`python -m chassis.database [PACKAGE]`: migrates the database at `DATABASE_URL`.

With a service's package it makes what that service's `migrate` makes, but needs none of the
service's settings; without one it makes the chassis' own tables alone.
"""

import asyncio
import os
import sys

from chassis.database.migrate import CHASSIS_MIGRATIONS, migrate, migration_directories

if __name__ == "__main__":
    directories = migration_directories(sys.argv[1]) if sys.argv[1:] else [CHASSIS_MIGRATIONS]
    asyncio.run(migrate(os.environ["DATABASE_URL"], *directories))
