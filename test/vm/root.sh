#!/bin/bash
# Makes an archive with the guest's root: busybox, the C library, and programs of the caller's.
# Usage: root.sh ARCHIVE ARCH SYSROOT PROGRAM…
#   ARCH: amd64 or arm64; SYSROOT: busybox-static, libc6 and libgcc-s1 of it, unpacked; PROGRAM: FILE=NAME in /usr/bin
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ $# -ge 4 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
archive=$1 arch=$2 sysroot=$3
shift 3
case $arch in
  amd64) triplet=x86_64-linux-gnu linker=lib64/ld-linux-x86-64.so.2 ;;
  arm64) triplet=aarch64-linux-gnu linker=lib/ld-linux-aarch64.so.1 ;;
  *) echo "root.sh: no architecture '$arch'" >&2; exit 2 ;;
esac
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
system() { if [ -e "$sysroot/$1" ]; then echo "$sysroot/$1"; else echo "$sysroot/usr/$1"; fi; } # Debian moved all below /usr
mkdir -p "$root"/{bin,usr/bin,lib/$triplet,lib64,proc,sys,dev,tmp,run,root,work,var/lib,var/log,etc}
chmod 1777 "$root/tmp"
install -m 755 "$here/init" "$root/init"
install -m 755 "$(system bin/busybox)" "$root/bin/busybox"
# The applets' names come from this machine's busybox: a foreign one may not run here.
busybox --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
for name in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libgcc_s.so.1; do
  cp -L "$(system "lib/$triplet/$name")" "$root/lib/$triplet/"
done
cp -L "$(system "lib/$triplet/$(basename "$linker")")" "$root/$linker"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf '127.0.0.1 localhost vm\n' >"$root/etc/hosts"
for program; do install -m 755 "${program%=*}" "$root/usr/bin/${program##*=}"; done
# Not compressed: unpacking would cost the emulated processor more than reading.
(cd "$root" && find . | cpio --quiet -o -H newc) >"$archive"
