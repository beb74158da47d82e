#!/usr/bin/env bash
# Takes the cluster down with its data, whatever state it is in, once no test uses it.
set -euo pipefail
state=${XDG_CACHE_HOME:-$HOME/.cache}/k8s-node
mkdir -p "$state"
exec 9>"$state/lock"
flock -w 600 9
"$(dirname "${BASH_SOURCE[0]}")/node/down.sh" --purge-data 9>&-
rm -rf /var/lib/nixie-cluster-test
