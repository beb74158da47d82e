#!/bin/sh
# What the guest runs on a machine that lacks something: `nixie check`, and what works then. Its answer is in parts.
# Usage: [blind=yes] degraded.sh ACCOUNT [TROUBLE]     blind: it can capture nothing there
#   ACCOUNT: root, or numbers of capabilities with commas between, which an account of its own has
#   TROUBLE: memlock: 64 KiB of locked memory; unplug: processors go and come; full: 64 MiB of memory are left beside it; short: for it;
#            container: server and first client are in one of docker's, by its control groups; stored: there is a store from before
# shellcheck source=lib.sh
. /files/lib.sh
account=$1 trouble=${2:-}
as() {
  if [ "$account" = root ]; then "$@"; else /files/traffic as 1000 "$account" "$@"; fi
}
begin() { # with these settings in its environment
  if [ "$account" = root ]; then serve env "$@"; else serve /files/traffic as 1000 "$account" env "$@"; fi
}
is_up() { get /healthz || ended; }

# To the control group of this name in every hierarchy; '' is the root.
enter() {
  for group in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
    [ -e "$group" ] || continue
    mkdir -p "${group%/*}/$1" && echo $$ >"${group%/*}/$1/cgroup.procs"
  done
}
available() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
fill() { # MIB: are left
  mkdir /tmp/full && mount -t tmpfs -o size=90% tmpfs /tmp/full
  dd if=/dev/zero of=/tmp/full/all bs=1M count="$(($(available) - $1))" 2>/dev/null
}
# Whoever asks is known by a list of sockets here, which an emulated processor reads slowly; one that asks too soon is refused.
again() { "$@" 2>/dev/null || { sleep 1; "$@"; }; }
online() { cat /sys/devices/system/cpu/online; }
set_online() { echo "$1" >/sys/devices/system/cpu/"$2"/online; }
go_and_come() {
  for _ in 1 2; do
    set_online 0 cpu3; set_online 0 cpu2; online
    sleep 0.5
    set_online 1 cpu2; set_online 1 cpu3; online
  done >/tmp/online
}
# A program whose file nobody ran before, on a processor that went and came.
late() {
  cp /files/traffic /tmp/late
  taskset 8 /tmp/late serve 8081 >/tmp/late.log 2>&1 &
}
late_seen() { get /api/status | grep -q '"/tmp/late"'; }

chmod 700 /tmp/data
[ "$account" = root ] || chown 1000:1000 /tmp/data
container=
seconds=2
case $trouble in
  memlock)
    # shellcheck disable=SC3045 # busybox has it
    ulimit -l 64 ;;
  container) container=$(printf 'c%063d' 7) ;;
  short) fill 64 ;;
  unplug) seconds=6 ;;
esac
contain() { [ "$container" = '' ] || enter "docker/$container"; }
leave() { [ "$container" = '' ] || enter ''; }
begin_server() {
  contain
  /files/traffic serve 8080 >/tmp/server.log 2>&1 &
  server=$!
  leave
  # It listens on port 8080.
  until_done grep -q ':1F90 .* 0A ' /proc/net/tcp
}
# The kernel tells of a container's processes that begin later; of others /proc does.
[ "$container" != '' ] || begin_server

part machine; uname -rv; dmesg | grep -i 'dynamic preempt'; grep -E ' cgroup2? | tracefs ' /proc/mounts; echo "$(available) MiB available"
part check
checked=0
as nixie check || checked=$?
part checked; echo "$checked"
part refused
if [ "$trouble" = stored ]; then
  # Without the rights and without a store it does not begin.
  begin
  until_done ended
  cat /tmp/serve.log
  begin NIXIE_CAPTURE=false
  until_done get /healthz
  kill "$nixie" && wait "$nixie"
fi
begin
# Where it doesn't fit, Linux may end it now or later.
if [ "$trouble" = short ]; then until_done grep -q available /tmp/serve.log; finish; exit; fi
until_done is_up
# Where capture can't work it says so.
says() { get /readyz || get /api/status | grep -q '"attached":false'; }
if [ "${blind:-no}" = yes ]; then until_late says; else until_late get /readyz; fi
ready=no
! get /readyz >/dev/null 2>&1 || ready=yes
part ready; echo "$ready"
[ "$container" = '' ] || begin_server
[ "$trouble" != full ] || fill 64
part left; available

contain
/files/traffic ask 8080 5 first >/tmp/truth 2>/dev/null
leave
/files/traffic calls 7999 >/tmp/calls &
until_done grep -v POST /tmp/calls
grep POST /tmp/calls >>/tmp/truth
# Where nothing is captured, nothing is waited for.
until_told() { if [ "$ready" = yes ]; then until_late "$@"; else again "$@" >/dev/null; fi; }
until_told all_seen
[ "$trouble" != unplug ] || go_and_come &
going=$!
/files/traffic flood 8080 "$seconds" 100 8 >/tmp/flooded
if [ "$trouble" = unplug ]; then
  wait "$going"
  part online; cat /tmp/online
  late
  until_late late_seen
  part late; late_seen && echo seen
fi
counted() {
  ask "import px
df = px.DataFrame('http_events', start_time='-10m')
df.container = px.upid_to_container_id(df.upid)
df.flood = px.contains(df.req_path, 'flood')
df = df.groupby(['container', 'flood']).agg(n=('latency', px.count))
px.display(df)" | keep /tmp/counted.json && grep -q "$(cat /tmp/flooded)" /tmp/counted.json
}
until_told counted
part container; echo "$container"
part flooded; cat /tmp/flooded
part counted; cat /tmp/counted.json
part clients
again ask "import px
df = px.DataFrame('http_events', start_time='-10m')
df = df[px.contains(df.req_path, '?first')]
df.container = px.upid_to_container_id(df.remote_upid)
df = df.groupby('container').agg(n=('latency', px.count))
px.display(df)"
part truth; cat /tmp/truth
part rows; cat /tmp/rows.json
part status; again get /api/status
part processes
again ask "import px
df = px.DataFrame('process_stats', start_time='-10m')
df = df[px.upid_to_pid(df.upid) == $server]
df = df.groupby('upid').agg(n=('rss_bytes', px.count))
px.display(df)"
part page; again get /health | sed -e 's/<[^>]*>/ /g' | tr -s ' \n' ' '
part memory; grep -E 'VmRSS|RssAnon|VmHWM' "/proc/$nixie/status"
finish
