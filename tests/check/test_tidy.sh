#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-tidy, with the tree's .clang-tidy, has nothing to say about our C.
# The kernel side is left out: the verifier and its own compiler judge it.
set -euo pipefail
database=$(realpath "${1:?usage: test_tidy.sh BUILD_DIR}")
cd "$(dirname "$0")/../.."
. tests/support/tree.sh
need_tool clang-tidy
[ -e "$database/compile_commands.json" ] || {
	echo "no compile_commands.json in $database"
	exit 1
}

# Complaints go to standard output, statistics to standard error; a file
# that is quiet prints nothing. The analyzer, which follows all paths and takes
# most of the time, looks at what is shipped, and goes a fifteenth as far as it
# would into each function: tests run their own paths. Without it warnings of the
# compiler would be told too, which are gcc's to give.
tidy() {
	local said only=()
	if [[ $2 == tests/* || $2 == perf/* ]]; then
		only=('--checks=-clang-analyzer-*' --extra-arg=-Wno-error)
	else
		only=(--extra-arg={-Xclang,-analyzer-config}
			--extra-arg={-Xclang,max-nodes=15000})
	fi
	said=$(clang-tidy --quiet "${only[@]}" -p "$1" "$2" 2>&1) && return 0
	grep -vE '^([0-9]+ warnings? |Suppressed |Use -header-filter)' \
		<<<"$said"
	return 1
}
export -f tidy

mapfile -t files < <(c_files | grep '\.c$' | grep -v '\.bpf\.c$')
[ "${#files[@]}" -gt 0 ] || { echo "no C files found"; exit 1; }
# shellcheck disable=SC2016 # expanded by the inner shell
printf '%s\n' "${files[@]}" |
	xargs -P "$(nproc)" -I FILE bash -c 'tidy "$@"' tidy "$database" FILE
