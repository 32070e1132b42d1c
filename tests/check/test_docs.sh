#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the pages say can be followed: each relative link in a *.md leads
# somewhere, to a heading too; and fwctl and fwd understand each command that
# a fenced block gives.
set -euo pipefail
shopt -s inherit_errexit
build=$(realpath "${1:?usage: test_docs.sh BUILD_DIR}")
cd "$(dirname "$0")/../.."
. tests/support/tree.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
fwctl=$build/ctl/fwctl
fwd=$build/daemon/fwd

wrong() {
	echo "$*"
	bad=1
}

mapfile -t pages < <(tree_files | grep '\.md$')

# The names that GitHub and others give to the headings of a page.
anchors() {
	awk '/^```/ { fenced = !fenced } !fenced && /^#+ / {
		sub(/^#+ /, "")
		print tolower($0)
	}' "$1" | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

# file:line: target
links() {
	awk '
		FNR == 1 { fenced = 0 }
		/^```/ { fenced = !fenced }
		fenced { next }
		{
			gsub(/`[^`]*`/, "")
			while (match($0, /\]\([^)]*\)/)) {
				print FILENAME ":" FNR ": " \
					substr($0, RSTART + 2, RLENGTH - 3)
				$0 = substr($0, RSTART + RLENGTH)
			}
		}' "$@"
}

check_link() {
	local where=$1 target=$2 page=${1%%:*} path anchor
	case $target in
	*://* | mailto:*) return ;;
	esac
	anchor=${target#*#}
	path=${target%%#*}
	[ "$target" != "$anchor" ] || anchor=
	path=${path:+$(dirname "$page")/$path}
	path=${path:-$page}
	if [ ! -e "$path" ]; then
		wrong "$where: $target is not there"
	elif [ -n "$anchor" ] && ! anchors "$path" | grep -qxF -- "$anchor"; then
		wrong "$where: $path has no heading $anchor"
	fi
}

# file:line: command, from fenced blocks; lines that a backslash joins are one.
commands() {
	awk '
		FNR == 1 { fenced = 0; held = "" }
		/^```/ { fenced = !fenced; next }
		!fenced { next }
		{ line = held $0 }
		/\\$/ { held = substr(line, 1, length(line) - 1); next }
		{ held = "" }
		line ~ /(^|[ |])(fwctl|fwd) / {
			sub(/^[$#] /, "", line)
			print FILENAME ":" FNR ": " line
		}' "$@"
}

# Nobody listens where it asks, so a command that is understood ends with 3,
# or with 1 where the file it names is not here. 2 is wrong usage.
check_fwctl() {
	local where=$1 r=0
	shift
	[ "$*" != "" ] || return 0
	(cd "$work" && "$fwctl" --socket "$work/none" "$@") \
		</dev/null >"$work/said" 2>&1 || r=$?
	case $r in
	0 | 1 | 3) ;;
	*) wrong "$where: fwctl $*: $(head -n 1 "$work/said")" ;;
	esac
}

# Only the names of options: started for real it would filter.
check_fwd() {
	local where=$1 word
	shift
	for word; do
		case $word in
		--*) grep -qE -- "(^|[^a-z-])$word([^a-z-]|\$)" "$work/help" ||
			wrong "$where: fwd has no option $word" ;;
		esac
	done
}

# Quoted words, which may be packets with a ">" in them, are the only thing of
# the shell that the pages use.
check_command() {
	local where=$1 line=$2 part
	local -a words
	while IFS= read -r part; do
		mapfile -t words < <(xargs -n 1 printf '%s\n' <<<"$part")
		[ "${words[0]-}" != sudo ] || words=("${words[@]:1}")
		case ${words[0]-} in
		fwctl) check_fwctl "$where" "${words[@]:1}" ;;
		fwd) check_fwd "$where" "${words[@]:1}" ;;
		esac
	done < <(sed -E 's/ #.*//; s/ *(\|\||&&|[|;]) */\n/g; s/[<>][^"]*$//' \
		<<<"$line")
}

"$fwd" --help >"$work/help"
while IFS= read -r entry; do
	check_link "${entry%%: *}" "${entry#*: }"
done < <(links "${pages[@]}")

count=0
while IFS= read -r entry; do
	check_command "${entry%%: *}" "${entry#*: }"
	count=$((count + 1))
done < <(commands "${pages[@]}")
[ "$count" -gt 0 ] || wrong "no page has a command"
exit $bad
