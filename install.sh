#!/bin/sh
# Installs Nixie and waits until it captures: from a checkout, which it builds, or by download:
#   curl -fsSL URL/install.sh | sh -s -- [--minikube | --k8s | --systemd]
# Run it again to upgrade.
set -eu

usage() {
  cat <<'END'
Usage: install.sh [--systemd | --k8s | --minikube] [--image IMAGE] [--no-build] [--no-start]
       install.sh --uninstall [--purge] [--k8s | --minikube]
       install.sh --tools

Without a target: on this machine, as a service where systemd runs. In a checkout it builds dist/nixie first
(apt brings what that needs); elsewhere it downloads the release and verifies its SHA-256. Stored data stays.

  --systemd     on this machine, as a service and not otherwise
  --k8s         on every node of the cluster of kubectl's context
  --minikube    on minikube, with the image of the release
  --image NAME  the image for the cluster's nodes, which must have it or be able to pull it
  --no-build    install dist/nixie as it is
  --no-start    install only
  --tools       bring what building needs, nothing more
  --uninstall   stop and remove Nixie; the stored data stays
  --purge       with --uninstall: remove the stored data and the settings too
  --help        this text

Environment, kept in /etc/default/nixie: NIXIE_LISTEN (127.0.0.1:6494), NIXIE_DATA_DIR (/var/lib/nixie).
NIXIE_RELEASE_URL: where the release is. PREFIX (/usr/local): the binary goes to PREFIX/bin.
END
}

say() { printf '==> %s\n' "$*"; }
die() { # WHAT, WHAT TO DO
  printf 'install.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '            %s\n' "$2" >&2
  exit 1
}

BUILD=yes START=yes TOOLS=no UNINSTALL=no PURGE=no TARGET=local IMAGE=
while [ $# -gt 0 ]; do
  case $1 in
    --systemd | --k8s | --minikube) TARGET=${1#--} ;;
    --image) IMAGE=${2:-}; [ -n "$IMAGE" ] || die '--image wants a name'; shift ;;
    --no-build) BUILD=no ;;
    --no-start) START=no ;;
    --tools) TOOLS=yes ;;
    --uninstall) UNINSTALL=yes ;;
    --purge) PURGE=yes ;;
    -h | --help) usage; exit 0 ;;
    *) die "unknown option '$1'" "install.sh --help lists them." ;;
  esac
  shift
done
[ "$PURGE" = no ] || [ "$UNINSTALL" = yes ] || die '--purge goes with --uninstall' "Run 'install.sh --uninstall --purge'."

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A script that comes through a pipe has no folder: only a checkout has these beside it.
[ -r "$HERE/deploy/tools.sh" ] && [ "$(basename -- "$0")" = install.sh ] || HERE=
RELEASE_URL=${NIXIE_RELEASE_URL:-}
BIN=${PREFIX:-/usr/local}/bin/nixie
SETTINGS=/etc/default/nixie UNIT=/etc/systemd/system/nixie.service
PIDFILE=/run/nixie.pid LOG=/var/log/nixie.log
READY_SECONDS=60
TEMP=$(mktemp -d)
trap 'rm -rf "$TEMP"' EXIT
trap 'exit 1' HUP INT TERM
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
  [ "$(id -u)" = 0 ] || die 'root is needed: to install packages and to load eBPF programs' 'Run it with sudo.'
  case $(uname -m) in
    x86_64) ARCH=x64 ;;
    aarch64) ARCH=arm64 ;;
    *) die "this machine is a $(uname -m); Nixie knows x86_64 and aarch64" ;;
  esac
  [ "$UNINSTALL$TOOLS" = nono ] || return 0
  [ "$TARGET" = local ] || has_systemd || die 'systemd does not run here' 'Leave --systemd out: Nixie then runs in the background.'
  at_least 5.8 "$(uname -r)" || die "Linux $(uname -r) is too old: 5.8 or newer is needed" 'Boot a newer kernel.'
  [ -r /sys/kernel/btf/vmlinux ] || die 'this kernel has no BTF (/sys/kernel/btf/vmlinux)' \
    'Boot a kernel with CONFIG_DEBUG_INFO_BTF=y; the kernels of current distributions have it.'
}

