#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every source, script and build file names its licence near the top.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/tree.sh

sources() {
	tree_files | grep -v '^tests/data/' |
		grep -E '\.([ch]|sh|py|cmake)$|(^|/)CMakeLists\.txt$' || true
	shell_files
}

mapfile -t files < <(sources | sort -u)
bad=0
awk '
	FNR <= 5 && /SPDX-License-Identifier: GPL-2\.0-or-later/ {
		named[FILENAME]
		nextfile
	}
	END {
		for (i = 1; i < ARGC; i++)
			if (!(ARGV[i] in named)) {
				print ARGV[i] ":1: no SPDX-License-Identifier"
				bad = 1
			}
		exit bad
	}' "${files[@]}" || bad=1
grep -qs 'GNU GENERAL PUBLIC LICENSE' LICENSE || {
	echo "LICENSE:1: not the GNU General Public License"
	bad=1
}
exit $bad
