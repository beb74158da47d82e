#!/usr/bin/env bash
# Takes the API server away or brings it back, with the very command that up.sh gave it.
# Usage: apiserver.sh stop|start [STATE_DIR]
set -euo pipefail
action=${1:?stop or start}
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "${2:-}"
kept=$run/kube-apiserver.cmdline
case $action in
  stop)
    alive kube-apiserver || die "the API server does not run"
    read -r pid _ <"$run/kube-apiserver.pid"
    cp "/proc/$pid/cmdline" "$kept"
    stop kube-apiserver 20
    ;;
  start)
    mapfile -d '' command <"$kept"
    start kube-apiserver "${command[@]}"
    wait_for 120 kube-apiserver kc get --raw /readyz
    ;;
  *) die "stop or start, not $action" ;;
esac
