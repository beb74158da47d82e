#!/bin/bash
# Runs one unit under a systemd of its own, in namespaces with system folders and control groups of their own, until it is killed.
# The machine's own folders, groups, clock and settings stay as they are.
# Usage: systemd.sh UNIT FOLDER PROGRAM    UNIT: the file of a service; FOLDER: becomes /run/test there; PROGRAM: /run/bin/PROGRAM there
# To be started by `unshare --mount --pid --fork --kill-child --uts --ipc`, with the shell's own process in the groups to be its root.
set -euo pipefail
[ "${1:-}" != inside ] || {
  shift
  unit=$1 folder=$2 program=$3 name=$(basename "$1")
  mount --make-rprivate /
  mount -t proc proc /proc
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/lock /run/bin /run/etc /run/test
  mount --bind "$folder" /run/test
  cp -a /etc/. /run/etc/
  install -m 755 "$program" "/run/bin/$(basename "$program")"
  install -m 644 "$unit" "/run/$name"
  mount --bind /run/etc /etc
  : >/etc/fstab
  rm -rf /etc/systemd/system/*
  mv "/run/$name" "/etc/systemd/system/$name"
  # Nothing that systemd starts or makes at boot: it would be the machine's.
  for wants in /lib/systemd/system/*.target.wants /lib/systemd/system-generators; do mount -t tmpfs tmpfs "$wants"; done
  mount -t tmpfs -o mode=755 tmpfs /var/lib
  id -u nixie >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /var/lib/nixie --shell /usr/sbin/nologin nixie
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    for mounted in systemd memory pids cpu devices; do
      [ "$mounted" = systemd ] && options=none,name=systemd || options=$mounted
      umount "/sys/fs/cgroup/$mounted" && mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$mounted"
    done
    umount /sys/fs/cgroup/unified 2>/dev/null || true
  fi
  mount --bind /proc/sys /proc/sys
  mount -o remount,ro,bind /proc/sys
  exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit="$name" \
    --log-target=console --show-status=false --dump-core=false
}
exec unshare --cgroup "$0" inside "$@"
