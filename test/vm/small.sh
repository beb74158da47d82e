#!/bin/sh
# What the guest runs to see what Nixie takes of a small machine with a card of 4 GB, at 50 requests a second. Its answer is in parts.
# Usage: small.sh SECONDS
# shellcheck source=lib.sh
. /files/lib.sh
seconds=$1
# It has that size, in whole pages, and that room; what is written takes memory.
mount -t tmpfs -o size=3999997952 tmpfs /tmp/data

/files/traffic serve 8080 >/tmp/server.log 2>&1 &
server=$!
serve env
until_done get /readyz
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$nixie/status"; }

before=$(ticks "$nixie") answered=$(ticks "$server")
/files/traffic flood 8080 "$seconds" 50 4 >/tmp/flooded &
client=$!
most=0 asking=0
until grep -q '^State:.Z' "/proc/$client/status" 2>/dev/null || ! [ -e "/proc/$client" ]; do
  now=$(resident)
  [ "$now" -le "$most" ] || most=$now
  # The last look that succeeds counts.
  took=$(ticks "$client" 2>/dev/null)
  asking=${took:-$asking}
  sleep 1
done
wait "$client"
part used; echo "$(($(ticks "$nixie") - before)) $(($(ticks "$server") - answered + asking)) $most"
counted() {
  ask "import px
df = px.DataFrame('http_events', start_time='-60m')
df = df.groupby(['req_method']).agg(n=('latency', px.count))
px.display(df)" | keep /tmp/counted.json && grep -q "$(cat /tmp/flooded)" /tmp/counted.json
}
until_late counted
part flooded; cat /tmp/flooded
part counted; cat /tmp/counted.json
part status; get /api/status
part memory; grep -E 'VmHWM|VmRSS|Rss' "/proc/$nixie/status"; cat /proc/meminfo
finish
