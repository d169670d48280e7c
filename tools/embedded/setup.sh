#!/bin/sh
# Makes .venv from requirements.lock, installs the workspace's packages into it, and fetches Apache
# Kafka's jars. Does nothing, in a few milliseconds, when nothing it depends on has changed.
# PYTHON names the interpreter to use; without it the first of .ci/python-versions is taken.
set -eu
cd "$(dirname "$0")/../.."

here=tools/embedded
stamp=.venv/portico-setup
packages=$(for file in libs/*/pyproject.toml services/*/pyproject.toml tools/*/pyproject.toml; do
    dirname "$file"
done)

fail() {
    echo "setup: $*" >&2
    exit 1
}

fingerprint() {
    # The stamp holds for this place only: an environment does not work after being moved.
    { pwd; for package in $packages; do cat "$package/pyproject.toml"; done
      cat VERSION requirements.lock "$here"/*.txt "$here/setup.sh" "$here/kafka/jars.sha256"; } | sha256sum
}

jars() {
    digest=$(sha256sum "$here/kafka/jars.sha256" | cut -c1-12)
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/portico/kafka-$digest"
}

find_python() {
    for candidate in ${PYTHON:-$(sed 's/^/python/' .ci/python-versions) python3}; do
        version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if grep -qx "$version" .ci/python-versions; then
            command -v "$candidate"
            return
        fi
    done
    fail "none of Python $(paste -sd ' ' .ci/python-versions) is here${PYTHON:+ (PYTHON=$PYTHON is not)}:" \
        "apt-get install python3 python3-venv, or name one with PYTHON=..."
}

java_is_new_enough() {
    major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 17 ]
}

missing_packages() {
    java_is_new_enough || echo default-jre-headless
    [ -d "$(jars)" ] || command -v mvn >/dev/null || echo maven
    [ -x .venv/bin/pip ] || "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    # The servers and the browser that tests run against: a missing one is known by its package.
    while read -r package; do
        dpkg -s "$package" >/dev/null 2>&1 || echo "$package"
    done <"$here/apt-test-packages.txt"
}

install_packages() {
    if [ "$(id -u)" = 0 ]; then
        root=
    elif sudo -n true 2>/dev/null; then
        root="sudo -n"
    else
        return 1
    fi
    echo "setup: installing Debian packages:" "$@"
    # They are run by us, on ports of their own: keep Debian from starting them as services.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
        $root chmod 755 "$policy"
        trap '$root rm -f "$policy"' EXIT
    fi
    install="$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
    $install "$@" >/dev/null 2>&1 || { $root apt-get update -q >/dev/null && $install "$@" >/dev/null; }
}

ensure_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    install_packages $missing && return 0
    needed=$(missing_packages | grep -v -x -f "$here/apt-test-packages.txt" || true)
    # shellcheck disable=SC2086
    [ -z "$needed" ] || fail "please have these Debian packages installed: apt-get install" $missing
    # shellcheck disable=SC2086
    echo "setup: some tests need more Debian packages: apt-get install" $missing >&2
}

if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && [ -d "$(jars)" ] \
    && command -v java >/dev/null; then
    exit 0
fi

python=$(find_python)
ensure_packages
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv
rm -f "$stamp"
echo "setup: installing Python packages into .venv"
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
    -r requirements.lock
# shellcheck disable=SC2046
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
    $(for package in $packages; do echo "-e $package"; done)
[ -d "$(jars)" ] || echo "setup: fetching Apache Kafka"
.venv/bin/python -m embedded jars
fingerprint >"$stamp"
echo "setup: done"
