#!/usr/bin/env bash
# Plans one synthesized stack, reviews that plan, and leaves the plan file for apply-plan.sh.
# Runs in a trusted job: everything it reads but the stack itself comes from the base branch.
#
#   review-plan.sh STACK_FOLDER SETTINGS NAME OUTPUT_FOLDER
#
# Ends as `binauthz review` does: 0 passed, 2 a finding gates, 3 not decidable; 1 for everything else.
set -euo pipefail

stack=${1:?a folder with cdk.tf.json} settings=${2:?.binauthz.yaml of the base branch}
name=${3:?a name for the report} output=${4:?a folder for the reports}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$output"

# Only this one file is planned. What else came along, a lock file or a .tf file for example, is left behind.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$stack/cdk.tf.json" "$work/"
"$here/refuse-unexpected.sh" "$work/cdk.tf.json"
if [ -n "${LOCK_FILE:-}" ]; then cp "$LOCK_FILE" "$work/.terraform.lock.hcl"; fi

terraform -chdir="$work" init -input=false ${LOCK_FILE:+-lockfile=readonly} >&2 || exit 1
terraform -chdir="$work" plan -input=false -out=plan.tfplan >&2 || exit 1
terraform -chdir="$work" show -json plan.tfplan > "$output/plan.json" || exit 1
cp "$work/plan.tfplan" "$work/cdk.tf.json" "$output/"
if [ -f "$work/.terraform.lock.hcl" ]; then cp "$work/.terraform.lock.hcl" "$output/"; fi

code=0
binauthz review "$output/plan.json" \
  --synth "$output/cdk.tf.json" --config "$settings" --name "$name" \
  --format text --format "markdown=$output/comment.md" --format "sarif=$output/binauthz.sarif" \
  --format "junit=$output/junit.xml" --format "code-quality=$output/code-quality.json" || code=$?
exit "$code"
