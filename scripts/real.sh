#!/usr/bin/env bash
# The pipeline's own stages on real call records: small data, see docs/real-data.md.
# Usage: scripts/real.sh SOURCE [PROJECT], from the clone; the project is a folder of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:?folder with telecom_dataset_us.csv.gz}
project=${2:-runs/callmemaybe}
[ -d "$source" ] || { echo "no folder $source: the data are not part of the repository" >&2; exit 2; }
churnlight project "$project" --preset examples/callmemaybe.yaml
rm -rf "$project/data/callmemaybe"
churnlight adapt callmemaybe "$source" "$project/data/callmemaybe"
cd "$project"
churnlight run
