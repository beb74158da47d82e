#!/bin/sh
# What the guest runs on a machine that lacks something: `nixie check`, and what works then. Its answer is in parts.
# Usage: degraded.sh ACCOUNT [TROUBLE]
#   ACCOUNT: root, or numbers of capabilities with commas between, which an account of its own has
#   TROUBLE: memlock: 64 KiB of locked memory
# shellcheck source=lib.sh
. /files/lib.sh
account=$1 trouble=${2:-}
as() {
  if [ "$account" = root ]; then "$@"; else /files/traffic as 1000 "$account" "$@"; fi
}
chmod 700 /tmp/data
[ "$account" = root ] || chown 1000:1000 /tmp/data
# shellcheck disable=SC3045 # busybox has it
[ "$trouble" != memlock ] || ulimit -l 64

/files/traffic serve 8080 >/tmp/server.log 2>&1 &
server=$!

part check
checked=0
as nixie check || checked=$?
part checked; echo "$checked"
if [ "$account" = root ]; then serve env; else serve /files/traffic as 1000 "$account"; fi
until_done get /healthz
# Where capture can't work it says so; until then it may still come.
says() { get /readyz || get /api/status | grep -q '"attached":false'; }
until_tried 60 says
until_tried 10 get /readyz
part ready; get /readyz >/dev/null 2>&1 && echo yes || echo no

/files/traffic ask 8080 5 first >/tmp/truth 2>/dev/null
/files/traffic calls 7999 >/tmp/calls &
until_done grep -v POST /tmp/calls
grep POST /tmp/calls >>/tmp/truth
/files/traffic flood 8080 2 100 8 >/tmp/flooded
counted() {
  ask "import px
df = px.DataFrame('http_events', start_time='-10m')
df.flood = px.contains(df.req_path, 'flood')
df = df.groupby(['flood']).agg(n=('latency', px.count))
px.display(df)" >/tmp/counted.json && grep -q "$(cat /tmp/flooded)" /tmp/counted.json
}
tries=40
get /readyz >/dev/null 2>&1 || tries=1
until_tried "$tries" all_seen
until_tried "$tries" counted
part flooded; cat /tmp/flooded
part counted; cat /tmp/counted.json
part truth; cat /tmp/truth
part rows; cat /tmp/rows.json
part status; get /api/status
part processes
ask "import px
df = px.DataFrame('process_stats', start_time='-10m')
df = df[px.upid_to_pid(df.upid) == $server]
df = df.groupby('upid').agg(n=('rss_bytes', px.count))
px.display(df)"
part page; get /health | sed -e 's/<[^>]*>/ /g' | tr -s ' \n' ' '
part memory; grep -E 'VmRSS|RssAnon|VmHWM' "/proc/$nixie/status"
finish
