#!/bin/sh
# Two linters that know nothing of each other read the OpenAPI document: neither may find an error.
#
#   lint_test.sh PATH_OF_METERGATE
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" openapi >"$folder/openapi.json"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true SCARF_ANALYTICS=false
node_modules/.bin/redocly lint --config redocly.yaml "$folder/openapi.json"
node_modules/.bin/spectral lint --ruleset .spectral.yaml --fail-severity=error "$folder/openapi.json"
