#!/bin/sh
# Builds Nixie from this source tree, installs and starts it, waits until it captures. Run it again to upgrade.
set -eu

usage() {
  cat <<'END'
Usage: ./install.sh [--no-build] [--no-start] | --tools
       ./install.sh --uninstall [--purge]

Brings what building needs (apt), builds dist/nixie, installs it, starts it and waits until it captures.
Again: upgrades; the stored data stays.

  --no-build    install dist/nixie as it is
  --no-start    install only
  --tools       bring what building needs, nothing more
  --uninstall   stop and remove Nixie; the stored data stays
  --purge       with --uninstall: remove the stored data and the settings too
  --help        this text

Environment, kept in /etc/default/nixie for later starts: NIXIE_LISTEN (127.0.0.1:6494), NIXIE_DATA_DIR (/var/lib/nixie).
PREFIX (/usr/local): the binary goes to PREFIX/bin.
END
}

say() { printf '==> %s\n' "$*"; }
die() { # WHAT, WHAT TO DO
  printf 'install.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '            %s\n' "$2" >&2
  exit 1
}

BUILD=yes START=yes TOOLS=no UNINSTALL=no PURGE=no
for arg in "$@"; do
  case $arg in
    --no-build) BUILD=no ;;
    --no-start) START=no ;;
    --tools) TOOLS=yes ;;
    --uninstall) UNINSTALL=yes ;;
    --purge) PURGE=yes ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown option '$arg'" "./install.sh --help lists them." ;;
  esac
done
[ "$PURGE" = no ] || [ "$UNINSTALL" = yes ] || die '--purge goes with --uninstall' "Run './install.sh --uninstall --purge'."

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
BIN=${PREFIX:-/usr/local}/bin/nixie
SETTINGS=/etc/default/nixie
UNIT=/etc/systemd/system/nixie.service
PIDFILE=/run/nixie.pid
LOG=/var/log/nixie.log
RUST_MIN=1.85
NODE_MIN=18
READY_SECONDS=60

setting() { # NAME FALLBACK: the environment wins over the settings file
  eval "value=\${$1:-}"
  # shellcheck disable=SC2154 # assigned by the eval
  [ -n "$value" ] || [ ! -r "$SETTINGS" ] || value=$(sed -n "s/^$1=//p" "$SETTINGS" | tail -n 1)
  printf '%s' "${value:-$2}"
}
LISTEN=$(setting NIXIE_LISTEN 127.0.0.1:6494)
DATA_DIR=$(setting NIXIE_DATA_DIR /var/lib/nixie)

has_systemd() { [ -d /run/systemd/system ]; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; } # WANTED FOUND

check_machine() {
  [ "$(id -u)" = 0 ] || die 'root is needed: to install packages and to load eBPF programs' "Run 'sudo ./install.sh'."
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "this machine is a $(uname -m); Nixie knows x86_64 and aarch64" ;;
  esac
  [ "$UNINSTALL$TOOLS" = nono ] || return 0
  at_least 5.8 "$(uname -r)" || die "Linux $(uname -r) is too old: 5.8 or newer is needed" 'Boot a newer kernel.'
  [ -r /sys/kernel/btf/vmlinux ] || die 'this kernel has no BTF (/sys/kernel/btf/vmlinux)' \
    'Boot a kernel with CONFIG_DEBUG_INFO_BTF=y; the kernels of current distributions have it.'
}

apt_install() {
  [ $# -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "missing: $*" 'Install what these Debian packages hold, then run this again.'
  say "Installing $*"
  apt-get update -qq || die 'apt-get update failed' 'See its message above; check the network.'
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null ||
    die "apt-get could not install: $*" 'See its message above.'
}

candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9][0-9.]*\).*/\1/p'; }

bring_rust() {
  [ ! -d "${HOME:-/root}/.cargo/bin" ] || PATH="${HOME:-/root}/.cargo/bin:$PATH" # sudo drops it
  found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)
  [ -z "$found" ] || ! command -v cargo >/dev/null || ! at_least "$RUST_MIN" "$found" || return 0
  if command -v apt-get >/dev/null; then
    apt-get update -qq || die 'apt-get update failed' 'See its message above; check the network.'
    # Debian 12 has a current compiler beside its old one.
    for suffix in '' -web; do
      version=$(candidate "rustc$suffix")
      if [ -n "$version" ] && at_least "$RUST_MIN" "$version"; then
        apt_install "rustc$suffix" "cargo$suffix"
        return 0
      fi
    done
  fi
  die "Rust $RUST_MIN or newer is needed to build the loader; found: ${found:-none}" 'Install it from https://rustup.rs, then run this again.'
}

bring_tools() {
  missing=
  for package in clang llvm libbpf-dev gcc make pkg-config autoconf automake autopoint libtool gettext flex bison gawk curl; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
  done
  command -v node >/dev/null || missing="$missing nodejs"
  command -v npm >/dev/null || missing="$missing npm"
  # shellcheck disable=SC2086 # a list of words
  apt_install $missing
  found=$(node --version | tr -d v)
  at_least "$NODE_MIN" "$found" || die "npm runs on Node.js $found here; $NODE_MIN or newer is needed to build" 'Install a newer nodejs.'
  bring_rust
}

build() {
  say 'Bringing what building needs'
  bring_tools
  cd "$HERE"
  say 'Installing the packages of package-lock.json'
  npm ci --no-audit --no-fund || die 'npm ci failed' 'See its message above; check the network.'
  say 'Building dist/nixie (a few minutes the first time)'
  npm run --silent build || die 'the build failed' 'See its message above.'
}

runs() { # PID: is it a Nixie?
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  [ "$(basename "${exe% (deleted)}")" = nixie ]
}

