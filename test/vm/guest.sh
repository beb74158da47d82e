#!/bin/sh
# What the guest runs: requests with a known truth, and many at once from more threads than processors. Its answer is in parts.
api=http://127.0.0.1:6494
get() { wget -q -O - "$api$1"; }
# Waits until a command succeeds; the host ends a machine that takes too long.
until_done() { until "$@" >/dev/null 2>&1; do sleep 0.5; done; }
rows() { get '/api/run/px/http_data?start_time=-10m&max_num_records=1000' >/tmp/rows.json; }
all_seen() { rows && [ "$(grep -o '"req_path":' /tmp/rows.json | wc -l)" -ge "$(wc -l </tmp/truth)" ]; }

cat >/tmp/flood.pxl <<'END'
import px
df = px.DataFrame('http_events', start_time='-10m')
df = df[px.contains(df.req_path, 'flood')]
df = df.groupby('req_method').agg(n=('latency', px.count))
px.display(df)
END

/files/traffic serve 8080 >/tmp/server.log 2>&1 &
# Debian's kernels open no perf events, which classic tracepoints take, for less than CAP_SYS_ADMIN as long as this is 3.
echo 2 >/proc/sys/kernel/perf_event_paranoid
mkdir -p /tmp/data
nixie serve --data-dir /tmp/data >/tmp/serve.log 2>&1 &
nixie=$!
until_done get /readyz
/files/traffic ask 8080 5 vm >/tmp/truth
/files/traffic calls 7999 >>/tmp/truth
i=0
until all_seen || [ $i -ge 240 ]; do i=$((i + 1)); sleep 0.5; done
flood=$(/files/traffic flood 8080 4 400 48)
i=0
until nixie run -o json -f /tmp/flood.pxl >/tmp/flood.json && grep -q "${flood}" /tmp/flood.json || [ $i -ge 240 ]; do i=$((i + 1)); sleep 0.5; done

part() { printf '\n== %s\n' "$1"; }
part truth; cat /tmp/truth
part rows; cat /tmp/rows.json
part flooded; echo "$flood"
part flood; cat /tmp/flood.json
part status; get /api/status
part skipping
# Programs of Nixie's that the kernel skipped, by their descriptors.
for program in /proc/$nixie/fdinfo/*; do ! grep -q 'recursion_misses:.[1-9]' $program || cat $program; done 2>/dev/null
kill $nixie
wait $nixie
part end; echo "$?"
part kernel; dmesg | grep -E 'WARN|BUG|Oops|Call Trace' | head -3
part log; cat /tmp/serve.log
