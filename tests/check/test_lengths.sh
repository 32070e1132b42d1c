#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing is longer than what a reader keeps in mind: functions of 60 lines,
# .c files of 600, headers of 200, stages of the packet path of 120.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/tree.sh

# A function is what stands between a brace in the first column and the next
# closing one; both lines count.
wrong=$(c_files | tr '\n' '\0' | xargs -0 awk '
	function limit_of(file) {
		if (file ~ /stage_[^\/]*\.bpf\.h$/)
			return 120
		return file ~ /\.h$/ ? 200 : 600
	}
	function finish() {
		if (lines > limit_of(name))
			printf "%s:%d: file of %d lines, %d are allowed\n", \
				name, lines, lines, limit_of(name)
	}
	FNR == 1 {
		finish()
		name = FILENAME
		start = 0
	}
	{ lines = FNR }
	/^{/ { start = FNR }
	/^}/ && start {
		if (FNR - start + 1 > 60)
			printf "%s:%d: function of %d lines, 60 are allowed\n",
				name, start, FNR - start + 1
		start = 0
	}
	END { finish() }')
[ -z "$wrong" ] || {
	echo "$wrong"
	exit 1
}
