#!/usr/bin/env bash
# Builds an image of deploy/Dockerfile as an archive, with a base made of this machine's shell and C library: no registry is asked.
# Usage: image.sh NAME OUT.tar
set -euo pipefail
name=${1:?image name} out=${2:?output tar}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scratch=$(mktemp -d)
storage=(--root "$scratch/storage" --runroot "$scratch/run" --storage-driver vfs)
trap 'rm -rf "$scratch"' EXIT

base=$scratch/base
triplet=$(gcc -print-multiarch)
mkdir -p "$base"/{tmp,etc} "$base"/usr/{bin,lib,lib64}
ln -s usr/bin usr/lib usr/lib64 "$base"
add() { install -D "$1" "$base$(readlink -f "$(dirname "$1")")/$(basename "$1")"; }
for tool in sh mkdir cp; do
  install "$(command -v "$tool")" "$base/usr/bin/$tool"
  for library in $(ldd "$(command -v "$tool")" | grep -o '/[^ ]*'); do add "$library"; done
done
for library in libm.so.6 libpthread.so.0 libdl.so.2 libgcc_s.so.1; do add "/lib/$triplet/$library"; done
container=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy -q "$container" "$base" / >/dev/null
buildah "${storage[@]}" commit -q "$container" localhost/base:1 >/dev/null

buildah "${storage[@]}" build --isolation chroot --pull-never --build-arg BASE=localhost/base:1 --build-arg PREBUILT=yes \
  -f deploy/Dockerfile -t "$name" . >&2
rm -f "$out"
buildah "${storage[@]}" push -q "$name" "oci-archive:$out:$name" >/dev/null
