#!/usr/bin/env bash
# Synthesizes, and checks what comes of it. Undecided is no reason to stop a commit: the plan will tell.
set -euo pipefail

${SYNTH:-npx cdktf synth} > /dev/null
binauthz check "${CDKTF_OUTDIR:-cdktf.out}" --undecided warn
