#!/bin/sh
# Plain curl: `curl.sh SCENARIO PROMPT FILE` prints the answer.
set -eu
scenario=$1 prompt=$2 file=$3

json="{\"model\": \"seedream-4.5\", \"prompt\": \"$prompt\"}"
case $scenario in
  generate | "three at once")
    set -- --retry 3 --retry-all-errors --json "$json" "$OPENAI_BASE_URL/images/generations" ;;
  edit)
    set -- --retry 3 --retry-all-errors --form model=seedream-4.5 --form "prompt=$prompt" \
      --form "image=@$file" "$OPENAI_BASE_URL/images/edits" ;;
  "single post")
    set -- --json "$json" "$OPENAI_BASE_URL/images/generations" ;;
esac
exec curl --silent --show-error --fail --header "Authorization: Bearer $OPENAI_API_KEY" "$@"
