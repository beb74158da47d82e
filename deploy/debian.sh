#!/bin/bash
# Packages of any Debian suite and architecture, from the mirror that this machine's apt is set up with, without touching the system.
# Usage: debian.sh ARCH SUITES                the configuration of an apt for them: APT_CONFIG=… apt-cache show …
#        debian.sh ARCH SUITES PACKAGE…       the folder in which these packages' newest versions are unpacked together
#   SUITES: trixie, or several with commas between (bookworm,bookworm-security); host: those of this machine
#   PACKAGE: a name, or NAME=VERSION
# All is kept in $XDG_CACHE_HOME/nixie-debian (~/.cache/…), which is worth caching; the lists of packages are looked at once a day.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
arch=$1 suites=$2
shift 2
command -v apt-get >/dev/null || { echo 'needs apt-get: only Debian has these packages' >&2; exit 1; }
if [ "$suites" = host ]; then
  name=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  suites=$name,$name-security
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nixie-debian
apt=$cache/apt/$suites-$arch
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial} "$cache/unpacked"
exec 9>"$apt/lock"
flock 9

export APT_CONFIG=$apt/apt.conf
is_fresh() { [ -n "$(find "$apt/updated" -mmin -1440 2>/dev/null)" ]; }

update() {
  local archives suite uri
  # The archives that apt knows already; a security suite is in the one with that name.
  # shellcheck disable=SC2016 # apt fills them in
  archives=$(APT_CONFIG='' apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Created-By: Packages' | awk '/\/debian/ {print $2}' | sort -u)
  [ -n "$archives" ] || { echo 'apt knows no archive of Debian here' >&2; exit 1; }
  for suite in ${suites//,/ }; do
    case $suite in *-security) uri=$(grep -m1 security <<<"$archives") ;; *) uri=$(grep -vm1 security <<<"$archives") ;; esac
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
  done >"$apt/sources.list"
  : >"$apt/status"
  cat >"$APT_CONFIG" <<END
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/nonexistent";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
Acquire::Languages "none";
APT::Sandbox::User "root";
END
  # Without the mirror the lists of yesterday will do.
  if apt-get update -qq --error-on=any >&2; then touch "$apt/updated"; else [ -e "$apt/updated" ]; fi
}
is_fresh || update
[ $# -gt 0 ] || { echo "$APT_CONFIG"; exit 0; }

set_of() { printf '%s\n' "$arch" "$@" | sha256sum | cut -c 1-16; }
# One folder for each set of names; what holds earlier versions goes.
all=$cache/unpacked/$(set_of "$suites" "${@%%=*}")
asked=$all/asked-$(set_of "$@")
if [ "$asked" -nt "$apt/updated" ]; then cat "$asked"; exit 0; fi
version() { apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p;/^Version: /q'; } # NAME[=VERSION]
wanted=()
for package; do
  found=$(version "$package")
  [ -n "$found" ] || { echo "$suites has no $package for $arch" >&2; exit 1; }
  wanted+=("${package%%=*}=$found")
done
folder=$all/$(set_of "${wanted[@]}")
if [ ! -d "$folder" ]; then
  rm -rf "$all" && mkdir -p "$all/new" "$all/debs"
  (cd "$all/debs" && apt-get download -qq "${wanted[@]}" >&2)
  for deb in "$all"/debs/*.deb; do dpkg-deb -x "$deb" "$all/new"; done
  rm -r "$all/debs" && mv "$all/new" "$folder"
fi
echo "$folder" >"$asked"
echo "$folder"
