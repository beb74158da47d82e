#!/bin/sh
# What the guest runs: requests with a known truth, a kill and a start, and many at once from more threads than processors. Its answer
# is in parts.
# shellcheck source=lib.sh
. /files/lib.sh

part check; nixie check -o json
# The shell tells of what was killed.
part shell
/files/traffic serve 8080 >/tmp/server.log 2>&1 &
server=$!
serve env
until_done get /readyz
/files/traffic ask 8080 5 first >/tmp/truth
# It ends before it has said so; what was told so far is stored.
until_late all_seen
kill -9 "$nixie"
wait "$nixie" 2>/dev/null
serve env
until_done get /readyz
/files/traffic ask 8080 3 again >>/tmp/truth
/files/traffic calls 7999 >/tmp/calls &
until_done grep -v POST /tmp/calls
grep POST /tmp/calls >>/tmp/truth
until_late all_seen

flood=$(/files/traffic flood 8080 4 400 48)
flooded() {
  ask "import px
df = px.DataFrame('http_events', start_time='-10m')
df = df[px.contains(df.req_path, 'flood')]
df = df.groupby('req_method').agg(n=('latency', px.count))
px.display(df)" | keep /tmp/flood.json && grep -q "$flood" /tmp/flood.json
}
until_late flooded

# The last row is of an idle process when its counters stay the same from one reading to the next.
usage() { sed 's/.*) //' /proc/$server/stat | cut -d ' ' -f 12,13; }
measured() {
  before=$(usage)
  ask "import px
df = px.DataFrame('process_stats', start_time='-10m')
df = df[px.upid_to_pid(df.upid) == $server]
df = df.groupby('upid').agg(utime=('cpu_utime_ns', px.max), ktime=('cpu_ktime_ns', px.max), rchar=('rchar_bytes', px.max), wchar=('wchar_bytes', px.max))
px.display(df)" | keep /tmp/process.json
  grep -q "\"wchar\": *\"\?$(sed -n 's/^wchar: //p' /proc/$server/io)\b" /tmp/process.json && [ "$before" = "$(usage)" ]
}
until_late measured
part process; cat /tmp/process.json
part proc; usage; cat /proc/$server/io
connections() {
  ask "import px
df = px.DataFrame('conn_stats', start_time='-10m')
df = df[df.trace_role == 2 and df.remote_addr == '127.0.0.1']
df.pid = px.upid_to_pid(df.upid)
df = df.groupby(['pid']).agg(open=('conn_open', px.max), close=('conn_close', px.max), sent=('bytes_sent', px.max), received=('bytes_recv', px.max))
px.display(df)" | keep /tmp/connections.json
  grep -q "\"pid\": *\"\?$(grep -v POST /tmp/calls | cut -d' ' -f1)\b" /tmp/connections.json
}
until_late connections
part connections; cat /tmp/connections.json
part called; grep -v POST /tmp/calls
part truth; cat /tmp/truth
part rows; cat /tmp/rows.json
part flooded; echo "$flood"
part flood; cat /tmp/flood.json
part status; get /api/status
# What its maps and programs take of the locked memory, where the kernel counts it so.
part locked; cat /proc/"$nixie"/fdinfo/* 2>/dev/null | awk '/^memlock:/ { bytes += $2 } END { print bytes }'
part skipping
# Programs of Nixie's that the kernel skipped, by their descriptors.
for program in /proc/"$nixie"/fdinfo/*; do ! grep -q 'recursion_misses:.[1-9]' "$program" || cat "$program"; done 2>/dev/null
finish
