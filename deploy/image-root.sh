#!/bin/sh
# Lays out the root of the image: the binary, the libraries that it and its loader link to, and the dynamic linker.
# Usage: image-root.sh BINARY DIRECTORY
set -eu
binary=$1 root=$2

case $(uname -m) in
  x86_64) linker=/lib64/ld-linux-x86-64.so.2 triplet=x86_64-linux-gnu ;;
  aarch64) linker=/lib/ld-linux-aarch64.so.1 triplet=aarch64-linux-gnu ;;
  *) echo "image-root.sh: no image for $(uname -m)" >&2; exit 1 ;;
esac

mkdir -p "$root/usr/bin" "$root/tmp" "$root/var/lib/nixie" "$root/$(dirname "$linker")" "$root/lib/$triplet"
chmod 1777 "$root/tmp"
cp "$binary" "$root/usr/bin/nixie"
chmod 755 "$root/usr/bin/nixie"
cp -L "$linker" "$root$linker"
# What the binary names, and what the loader in it names.
for name in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 libgcc_s.so.1; do
  cp -L "/lib/$triplet/$name" "$root/lib/$triplet/"
done
# All of it is there, and new enough for the binary.
chroot "$root" "$linker" --list /usr/bin/nixie
