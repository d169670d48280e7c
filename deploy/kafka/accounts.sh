#!/bin/bash
# Makes an account for each service at the broker whose loopback this container shares, or sets its password anew:
# KAFKA_PASSWORD_tenant_directory is the password of the account `tenant-directory`. What an account may do,
# `chassis.bus.topics --accounts` decides.
set -euo pipefail
configs="${KAFKA_CONFIGS:-/opt/kafka/bin/kafka-configs.sh}"
bootstrap="${KAFKA_LOCAL:-localhost:9094}"
umask 077
file="$(mktemp)"
trap 'rm -f "$file"' EXIT
env | sed -n 's/^KAFKA_PASSWORD_\([a-z_]*\)=\(.*\)/\1 \2/p' | while read -r name password; do
    account="${name//_/-}"
    # By a file: arguments are seen by every process.
    echo "SCRAM-SHA-512=password=$password" >"$file"
    "$configs" --bootstrap-server "$bootstrap" --alter --entity-type users --entity-name "$account" \
        --add-config-file "$file" >/dev/null
    echo "account $account"
done
