#!/usr/bin/env bash
# Atlantis takes a custom policy check for passed where its output does not have the word "fail", whatever the exit code is.
# binauthz does not print it where a review passes; everything else gets it here, also what is undecided or broken.
#
#   atlantis-check.sh SHOWFILE NAME
set -uo pipefail

code=0
binauthz review "$1" --config "${BINAUTHZ_SETTINGS:-/opt/binauthz/.binauthz.yaml}" --name "${2:-default}" 2>&1 || code=$?
if [ "$code" -ne 0 ]; then
  echo "fail: binauthz review ended with $code"
fi
exit "$code"
