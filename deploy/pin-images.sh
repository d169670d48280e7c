#!/bin/sh
# Pins the images that are not ours: pulls each by its tag and writes it with the digest that came to deploy/.env, or
# to the file named. From then on exactly these run, until this is run again. Our own images are pinned by version.
set -eu
here="$(dirname "$0")"
file="${1:-$here/.env}"
umask 077
touch "$file"
sed -n 's/.*\${\([A-Z]*_IMAGE\):-\([^}]*:[^}]*\)}.*/\1 \2/p' "$here/docker-compose.yml" | sort -u | while read -r name tag; do
    docker pull -q "$tag" >/dev/null
    digest="$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$tag" | sed -n '1s/.*@//p')"
    [ -n "$digest" ] || { echo "$tag has no digest: it was built here" >&2; exit 1; }
    kept="$(grep -v "^$name=" "$file" || true)"
    { [ -z "$kept" ] || echo "$kept"; echo "$name=$tag@$digest"; } >"$file.new"
    mv "$file.new" "$file"
    echo "$name=$tag@$digest"
done
