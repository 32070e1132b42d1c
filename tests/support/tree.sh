# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tree.sh - what the scripts of tests/check share. Sourced; the working
# directory is the top of the tree.

# Every file a commit would hold, one a line: what git tracks or would take,
# and without git (a tarball) whatever is not built.
tree_files() {
	if [ -e .git ] && command -v git >/dev/null; then
		# the owner of the clone need not be who runs the tests
		git -c safe.directory='*' ls-files --cached --others \
			--exclude-standard
	else
		find . -name .git -prune -o -path './build*' -prune -o \
			-name .cache -prune -o -type f -print | sed 's|^\./||'
	fi | while IFS= read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done | LC_ALL=C sort -u
}

# Our C, of user space and of the kernel side; data is not source.
c_files() {
	tree_files | { grep -E '\.[ch]$' || true; } |
		{ grep -v '^tests/data/' || true; }
}

# Files that a shell reads, by name or by first line.
shell_files() {
	tree_files | grep -v '^tests/data/' |
		{ grep -vE '\.([ch]|md|txt|py|[0-9])$' || true; } |
		tr '\n' '\0' | xargs -0 awk '
			FNR > 1 { nextfile }
			FILENAME ~ /\.sh$/ ||
			/^#!.*[\/ ](ba|da)?sh( |$)/ { print FILENAME }'
}

# need_tool NAME: leaves with a skip and its reason when NAME is missing.
need_tool() {
	command -v "$1" >/dev/null || {
		echo "skipped: $1 is not installed"
		exit 77
	}
}
