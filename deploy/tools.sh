# shellcheck shell=sh
# Builds in a checkout: here, with packages from apt, or in a container. install.sh defines `say`, `die`, `at_least` and the variables.

RUST_MIN=1.85
NODE_MIN=18
SUDO=
[ "$(id -u)" = 0 ] || SUDO=sudo

# Packages of Debian and of Fedora, each with a command or a file that it brings.
PACKAGES='clang:clang:clang llvm:llvm:llvm-strip libbpf-dev:libbpf-devel:/usr/include/bpf/bpf_helpers.h gcc:gcc:cc make:make:make
  pkg-config:pkgconf-pkg-config:pkg-config autoconf:autoconf:autoconf automake:automake:automake autopoint:gettext-devel:autopoint
  libtool:libtool:libtoolize gettext:gettext:msgfmt flex:flex:flex bison:bison:bison gawk:gawk:gawk curl:curl:curl nodejs:nodejs:node npm:npm:npm'

manager() { # which installs packages here; of Debian's kind unless it is of Fedora's
  if command -v apt-get >/dev/null; then echo apt-get; elif command -v dnf >/dev/null; then echo dnf; fi
}

missing_packages() {
  kind=$(manager)
  for entry in $PACKAGES; do
    what=${entry##*:} names=${entry%:*}
    case $what in
      /*) [ -e "$what" ] ;;
      *) command -v "$what" >/dev/null ;;
    esac || if [ "$kind" = dnf ]; then printf '%s ' "${names#*:}"; else printf '%s ' "${names%:*}"; fi
  done
}

has_rust() {
  [ ! -d "${HOME:-/root}/.cargo/bin" ] || PATH="${HOME:-/root}/.cargo/bin:$PATH" # sudo drops it
  found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)
  [ -n "$found" ] && command -v cargo >/dev/null && at_least "$RUST_MIN" "$found"
}

missing_tools() { # all of it, as the system calls it; nothing when building works as it is
  missing_packages
  has_rust || if [ "$(manager)" = dnf ]; then printf 'rust cargo '; else printf 'rustc cargo '; fi
}

candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([0-9][0-9.]*\).*/\1/p'; }

# Debian 12 has a current compiler beside its old one.
rust_packages() {
  for suffix in '' -web; do
    version=$(candidate "rustc$suffix")
    [ -z "$version" ] || ! at_least "$RUST_MIN" "$version" || { echo "rustc$suffix cargo$suffix"; return 0; }
  done
}

may_install() { # COMMAND
  [ "$YES" = no ] || return 0
  if ! on_terminal; then
    die 'building needs packages that are missing here, and neither docker nor podman answers' "Install them, then run this again:  $1   (or run this with --yes, and it does so)"
  fi
  printf 'Building needs packages that are missing here. Run this?\n    %s\n[y/N] ' "$1"
  read -r answer
  case $answer in
    y | Y | yes) ;;
    *) die 'nothing is installed' 'Install them yourself; for a cluster, with docker or podman no package is needed.' ;;
  esac
}

on_terminal() { [ -t 0 ] && [ -t 1 ]; }

bring_tools() {
  check_path
  missing=$(missing_tools)
  [ -n "$missing" ] || { check_node; return 0; }
  case $(manager) in
    apt-get) bring_by_apt ;;
    dnf) bring_by_dnf ;;
    *) die "missing: $missing" 'Install what these Debian packages hold, then run this again; or start docker or podman.' ;;
  esac
  check_node
}

bring_by_dnf() {
  may_install "${SUDO:+sudo }dnf install -y --setopt=install_weak_deps=False $missing"
  say "Installing $missing"
  # shellcheck disable=SC2086 # a list of words
  $SUDO dnf install -y -q --setopt=install_weak_deps=False $missing >/dev/null || die "dnf could not install: $missing" 'See its message above.'
  has_rust || die_of_rust
}
die_of_rust() { die "Rust $RUST_MIN or newer is needed to build the loader; found: ${found:-none}" 'Install it from https://rustup.rs, then run this again.'; }

bring_by_apt() {
  packages=$(missing_packages)
  may_install "${SUDO:+sudo }apt-get update && ${SUDO:+sudo }apt-get install -y --no-install-recommends $missing"
  $SUDO apt-get update -qq || die 'apt-get update failed' 'See its message above; check the network.'
  if ! has_rust; then
    rust=$(rust_packages)
    [ -n "$rust" ] || die_of_rust
    packages="$packages$rust"
  fi
  say "Installing $packages"
  # shellcheck disable=SC2086 # lists of words
  $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null ||
    die "apt-get could not install: $packages" 'See its message above.'
}

check_node() {
  found=$(node --version | tr -d v)
  at_least "$NODE_MIN" "$found" || die "npm runs on Node.js $found here; $NODE_MIN or newer is needed to build" 'Install a newer nodejs.'
}

# make, libtool and cargo's scripts would split such a path.
check_path() {
  case $HERE in
    *[[:space:]\"\'\`\$\&\;\(\)\#\*\?\<\>\|\\:]*) die "nothing can be built in '$HERE': its path has a space, a quote or another character that make takes for its own" 'Move or clone it to another folder, such as ~/nixie.' ;;
  esac
}

build() {
  check_path
  cd "$HERE" || exit 1
  if [ ! -e node_modules/.package-lock.json ] || [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
    say 'Installing the packages of package-lock.json'
    npm ci --no-audit --no-fund --loglevel=error || die 'npm ci failed' 'See its message above; check the network.'
  fi
  say 'Building dist/nixie (a few minutes the first time)'
  npm run --silent build || die 'the build failed' 'See its message above.'
}

container_program() {
  for program in docker podman; do
    ! "$program" info >/dev/null 2>&1 || { echo "$program"; return 0; }
  done
  return 1
}

build_in_container() { # PROGRAM
  say "Building in a container of $1 (several minutes the first time)"
  "$1" build -f "$HERE/deploy/Dockerfile" --target files --build-arg "CLI=${SUFFIX#-}" -t localhost/nixie-files "$HERE" || die "$1 could not build" 'See its message above.'
  container=$("$1" create localhost/nixie-files none)
  mkdir -p "$HERE/dist"
  "$1" cp "$container:/files/." "$HERE/dist/" || die "$1 could not take the files out of the container" 'See its message above.'
  "$1" rm "$container" >/dev/null
  ARCHIVE=$HERE/dist/nixie-image.tar
}

build_cli() {
  CLI=$HERE/dist/nixie$SUFFIX
  if [ "$BUILD" = no ] || { [ "$UNINSTALL" = yes ] && [ -x "$CLI" ]; }; then
    [ -x "$CLI" ] || die "there is no $CLI" 'Run ./install.sh without --no-build.'
    # shellcheck disable=SC2034 # install.sh gives it on
    [ -z "$SUFFIX" ] || ARCHIVE=$HERE/dist/nixie-image.tar
  elif [ -z "$SUFFIX" ] && [ -z "$(missing_tools)" ]; then build
  elif program=$(container_program); then build_in_container "$program"
  elif [ -n "$SUFFIX" ]; then die 'building wants Linux with glibc, and neither docker nor podman answers here' 'Start docker, then run this again.'
  else bring_tools; build; fi
}
