#!/usr/bin/env bash
# Refuses a synthesized configuration that would run code of its author while terraform plans: other providers,
# provisioners, data sources that run programs or ask servers, modules from elsewhere, a state backend of its own choice.
#
#   refuse-unexpected.sh cdktf.out/stacks/STACK/cdk.tf.json
#
# Runs before `terraform init`: init already fetches what the configuration names. The file is written anew as it was read:
# of a key that is there twice jq sees the last one, and Terraform both.
set -euo pipefail

file=${1:?usage: refuse-unexpected.sh FILE, a cdk.tf.json}

folder=$(dirname "$file")
others=$(find "$folder" -maxdepth 1 \( -name '*.tf' -o -name '*.tf.json' -o -name '*.tofu*' -o -name .terraform \) ! -name "$(basename "$file")")
if [ -n "$others" ]; then
  printf 'terraform would read more than %s, which is not planned:\n%s\n' "$file" "$others" >&2
  exit 1
fi

# What this repository uses; everything else needs a change here, on the base branch.
providers=${ALLOWED_PROVIDERS:-'["google","hashicorp/google","registry.terraform.io/hashicorp/google"]'}
backends=${ALLOWED_BACKENDS:-'["gcs"]'}

problems=$(jq -rs --argjson providers "$providers" --argjson backends "$backends" '
  def items: if type == "array" then .[] else . end;
  def types($kind): [.[$kind] // {} | items | keys[] | select(. != "//")];
  def bodies: .resource // {} | items | to_entries[] | select(.key != "//") | .key as $type
    | .value | items | to_entries[] | select(.key != "//")
    | {address: ($type + "." + .key), body: ([.value] | flatten[])};
  if length == 1 and (.[0] | type) == "object" then .[0] else error("no configuration") end |
  (.terraform // {} | items | .required_providers // {} | items | to_entries[] | select(.key != "//")
    | (if (.value | type) == "object" then .value.source // .key else .key end)
    | select(IN($providers[]) | not) | "the provider \(.)"),
  (types("provider")[] | select(IN("google") | not) | "a provider \(.)"),
  ((types("resource") + types("data"))[] | select(startswith("google_") | not) | "a resource or data source of type \(.)"),
  (types("module")[] | "the module \(.)"),
  (bodies | select(.body | has("provisioner") or has("connection")) | "a provisioner of \(.address)"),
  (.terraform // {} | items | .backend // {} | items | keys[] | select(. != "//")
    | select(IN($backends[]) | not) | "the backend \(.)"),
  (.terraform // {} | items | select(has("cloud")) | "the backend cloud")
' "$file") || { echo "$file cannot be read; it is refused" >&2; exit 1; }

if [ -n "$problems" ]; then
  echo "$file has what is not expected, and is not planned:" >&2
  printf '  %s\n' "$problems" >&2
  exit 1
fi

read=$(jq . "$file")
printf '%s\n' "$read" > "$file"
