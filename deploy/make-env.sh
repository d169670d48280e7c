#!/bin/sh
# Writes fresh random secrets for docker-compose.yml to deploy/.env, or to the file named.
# An existing file is left alone.
set -eu
file="${1:-$(dirname "$0")/.env}"
[ ! -e "$file" ] || { echo "$file is there already; remove it first if you want new secrets" >&2; exit 0; }
secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
cat >"$file" <<ENV
POSTGRES_PASSWORD=$(secret)
SCIM_DATABASE_PASSWORD=$(secret)
DIRECTORY_DATABASE_PASSWORD=$(secret)
DOMAIN_VERIFIER_DATABASE_PASSWORD=$(secret)
SCIM_TOKEN_DIGEST_KEY=$(secret)
ENV
echo "wrote $file"
