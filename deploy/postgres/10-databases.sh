#!/bin/sh
# One database and one role for each service; no role may connect to another's database.
set -eu
create() { # create NAME PASSWORD
    psql -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" -U "$POSTGRES_USER" -d postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}
create scim "$SCIM_DATABASE_PASSWORD"
create tenant_directory "$DIRECTORY_DATABASE_PASSWORD"
create domain_verifier "$DOMAIN_VERIFIER_DATABASE_PASSWORD"