fetch() { # FILE: of the release, verified, to $TEMP
  [ -n "$RELEASE_URL" ] || die 'NIXIE_RELEASE_URL is not set, so there is nowhere to download from' 'Set it to the address of a release, or run install.sh in a checkout.'
  [ -e "$TEMP/SHA256SUMS" ] || get SHA256SUMS
  say "Downloading $RELEASE_URL/$1"
  get "$1"
  (cd "$TEMP" && grep "  $1\$" SHA256SUMS >want && sha256sum -c --status want) ||
    die "the SHA-256 of $1 is not that of SHA256SUMS: nothing is installed" 'The download is damaged or was changed; try again, then ask where it comes from.'
}
get() { curl -fsSL --retry 2 -o "$TEMP/$1" "$RELEASE_URL/$1" || die "$RELEASE_URL/$1 can't be downloaded" "See curl's message above."; }

build() {
  say 'Bringing what building needs'; bring_tools; cd "$HERE"
  say 'Installing the packages of package-lock.json'
  npm ci --no-audit --no-fund || die 'npm ci failed' 'See its message above; check the network.'
  say 'Building dist/nixie (a few minutes the first time)'
  npm run --silent build || die 'the build failed' 'See its message above.'
}

obtain() { # NEW: the binary; SERVICE: the unit
  if [ -z "$HERE" ]; then
    fetch "nixie-linux-$ARCH.gz"
    fetch nixie.service
    gunzip "$TEMP/nixie-linux-$ARCH.gz"
    NEW=$TEMP/nixie-linux-$ARCH SERVICE=$TEMP/nixie.service
    return
  fi
  [ "$BUILD" = no ] || build
  NEW=$HERE/dist/nixie SERVICE=$HERE/deploy/nixie.service
  [ -x "$NEW" ] || die "there is no $NEW" 'Run ./install.sh without --no-build.'
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
  say "Installing $BIN"
  mkdir -p "$(dirname "$BIN")" "$DATA_DIR" || die "can't make $(dirname "$BIN") or $DATA_DIR" 'Choose others with PREFIX and NIXIE_DATA_DIR.'
  chmod 750 "$DATA_DIR"
  cp "$NEW" "$BIN.new" || die "can't write $BIN.new" 'Free some space, or choose another PREFIX.'
  chmod 755 "$BIN.new"
  mv -f "$BIN.new" "$BIN"
}

check_port() {
  code=0
  curl -s -o /dev/null --noproxy '*' --max-time 3 "http://$LISTEN/" || code=$?
  [ "$code" = 7 ] || die "something else answers on $LISTEN" "Find it with 'ss -ltnp', or choose another address: NIXIE_LISTEN=127.0.0.1:6495"
}

start() {
  if has_systemd; then
    say 'Starting the service nixie'
    sed -e "s|@BIN@|$BIN|" -e "s|@DATA_DIR@|$DATA_DIR|" "$SERVICE" >"$UNIT"
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
  until ask /readyz >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 5 ] || alive || { last_words; die 'Nixie did not start' 'Its last words are above.'; }
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

# The cluster's part is a file of its own: of the checkout, or of the release.
if [ "$TARGET" = k8s ] || [ "$TARGET" = minikube ]; then
  if [ -n "$HERE" ]; then CLUSTER=$HERE/deploy/cluster.sh; else fetch cluster.sh; CLUSTER=$TEMP/cluster.sh; fi
  # shellcheck source=deploy/cluster.sh
  . "$CLUSTER"
  if [ "$UNINSTALL" = yes ]; then remove_from_cluster; else install_in_cluster; fi
  exit 0
fi

check_machine
[ "$UNINSTALL" = no ] || { uninstall; exit 0; }
# shellcheck source=deploy/tools.sh
[ -z "$HERE" ] || . "$HERE/deploy/tools.sh"
[ "$TOOLS" = no ] || { bring_tools; exit 0; }
say "Nixie: install to $BIN, keep data in $DATA_DIR, listen on $LISTEN"
obtain
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
