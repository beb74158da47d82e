# shellcheck shell=sh
# What the scripts of the guest share.
api=http://127.0.0.1:6494
get() { wget -q -O - "$api$1"; }
ask() { wget -q -O - --post-data "$1" "$api/api/query"; } # PXL
part() { printf '\n== %s\n' "$1"; }
# Waits until a command succeeds; the host ends a machine that takes too long.
until_done() { until "$@" >/dev/null 2>&1; do sleep 0.3; done; }
# Ticks of a hundredth of a second that a process has had of a processor.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
# Of the nixie that was begun last.
ended() { ! grep -q '^State:.[^Z]' "/proc/$nixie/status" 2>/dev/null; }
is_late() { [ "$(cut -d . -f 1 /proc/uptime)" -ge "$(cat /patience)" ]; }
# Waits until a command succeeds, or nixie has ended, or the machine's time is nearly over: what is missing is told by the caller. Less
# would not do: where much else runs, an emulated processor is given a tenth of a real one, and no clock in it tells.
until_late() { until "$@" >/dev/null 2>&1 || ended || is_late; do sleep 0.3; done; }
# The last answer stays where a later one fails.
keep() { cat >"$1.new" && [ -s "$1.new" ] && mv "$1.new" "$1"; }
rows() { get '/api/run/px/http_data?start_time=-10m&max_num_records=1000' | keep /tmp/rows.json; }
all_seen() { rows && [ "$(grep -o '"req_path":' /tmp/rows.json | wc -l)" -ge "$(wc -l </tmp/truth)" ]; }
# With the commands before nixie's. An emulated processor is slow: each request is to have its row all the same.
serve() {
  "$@" nixie serve --cpu-budget off --data-dir /tmp/data >>/tmp/serve.log 2>&1 &
  nixie=$!
}
finish() {
  kill "$nixie"
  status=0
  wait "$nixie" || status=$?
  part end; echo "$status"
  part kernel; dmesg | grep -E 'WARN|BUG|Oops|Call Trace|soft lockup' | head -3
  part log; cat /tmp/serve.log
}
# Debian's kernels open no perf events, which classic tracepoints take, for less than CAP_SYS_ADMIN as long as this is 3.
echo 2 >/proc/sys/kernel/perf_event_paranoid
: >/tmp/truth
mkdir -p /tmp/data
