#!/bin/sh
# A hook of "always": says in one line how the run went. Put your mail or chat here.
set -eu
line="release $(printf '%.8s' "${HEADGATE_RELEASE:-?}"): run ${HEADGATE_RUN:-?} ${HEADGATE_OUTCOME:-ended}"
if [ -n "${HEADGATE_FAILED_STEP:-}" ]; then line="$line at step \"$HEADGATE_FAILED_STEP\""; fi
echo "$line"
echo "told=yes" >>"${HEADGATE_OUTPUT:-/dev/null}"
