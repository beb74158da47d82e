#!/bin/sh
# Installs Nixie and waits until it captures: from a checkout, which it builds, or by download:
#   curl -fsSL URL/install.sh | sh -s -- [--minikube | --kind [NAME] | --k3s | --k8s | --systemd]
# Run it again to upgrade.
set -eu

usage() {
  cat <<'END'
Usage: install.sh [--systemd] [--no-build] [--no-start]
       install.sh --minikube [--profile NAME] | --kind [NAME] | --k3s | --k8s --image NAME
       install.sh --uninstall [--purge] [--minikube [--profile NAME] | --kind [NAME] | --k3s | --k8s]
       install.sh --tools

Without a target: on this machine, as a service where systemd runs; that wants root. In a checkout it builds dist/nixie
first; elsewhere it downloads the release and verifies its SHA-256. Stored data stays.

  --minikube    on every node of minikube; --profile NAME: of this profile
  --kind NAME   on every node of a cluster of kind; without NAME: of kind
  --k3s         on this machine's k3s
  --k8s         on every node of the cluster of kubectl's context, with --image NAME that the nodes have or can pull
  --systemd     on this machine, as a service and not otherwise
  --no-build    take what dist/ has
  --no-start    install only
  --tools       bring what building needs, nothing more
  --yes         install the packages that building needs without asking; on a terminal it asks. Without a terminal --tools
                and installing on this machine don't ask, and the lines for a cluster want this option
  --uninstall   stop and remove Nixie; the stored data stays
  --purge       with --uninstall: remove the stored data and the settings too
  --help        this text

For a cluster no root and no docker is needed where building works; else docker or podman builds.
Environment, kept in /etc/default/nixie: NIXIE_LISTEN (127.0.0.1:6494), NIXIE_DATA_DIR (/var/lib/nixie).
NIXIE_RELEASE_URL: where the release is. PREFIX (/usr/local, or ~/.local without root): the binary goes to PREFIX/bin.
END
}

say() { printf '==> %s\n' "$*"; }
die() { # WHAT, WHAT TO DO
  printf 'install.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '            %s\n' "$2" >&2
  exit 1
}

BEGAN=$(date +%s) BUILD=yes START=yes TOOLS=no UNINSTALL=no PURGE=no TARGET=local CLUSTER='' IMAGE='' YES=no
while [ $# -gt 0 ]; do
  case $1 in
    --systemd) TARGET=systemd ;;
    --minikube | --k3s | --k8s) TARGET=${1#--} CLUSTER=$1 ;;
    --kind)
      TARGET=kind CLUSTER=--kind
      case ${2:-} in '' | -*) ;; *) CLUSTER=--kind=$2; shift ;; esac
      ;;
    --kind=?*) TARGET=kind CLUSTER=$1 ;;
    --profile=?*) PROFILE=${1#*=} ;;
    --image=?*) IMAGE=${1#*=} ;;
    --profile | --image)
      case ${2:-} in '' | -*) die "$1 wants a name" "As in: $1 NAME" ;; esac
      if [ "$1" = --profile ]; then PROFILE=$2; else IMAGE=$2; fi
      shift
      ;;
    --no-build) BUILD=no ;;
    --no-start) START=no ;;
    --tools) TOOLS=yes ;;
    --yes) YES=yes ;;
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
CHILD='' LOCK=''
TEMP=$(mktemp -d) || die "there is no place for files in ${TMPDIR:-/tmp}" 'Name a folder that you may write to with TMPDIR.'
trap 'rm -rf "$TEMP"; [ -z "$LOCK" ] || rm -f "$LOCK"' EXIT
trap '[ -z "$CHILD" ] || { kill "$CHILD"; wait "$CHILD"; } 2>/dev/null || true; exit 1' HUP INT TERM

run() { # COMMAND…: a signal to this script ends it too
  "$@" <&0 &
  CHILD=$! code=0
  wait "$CHILD" || code=$?
  CHILD=
  return "$code"
}

lock() { # FILE: a link that leads to the number of this process, made in one step
  mkdir -p "$(dirname "$1")"
  until ln -s "$$" "$1" 2>/dev/null; do
    # No link is there: it could not be made, so no other install.sh can write here either.
    other=$(readlink "$1") || return 0
    ! { kill -0 "$other" 2>/dev/null || [ -d "/proc/$other" ]; } || die "another install.sh runs here (pid $other)" "Wait until it has ended. If that process is no install.sh, remove $1."
    rm -f "$1"
  done
  LOCK=$1
}
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; } # WANTED FOUND

SYSTEM= # where the files of this machine begin
system() { sed -n "s/^$1=//p" "$SYSTEM/etc/os-release" 2>/dev/null | sed 's/"//g'; } # NAME of os-release(5)
is_system() { case " $(system ID) $(system ID_LIKE) " in *" $1 "*) ;; *) return 1 ;; esac; }
has_glibc() { [ -e "$SYSTEM/lib64/ld-linux-x86-64.so.2" ] || [ -e "$SYSTEM/lib/ld-linux-aarch64.so.1" ]; }
only_64() { die "$1; Nixie knows 64 bits only, of x86_64 and aarch64" 'Install the 64-bit edition of the system. A Raspberry Pi 3, 4, 5 or Zero 2 runs that of Raspberry Pi OS, a Pi 1, 2 or Zero none.'; }

# The program for this machine: nixie itself, or only its commands beside an image that was built elsewhere.
case $(uname -m) in
  x86_64 | amd64) ARCH=x64 ;;
  aarch64 | arm64) ARCH=arm64 ;;
  arm* | i?86) only_64 "this machine is a $(uname -m)" ;;
  *) die "this machine is a $(uname -m); Nixie knows x86_64 and aarch64" ;;
