#!/usr/bin/env bash
# Brings what the tests need, builds, runs the rings (all, or those named), ends with one line of counts.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  echo 'Usage: test/run.sh [RING…]   rings: check unit kernel vm e2e browser cluster (all of them without a name)'
  echo 'vm has all its machines when it is named, some in a run of all rings.'
  echo 'As root it installs the packages that are missing; without root the rings that need it are skipped.'
  exit 0
fi

# What the tests need beside what building needs: servers, clients, a browser.
packages=(nginx-light haproxy wrk jq chromium python3 shellcheck util-linux buildah dnsmasq-base unbound bind9-dnsutils python3-dnspython nghttp2-client gnutls-bin libnss3-tools wget python3-venv openssl iproute2 php-cli)
packages+=(mariadb-server mariadb-client)
# … machines with other kernels, and what builds for the other architecture.
packages+=(qemu-system-x86 qemu-system-arm busybox-static cpio)
# … caches.
packages+=(redis-server redis-tools memcached)
# … databases.
packages+=(postgresql pgbouncer)
case $(uname -m) in
  x86_64) packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
  aarch64) packages+=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross) ;;
esac
command -v go >/dev/null || packages+=(golang-go)
packages+=(mosquitto mosquitto-clients)
packages+=(php-fpm libfcgi-bin)
packages+=(clickhouse-server clickhouse-client)
packages+=(rabbitmq-server)
# Servers and clients in Java, with their libraries.
packages+=(maven)
# A Java that runs a source file is a development kit.
command -v java >/dev/null || packages+=(default-jdk-headless)

bring() {
  ./install.sh --tools
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "==> Installing ${missing[*]}"
  apt-get update -qq
  # The tests start their own servers: Debian's must not start one on port 80.
  local policy=/usr/sbin/policy-rc.d made=no
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=yes
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null || {
    [[ $made == no ]] || rm -f "$policy"
    return 1
  }
  [[ $made == no ]] || rm -f "$policy"
}

if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then bring; fi
if [[ -d $HOME/.cargo/bin ]]; then PATH=$HOME/.cargo/bin:$PATH; fi
if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
  npm ci --no-audit --no-fund
fi
exec ./node_modules/.bin/bun test/run.ts "$@"
