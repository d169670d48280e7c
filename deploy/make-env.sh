#!/bin/sh
# Writes fresh random secrets for docker-compose.yml to deploy/.env, or to the file named: for each variable
# that the compose file will not do without. What an existing file has is left alone; what it lacks is added.
set -eu
here="$(dirname "$0")"
file="${1:-$here/.env}"
umask 077
touch "$file"
sed -n 's/.*\${\([A-Z_]*\):?.*/\1/p' "$here/docker-compose.yml" | sort -u | while read -r name; do
    grep -q "^$name=" "$file" && continue
    case "$name" in
    # Fernet keys are in URL-safe base64.
    *_ENCRYPTION_KEYS) secret=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_') ;;
    *) secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') ;;
    esac
    echo "$name=$secret" >>"$file"
    echo "$file: new $name"
done
