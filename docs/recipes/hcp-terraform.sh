#!/usr/bin/env bash
# Reviews the plan of a run of HCP Terraform or Terraform Enterprise, and applies or discards that run. For workspaces with
# manual apply: the run waits for a confirmation, and this script gives it.
#
#   TFE_TOKEN=… hcp-terraform.sh RUN_ID SETTINGS [NAME]
#
# Source: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/plans and …/run
set -euo pipefail

run=${1:?run-…} settings=${2:?.binauthz.yaml of the base branch} name=${3:-default}
api=${TFE_ADDRESS:-https://app.terraform.io}/api/v2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The token stands in a file, so that no list of processes shows it.
umask 077
printf 'header = "Authorization: Bearer %s"\nheader = "Content-Type: application/vnd.api+json"\n' "${TFE_TOKEN:?}" > "$work/curl"
call() { curl --config "$work/curl" --silent --show-error --fail --location "$@"; }

case $run in run-*) ;; *) echo "$run is no id of a run" >&2; exit 1 ;; esac
call "$api/runs/$run" > "$work/run.json" || exit 1
plan=$(jq -er '.data.relationships.plan.data.id' "$work/run.json") || exit 1
call "$api/plans/$plan/json-output" --output "$work/plan.json" || exit 1

code=0
binauthz review "$work/plan.json" --config "$settings" --name "$name" || code=$?
comment() { jq -n --arg text "$1" '{comment: $text}'; }
case $code in
  0) comment "binauthz review passed" | call "$api/runs/$run/actions/apply" --request POST --data @- > /dev/null || exit 1 ;;
  2 | 3) comment "binauthz review ended with $code" | call "$api/runs/$run/actions/discard" --request POST --data @- > /dev/null || exit 1 ;;
esac
exit "$code"
