#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh PROGRAM NAME - fuzz, from what is in corpus/NAME and what earlier runs
# of this build found. The environment variable FUZZ_SECONDS says how long.
# An input that breaks something is left beside the program as NAME-crash-*.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${1:?usage: run.sh PROGRAM NAME}
name=${2:?}

found=$(dirname "$program")/corpus/$name
seeds=$here/corpus/$name
mkdir -p "$found"
corpus=("$found" "$seeds")
if [ "$name" = sigma ] && [ -d "${PORTCULLIS_DATA:-}/sigma-linux" ]; then
	corpus+=("$PORTCULLIS_DATA/sigma-linux")
fi
exec "$program" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=16384 \
	-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	-artifact_prefix="$(dirname "$program")/$name-" "${corpus[@]}"
