#!/bin/sh
# One database and one role for each service; no role may connect to another's database.
# DATABASE_PASSWORD_scim is the password of the role `scim`, which owns the database `scim`.
set -eu
create() { # create NAME PASSWORD
    psql -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" -U "$POSTGRES_USER" -d postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}
env | sed -n 's/^DATABASE_PASSWORD_\([a-z_]*\)=\(.*\)/\1 \2/p' | while read -r name password; do
    create "$name" "$password"
done
