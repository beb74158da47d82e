# shellcheck shell=sh
# What building needs, from apt; install.sh reads it in a checkout. `say` and `die` are install.sh's.

RUST_MIN=1.85
NODE_MIN=18

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
