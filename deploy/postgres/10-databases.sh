#!/bin/sh
# For each service a database, the role that owns and migrates it, and the role that serves; no role may connect
# to another's database. DATABASE_PASSWORD_scim is the password of the role `scim`, OWNER_PASSWORD_scim that of
# `scim_owner`, which owns the database `scim`. What the serving role may do there, `migrate` decides.
# It runs by itself on an empty volume. Run again it makes what is missing and sets the passwords, and a database
# that its serving role owns, as in release 0.1.0, passes to the owner.
set -eu
# The server that fills an empty volume answers on the socket alone.
run() { psql -v ON_ERROR_STOP=1 -q -U "${POSTGRES_USER:-postgres}" "$@"; }
ensure() { # ensure NAME PASSWORD OWNER_PASSWORD
    run -d postgres -v name="$1" -v owner="$1_owner" -v password="$2" -v owner_password="$3" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', role) FROM unnest(ARRAY[:'name', :'owner']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"name" PASSWORD :'password';
ALTER ROLE :"owner" PASSWORD :'owner_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SQL
    run -d "$1" -v name="$1" -v owner="$1_owner" <<'SQL'
SELECT format('REASSIGN OWNED BY %I TO %I', :'name', :'owner') FROM pg_database
WHERE datname = :'name' AND pg_get_userbyid(datdba) = :'name' \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"name";
SQL
}
env | sed -n 's/^DATABASE_PASSWORD_\([a-z_]*\)=\(.*\)/\1 \2/p' | while read -r name password; do
    ensure "$name" "$password" "$(printenv "OWNER_PASSWORD_$name")"
done
