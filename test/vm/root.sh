#!/bin/bash
# Makes an archive with the guest's root: busybox, this machine's C library, and programs of the caller's.
# Usage: root.sh ARCHIVE PROGRAM…
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ $# -ge 2 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
archive=$1 triplet=x86_64-linux-gnu
shift
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,usr/bin,lib/$triplet,lib64,proc,sys,dev,tmp,run,root,work,var/lib,var/log,etc}
chmod 1777 "$root/tmp"
install -m 755 "$here/init" "$root/init"
install -m 755 "$(command -v busybox)" "$root/bin/busybox"
busybox --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
for name in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libgcc_s.so.1; do
  cp -L "/lib/$triplet/$name" "$root/lib/$triplet/"
done
cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf '127.0.0.1 localhost vm\n' >"$root/etc/hosts"
for program; do install -m 755 "$program" "$root/usr/bin/$(basename "$program")"; done
# Not compressed: unpacking would cost the emulated processor more than reading.
(cd "$root" && find . | cpio --quiet -o -H newc) >"$archive"
