#!/bin/bash
# Boots a kernel in QEMU with a root file system of memory, runs a command in it, and returns its output and exit status.
# It takes no KVM, no disk, no module and no network.
# Usage: vm.sh ARCH KERNEL COMMAND     ARCH: amd64 or arm64; KERNEL: a vmlinuz of it; COMMAND: for the guest's busybox sh
# Environment:
#   VM_ROOT     the archive of the root, by root.sh
#   VM_FILES    a folder whose content appears in the guest as /files
#   VM_SETUP    what init does otherwise: see there
#   VM_MEMORY   MiB, default 1536; VM_CPUS, default 1
#   VM_CPU      model of the processor, default max, for arm64 cortex-a72 (with SVE the runtime of JavaScript goes wrong: sve.js)
#   VM_APPEND   more for the kernel's command line
#   VM_TIMEOUT  seconds until the machine is ended, default 300
# Status: the command's; 124 when time ran out; 125 when the machine ended without one (its last words go to stderr).
set -euo pipefail
[ $# = 3 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
arch=$1 kernel=$2 command=$3
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# What changes with each run is a second archive behind the first: the kernel unpacks both, one over the other.
mkdir -p "$temp/run/files"
printf '%s\n' "$command" >"$temp/run/command"
printf '%s\n' "${VM_SETUP:-}" >"$temp/run/setup"
# Seconds after which the guest waits for nothing more.
echo "$((${VM_TIMEOUT:-300} * 3 / 4))" >"$temp/run/patience"
[ -z "${VM_FILES:-}" ] || cp -a "$VM_FILES/." "$temp/run/files/"
(cd "$temp/run" && find . | cpio --quiet -o -H newc) >"$temp/run.cpio"
cat "$VM_ROOT" "$temp/run.cpio" >"$temp/initrd"

case $arch in
  # On a busy machine the timer's ticks come too late for the kernel's check of it.
  amd64) qemu=qemu-system-x86_64 machine=q35 cpu=max console='ttyS0 no_timer_check' ;;
  arm64) qemu=qemu-system-aarch64 machine=virt cpu=cortex-a72 console=ttyAMA0 ;;
  *) echo "vm.sh: no machine of architecture '$arch'" >&2; exit 2 ;;
esac

# One thread for all processors: with several, QEMU 7.2 now and then runs a jump label's breakpoint that the kernel has
# already taken back (Oops: int3), and the machine ends at its start.
log=$temp/log status=0
timeout --kill-after=5 "${VM_TIMEOUT:-300}" "$qemu" -machine "$machine" -accel tcg,thread=single -cpu "${VM_CPU:-$cpu}" \
  -smp "${VM_CPUS:-1}" -m "${VM_MEMORY:-1536}" -nodefaults -no-user-config -no-reboot -display none -serial stdio \
  -kernel "$kernel" -initrd "$temp/initrd" \
  -append "console=$console mitigations=off quiet loglevel=3 panic=-1 rdinit=/init ${VM_APPEND:-}" </dev/null >"$log" 2>&1 || status=$?

# The command's output stands between two marks; the second carries its status. Without it: what the machine said last.
tr -d '\r' <"$log" | sed -n '/^@@vm-begin@@$/,$p' | sed -e 1d -e '/@@vm-end@@/,$d'
if ended=$(tr -d '\r' <"$log" | grep -ao '@@vm-end@@ [0-9]*'); then exit "${ended##* }"; fi
tr -d '\r' <"$log" | tail -n 25 >&2
[ "$status" != 124 ] || { echo "vm.sh: not done after ${VM_TIMEOUT:-300} s" >&2; exit 124; }
echo "vm.sh: the machine ended (QEMU: $status) before the command did" >&2
exit 125
