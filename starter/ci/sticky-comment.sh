#!/usr/bin/env bash
# Writes a report into the one comment of a pull request that has its marker, and makes that comment where there is none.
#
#   sticky-comment.sh OWNER/REPOSITORY NUMBER comment.md
#
# Needs the GitHub command line `gh` with a token that may write comments.
set -euo pipefail

repository=${1:?OWNER/REPOSITORY} number=${2:?the number of the pull request} report=${3:?comment.md}
marker=$(head -n 1 "$report")
case $marker in
  '<!-- binauthz-'*' -->') ;;
  *) echo "$report does not begin with a marker" >&2; exit 1 ;;
esac

# Only comments of this token's own account: others could have written the marker too.
author=${COMMENT_AUTHOR:-github-actions[bot]}
id=$(gh api --paginate "repos/$repository/issues/$number/comments" |
  jq -r --arg marker "$marker" --arg author "$author" \
    '.[] | select(.user.login == $author and (.body | startswith($marker))) | .id' | head -n 1)

if [ -n "$id" ]; then
  jq -Rs '{body: .}' "$report" | gh api --method PATCH "repos/$repository/issues/comments/$id" --input - > /dev/null
elif ! head -n 2 "$report" | grep -q ': nothing changes$'; then
  # Quiet where there is nothing to say, and nothing to correct.
  jq -Rs '{body: .}' "$report" | gh api --method POST "repos/$repository/issues/$number/comments" --input - > /dev/null
fi
