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
    echo "$name=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >>"$file"
    echo "$file: new $name"
done
