#!/usr/bin/env bash
# Takes the cluster down with its data, whatever state it is in.
set -euo pipefail
"$(dirname "${BASH_SOURCE[0]}")/node/down.sh" --purge-data
rm -rf /var/lib/nixie-cluster-test
