#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tree tells what it is, not how it came about; and no line ends in
# blanks, but for the outputs of programs that tests/golden keeps.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
. tests/support/tree.sh

mapfile -t files < <(tree_files | grep -vE '^(LICENSE$|tests/data/)|\.ok$')

# search WHY GREP-ARGUMENTS...: prints file:line: why: text
search() {
	local why=$1
	shift
	{ grep -nHI "$@" -- "${files[@]}" || true; } |
		sed "s|^\([^:]*:[0-9]*\):|\1: $why: |"
}

# The brackets keep this file from matching itself.
wrong=$(
	search "trailing blank" -E '[[:blank:]]+$'
	search "carriage return" $'\r$'
	search "note without a number" -E '\<(TOD[O]|FIXM[E])\>' |
		grep -vE '\<TOD[O]\(#[0-9]+\)' || true
	search "names a place outside" -E '/wor[k]/'
	search "tells how it was made" -iE \
		'thi[s] session|\<issu[e] #?[0-9]|\<helpe[r] session'
	search "names a place outside" -F '../share''d' |
		grep -v '^\.ci/run:' || true
)
[ -z "$wrong" ] || {
	echo "$wrong"
	exit 1
}