esac
# Under a kernel of 64 bits too, as on many a Raspberry Pi.
[ "$(getconf LONG_BIT 2>/dev/null)" != 32 ] || only_64 'this system has 32 bits, whatever its kernel has'
SUFFIX=
if [ "$(uname -s)" != Linux ]; then SUFFIX=-darwin-$ARCH
elif ! has_glibc && ! is_system nixos; then SUFFIX=-linux-$ARCH-musl; fi

fetch() { # FILE: of the release, verified, to $TEMP
  [ -n "$RELEASE_URL" ] || die 'NIXIE_RELEASE_URL is not set, so there is nowhere to download from' 'Set it to the address of a release, or run install.sh in a checkout.'
  [ -e "$TEMP/SHA256SUMS" ] || get SHA256SUMS
  say "Downloading $RELEASE_URL/$1"
  get "$1"
  sum='sha256sum -c --status'
  command -v sha256sum >/dev/null || sum='shasum -a 256 -c --status'
  (cd "$TEMP" && grep "  $1\$" SHA256SUMS >want && $sum want) ||
    die "the SHA-256 of $1 is not that of SHA256SUMS: nothing is installed" 'The download is damaged or was changed; try again, then ask where it comes from.'
}
get() { curl -fsSL --retry 2 -o "$TEMP/$1" "$RELEASE_URL/$1" || die "$RELEASE_URL/$1 can't be downloaded" "See curl's message above."; }

stage_binary() { # beside its place, where programs may run
  mkdir -p "$(dirname "$BIN")" || die "can't make $(dirname "$BIN")" 'Choose another with PREFIX.'
  cp "$NEW" "$BIN.new" || { rm -f "$BIN.new"; die "can't write $BIN.new" 'Free some space, or choose another PREFIX.'; }
  chmod 755 "$BIN.new"
}

install_binary() {
  say "Installing $BIN"
  mv -f "$BIN.new" "$BIN"
}

download_cli() {
  default=/usr/local
  [ "$(id -u)" = 0 ] || default=$HOME/.local
  kind=${SUFFIX:--linux-$ARCH}
  fetch "nixie$kind.gz"
  gunzip "$TEMP/nixie$kind.gz"
  [ -z "$SUFFIX" ] || { fetch "nixie-image-linux-$ARCH.tar.gz"; ARCHIVE=$TEMP/nixie-image-linux-$ARCH.tar.gz; }
  BIN=${PREFIX:-$default}/bin/nixie NEW=$TEMP/nixie$kind CLI=$BIN
  stage_binary
  install_binary
}

check_cluster() { # before minutes of building
  case $TARGET in
    minikube)
      code=0
      minikube ${PROFILE:+--profile "$PROFILE"} status >/dev/null 2>&1 || code=$?
      # Exit code of minikube: no such profile.
      [ "$code" != 85 ] || die "minikube has no profile '${PROFILE:-minikube}'" "Start it: minikube start${PROFILE:+ --profile $PROFILE}. 'minikube profile list' shows what is there."
      ;;
    kind)
      name=${CLUSTER#--kind} name=${name#=}
      name=${name:-${KIND_CLUSTER_NAME:-kind}}
      known=$(kind get clusters 2>/dev/null) || return 0
      printf '%s\n' "$known" | grep -qxF -e "$name" || die "kind has no cluster '$name'" "Make it: kind create cluster --name $name. 'kind get clusters' shows what is there."
      ;;
  esac
}

in_cluster() {
  ARCHIVE=
  for program in minikube kind k3s; do
    [ "$TARGET" != "$program" ] || command -v "$program" >/dev/null || die "$program is not on this machine" "Install and start $program, then run this again."
  done
  [ "$TARGET$IMAGE$UNINSTALL" != k8sno ] || die '--k8s does not say which image the nodes are to run: no registry has one of Nixie' \
    "Make one (nixie image --output nixie.tar), push it to a registry of yours, then: --k8s --image NAME. For minikube, kind and k3s: --minikube, --kind, --k3s."
  [ "$UNINSTALL" = yes ] || check_cluster
  if [ -n "$HERE" ]; then build_cli; else download_cli; fi
  # Intel Macs refuse a program whose signature is that of the runtime alone.
  [ "$SUFFIX" != -darwin-x64 ] || codesign --force --sign - "$CLI" || die 'codesign could not sign the commands' 'See its message above.'
  "$CLI" version >/dev/null || die "$CLI does not start here" "See its message above; on Alpine 'apk add libstdc++' may be missing, on NixOS programs.nix-ld.enable = true."
  [ "$TARGET" != k8s ] || CLUSTER=
  set -- ${CLUSTER:+"$CLUSTER"} ${PROFILE:+--profile "$PROFILE"}
  if [ "$UNINSTALL" = yes ]; then
    [ "$PURGE" = no ] || set -- "$@" --purge
    run "$CLI" delete "$@" || exit 1
  else
    run "$CLI" deploy "$@" ${IMAGE:+--image "$IMAGE"} ${ARCHIVE:+--image-archive "$ARCHIVE"} || exit 1
  fi
  say "Done in $(($(date +%s) - BEGAN)) s"
}

# shellcheck source=deploy/tools.sh
[ -z "$HERE" ] || . "$HERE/deploy/tools.sh"
case $UNINSTALL-$HERE in no-?*) lock "$HERE/dist/.install-lock" ;; esac
case $TARGET in minikube | kind | k3s | k8s) in_cluster; exit 0 ;; esac
if [ -n "$HERE" ]; then MACHINE=$HERE/deploy/machine.sh; else fetch machine.sh; MACHINE=$TEMP/machine.sh; fi
# shellcheck source=deploy/machine.sh
. "$MACHINE"
on_this_machine
