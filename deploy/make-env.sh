#!/bin/sh
# Writes fresh random secrets for docker-compose.yml to deploy/.env, or to the file named: for each variable
# that the compose file will not do without. An existing file is left alone.
set -eu
here="$(dirname "$0")"
file="${1:-$here/.env}"
[ ! -e "$file" ] || { echo "$file is there already; remove it first if you want new secrets" >&2; exit 0; }
umask 077
sed -n 's/.*\${\([A-Z_]*\):?.*/\1/p' "$here/docker-compose.yml" | sort -u | while read -r name; do
    echo "$name=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
done >"$file"
echo "wrote $file"
