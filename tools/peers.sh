#!/bin/bash
# Install the foreign programs that tests and benches speak with: Debian packages, and npm modules in .run/node.
#
#   tools/peers.sh acceptance    all of them
#   tools/peers.sh bench         Postfix and OpenDKIM only
#
# It asks before it installs, unless YES=1 or CI=true; nothing that it installs is started.
set -euo pipefail
cd "$(dirname "$0")/.."

bench=(postfix opendkim openssl)
# swaks only recommends the TLS that we test it with.
acceptance=("${bench[@]}" opendkim-tools libsasl2-modules swaks libnet-ssleay-perl msmtp curl chromium nodejs
    php-cli php-curl php-mbstring libphp-phpmailer php-symfony-mailer php-symfony-dotenv)

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing_of() {
    local package
    for package in "$@"; do
        is_installed "$package" || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Run this as root, or install sudo: it would run: $*" >&2
        exit 1
    fi
}

agreed() {
    [ "${YES:-}" = 1 ] || [ "${CI:-}" = true ] && return 0
    local answer
    read -r -p "Install $* with apt-get? [y/N] " answer
    [[ $answer = [yY]* ]]
}

# Debian starts a server when it is installed; a policy of 101 forbids that while we install (invoke-rc.d).
install_quietly() {
    local policy=/usr/sbin/policy-rc.d mine=no
    if [ ! -e "$policy" ]; then
        mine=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local status=0
    as_root apt-get update -q || status=$?
    if [ "$status" = 0 ]; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" || status=$?
    fi
    if [ "$mine" = yes ]; then
        as_root rm -f "$policy"
    fi
    return "$status"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_of "$@")
    [ "${#missing[@]}" = 0 ] && return 0
    if ! agreed "${missing[@]}"; then
        echo "Nothing was installed. Missing: ${missing[*]}" >&2
        exit 1
    fi
    install_quietly "${missing[@]}"
}

install_modules() {
    local folder=.run/node
    if [ -d "$folder/node_modules" ] && cmp -s tests/acceptance/node/package-lock.json "$folder/package-lock.json"; then
        return 0
    fi
    mkdir -p "$folder"
    cp tests/acceptance/node/package.json "$folder/"
    cp tests/acceptance/node/package-lock.json "$folder/package-lock.json"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) || { rm -rf "$folder"; exit 1; }
}

case "${1:-acceptance}" in
bench)
    install_packages "${bench[@]}"
    ;;
acceptance)
    # Some repositories of Node bring npm in the package nodejs, and theirs conflicts with Debian's.
    command -v npm >/dev/null || acceptance+=(npm)
    install_packages "${acceptance[@]}"
    install_modules
    ;;
*)
    echo "usage: tools/peers.sh [acceptance|bench]" >&2
    exit 2
    ;;
esac
