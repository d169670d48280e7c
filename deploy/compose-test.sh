#!/usr/bin/env bash
# Brings the Docker stack up under a name of its own, runs the demo's provisioning life through the gateway
# with scim scaled to 3, sso and the directory's worker to 2, compares, claims a domain, and takes everything down again.
# COMPOSE="docker-compose" or "docker compose" picks one; GATEWAY_PORT picks the port.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

read -ra compose <<<"${COMPOSE:-$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)}"
secrets="$(mktemp -d)"
export GATEWAY_PORT="${GATEWAY_PORT:-8088}" DOCKER_BUILDKIT="${DOCKER_BUILDKIT:-0}"
gateway="http://127.0.0.1:$GATEWAY_PORT"
export PUBLIC_URL="$gateway"
# Nobody answers there: a test asks no resolver of the world, and an outage of DNS must do no harm.
export DNS_RESOLVERS="127.0.0.1:5300,127.0.0.1:5301"
./make-env.sh "$secrets/env" >/dev/null
compose+=(--env-file "$secrets/env" -f docker-compose.yml -p portico-compose-test)
begun=$SECONDS

say() { printf 'compose-test: %3d s  %s\n' $((SECONDS - begun)) "$*"; }
cleanup() {
    status=$?
    if ((status)); then
        "${compose[@]}" ps || true
        "${compose[@]}" logs --tail=25 || true
    fi
    "${compose[@]}" down -v --remove-orphans -t 15 >/dev/null 2>&1 || true
    rm -rf "$secrets"
    say "taken down"
    exit $status
}
trap cleanup EXIT
answers() { "${compose[@]}" exec -T gateway true && curl -fsS -m 3 "$gateway/gateway/health" >/dev/null; }
replicas() { # the replicas of a service that are healthy
    "${compose[@]}" ps -q "$1" | xargs docker inspect -f '{{.State.Health.Status}}' | grep -c '^healthy$'
}

docker version >/dev/null 2>&1 || { say "no Docker engine answers"; exit 1; }
say "building with ${compose[0]}"
"${compose[@]}" build >"$secrets/build.log" 2>&1 || { tail -n 40 "$secrets/build.log"; exit 1; }
say "starting: 3 × scim, 2 × sso, 2 × directory-worker"
"${compose[@]}" up -d --scale scim=3 --scale sso=2 --scale directory-worker=2 >"$secrets/up.log" 2>&1 ||
    { tail -n 40 "$secrets/up.log"; exit 1; }
deadline=$((SECONDS + 120))
until answers 2>/dev/null && [ "$(replicas scim)" = 3 ] && [ "$(replicas directory-worker)" = 2 ] &&
    [ "$(replicas sso)" = 2 ] &&
    [ "$(replicas domain-verifier)" = 1 ] && [ "$(replicas domain-verifier-worker)" = 1 ]; do
    ((SECONDS < deadline)) || { say "not ready in time"; exit 1; }
    sleep 1
done
say "up: every replica is healthy"
user="$(docker inspect -f '{{.Config.User}}' "$("${compose[@]}" ps -q scim | head -n 1)")"
[ "$user" = portico ] || { say "scim runs as '$user', not as portico"; exit 1; }

../.venv/bin/python gateway_check.py 127.0.0.1 "$GATEWAY_PORT"
# A stranger in the services' network gets nothing of the broker, and no service writes another's topic.
"${compose[@]}" exec -T scim python - <broker_check.py
say "the gateway and the broker hold"
# Both replicas of sso sign by the same keys, whichever made them.
jwks="$(for _ in $(seq 10); do curl -fsS -m 3 "$gateway/oauth2/jwks"; echo; done | sort -u)"
[ "$(wc -l <<<"$jwks")" = 1 ] && [[ "$jwks" == *kid* ]] || { say "the replicas of sso have other keys: $jwks"; exit 1; }
../.venv/bin/python -m demo compose-check --gateway "$gateway" --compose "${compose[*]}"
served=0
for container in $("${compose[@]}" ps -q scim); do
    requests="$(docker exec "$container" python -c "
import urllib.request as r
body = r.urlopen('http://127.0.0.1:9100/metrics', timeout=4).read().decode()
print(int(sum(float(l.split()[-1]) for l in body.splitlines() if l.startswith('http_request') and '_count' in l)))")"
    say "replica ${container:0:12} answered $requests requests"
    ((requests < 20)) || served=$((served + 1))
done
[ "$served" = 3 ] || { say "the gateway did not spread the load: $served of 3 replicas served"; exit 1; }
say "all is well"
