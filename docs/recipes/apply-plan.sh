#!/usr/bin/env bash
# Applies the plan file that review-plan.sh left, and no other.
#
#   apply-plan.sh OUTPUT_FOLDER
set -euo pipefail

output=$(cd "${1:?the folder of the reports}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$output/cdk.tf.json" "$work/"
if [ -f "$output/.terraform.lock.hcl" ]; then cp "$output/.terraform.lock.hcl" "$work/"; fi
terraform -chdir="$work" init -input=false -lockfile=readonly
terraform -chdir="$work" apply -input=false "$output/plan.tfplan"