stop() {
  if has_systemd && [ -e "$UNIT" ]; then
    say 'Stopping the service'
    systemctl stop nixie || die 'systemctl could not stop nixie' "See 'journalctl -u nixie'."
  fi
  [ -s "$PIDFILE" ] || return 0
  pid=$(cat "$PIDFILE")
  if runs "$pid"; then
    say "Stopping Nixie (pid $pid)"
    kill "$pid"
    tries=0; while runs "$pid" && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
    ! runs "$pid" || die "Nixie (pid $pid) does not stop" "See $LOG; 'kill -9 $pid' ends it."
  fi
  rm -f "$PIDFILE"
}

keep_settings() {
  [ -n "${NIXIE_LISTEN:-}${NIXIE_DATA_DIR:-}" ] || return 0
  mkdir -p "$(dirname "$SETTINGS")"
  rest=$(sed -e '/^NIXIE_LISTEN=/d' -e '/^NIXIE_DATA_DIR=/d' "$SETTINGS" 2>/dev/null || true)
  printf '%s\n' ${rest:+"$rest"} "NIXIE_LISTEN=$LISTEN" "NIXIE_DATA_DIR=$DATA_DIR" >"$SETTINGS"
}

install_binary() {
  [ -x "$HERE/dist/nixie" ] || die "there is no $HERE/dist/nixie" 'Run ./install.sh without --no-build.'
  say "Installing $BIN"
  mkdir -p "$(dirname "$BIN")" "$DATA_DIR" || die "can't make $(dirname "$BIN") or $DATA_DIR" 'Choose others with PREFIX and NIXIE_DATA_DIR.'
  chmod 750 "$DATA_DIR"
  cp "$HERE/dist/nixie" "$BIN.new" || die "can't write $BIN.new" 'Free some space, or choose another PREFIX.'
  chmod 755 "$BIN.new"
  mv -f "$BIN.new" "$BIN"
}

check_port() {
  code=0
  curl -s -o /dev/null --noproxy '*' --max-time 3 "http://$LISTEN/" || code=$?
  [ "$code" = 7 ] || die "something else answers on $LISTEN" "Find it with 'ss -ltnp', or choose another address: NIXIE_LISTEN=127.0.0.1:6495 ./install.sh"
}

start() {
  if has_systemd; then
    say 'Starting the service nixie'
    sed -e "s|@BIN@|$BIN|" -e "s|@DATA_DIR@|$DATA_DIR|" "$HERE/deploy/nixie.service" >"$UNIT"
    systemctl daemon-reload
    systemctl enable --quiet nixie
    systemctl restart nixie || die 'systemctl could not start nixie' "See 'journalctl -u nixie'."
  else
    say "Starting Nixie in the background (no systemd here); log: $LOG"
    # shellcheck disable=SC2016 # for the inner shell
    NIXIE_LISTEN=$LISTEN NIXIE_DATA_DIR=$DATA_DIR setsid sh -c '
      if [ -r "$1" ]; then set -a; . "$1"; set +a; fi
      echo $$ >"$2"
      exec "$0" serve' "$BIN" "$SETTINGS" "$PIDFILE" >>"$LOG" 2>&1 </dev/null &
  fi
}

alive() { if has_systemd; then systemctl is-active --quiet nixie; else [ -s "$PIDFILE" ] && runs "$(cat "$PIDFILE")"; fi; }
last_words() { if has_systemd; then journalctl -u nixie -n 15 --no-pager; else tail -n 15 "$LOG"; fi >&2; }
ask() { curl -s -f --noproxy '*' --max-time 3 "http://$LISTEN$1"; }

wait_ready() {
  say 'Waiting until it captures'
  tries=0
  until ask /healthz >/dev/null && ask /api/status | grep -q '"ready": *true'; do
    tries=$((tries + 1))
    if [ "$tries" -gt 5 ] && ! alive; then
      last_words
      die 'Nixie did not start' 'Its last words are above.'
    fi
    if [ "$tries" -ge $((READY_SECONDS * 2)) ]; then
      "$BIN" check >&2 || true
      last_words
      die "Nixie answers on http://$LISTEN/ but does not capture after $READY_SECONDS s" 'What is missing is said above.'
    fi
    sleep 0.5
  done
}

uninstall() {
  stop
  ! has_systemd || [ ! -e "$UNIT" ] || systemctl disable --quiet nixie
  rm -f "$UNIT"
  ! has_systemd || systemctl daemon-reload
  rm -f "$BIN" "$LOG"
  [ "$PURGE" = yes ] || { say "Removed. The data stays in $DATA_DIR; --uninstall --purge removes it too."; return 0; }
  case $(basename "$DATA_DIR") in
    *nixie*) rm -rf -- "$DATA_DIR" "$SETTINGS" ;;
    *) die "removed all but $DATA_DIR: it is not named nixie, so it may hold more than Nixie's data" 'Remove it by hand.' ;;
  esac
  say "Removed, with $DATA_DIR and $SETTINGS."
}

check_machine
[ "$UNINSTALL" = no ] || { uninstall; exit 0; }
[ "$TOOLS" = no ] || { bring_tools; exit 0; }
say "Nixie: build, install to $BIN, keep data in $DATA_DIR, listen on $LISTEN"
[ "$BUILD" = no ] || build
stop
install_binary
keep_settings
[ "$START" = yes ] || { say "Installed. Start it with '$BIN serve'."; exit 0; }
check_port
start
wait_ready
server=
[ "$LISTEN" = 127.0.0.1:6494 ] || server=" --server http://$LISTEN"
cat <<END

$("$BIN" version) captures. Open http://$LISTEN/ or ask:

    curl -s 'http://$LISTEN/api/run/px/http_data?start_time=-1m' | head -c 600
    nixie run$server px/http_data
END
