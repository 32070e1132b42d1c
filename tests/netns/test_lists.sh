#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_lists.sh BUILD_DIR - lists that are none, and lists that are.
#
# What is no list is refused by name and changes nothing; what is untidy is
# read as far as it goes, and the rest counted and named. An import replaces
# or adds; what is exported reads back as what it was. PORTCULLIS_DATA may
# name a directory with more lists, in feeds/formats.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_lists.sh BUILD_DIR}"
data=$top/tests/data

members() {
	"$fwctl" set export "$1" | sort | xargs
}

# unchanged WHAT: the set is what it was, and the next honest list is read.
unchanged() {
	is "members after $1" "198.18.0.1 198.18.0.2" "$(members feed)"
}

fwd_start
does attach wan0
printf '198.18.0.1\n198.18.0.2\n' >"$work/good"
does set import feed "$work/good"

for file in "$data"/bad/*; do
	name=${file##*/}
	refuses "not an address list|no entry|empty" set import feed "$file"
	unchanged "$name"
	echo "ok: $name: $(sed 's/^[^:]*: //' "$work/said" | head -n 1 |
		tr -c '[:print:]\n' '?')"
done
refuses "not an address list" set import fresh "$data/bad/nul-byte.txt"
refuses 'no set is called "fresh"' set show fresh
refuses "line 2: .*NUL" set import feed "$data/bad/nul-byte.txt"
refuses "line 2: .*long" set import feed "$data/bad/long-line.txt"

# More than can be sent is refused while it is read, not after ten gigabytes.
status=0
head -c 10G /dev/zero | tr '\0' x |
	"$fwctl" set import feed - >"$work/said" 2>&1 || status=$?
is "status of a line of 10 GB" 1 $status
said "512 MiB"
unchanged "a line of 10 GB"
# What just fits is refused by the daemon, for its first line.
head -c 100M /dev/zero | tr '\0' x >"$work/line"
refuses "line 1: .*long" set import feed "$work/line"
rm "$work/line"
unchanged "a line of 100 MiB"
echo "ok: endless lines"

does set import mixed "$data/plain/mixed.txt"
is "members of mixed.txt" \
	"2001:db8:77::/48 203.0.113.10 203.0.113.200/30 203.0.113.32/28 203.0.113.64/26" \
	"$(members mixed)"
does set import untidy "$data/plain/untidy.txt"
said "entries 3, rejected 3"
said "line 2: .*not an address"
said "line 4: .*010.0.0.1"
is "members of untidy.txt" "203.0.113.11 203.0.113.12 203.0.113.13" \
	"$(members untidy)"
does set import every "$data/plain/everything.txt"
said "entries 1, rejected 2"
is "verdict beside a list with every address" pass "$(verdict 192.0.2.1)"
does set drop every
echo "ok: untidy lists"

# Files of real feeds: read or refused with a reason, never half of one.
for file in "${PORTCULLIS_DATA:-/nonexistent}"/feeds/formats/*; do
	[ -f "$file" ] || continue
	status=0
	"$fwctl" set import formats "$file" >"$work/said" 2>&1 || status=$?
	case $status in
	0) said "^lines [0-9]+, entries [1-9]" ;;
	1)
		said "not an address list|no entry|empty"
		status="refused, $(
			sed 's/^[^:]*: //' "$work/said" | head -n 1 | cut -c1-60)"
		;;
	*) fail "$file: status $status" ;;
	esac
	echo "${file##*/}: $status"
	unchanged "${file##*/}"
done

# Replace, add, and the numbers they tell.
printf '198.18.0.2\n198.18.0.3\n198.18.0.3\n' >"$work/next"
numbers='"\(.entries) \(.added) \(.removed) \(.kept) \(.members)"'
is "numbers of a replacement" "3 1 1 1 2" \
	"$(ask "$numbers" set import feed "$work/next")"
is "members replaced" "198.18.0.2 198.18.0.3" "$(members feed)"
is "verdict on one that went" pass "$(verdict 198.18.0.1)"
is "verdict on one that came" drop "$(verdict 198.18.0.3)"
is "numbers of an addition" "2 1 0 2 3" \
	"$(ask "$numbers" set import feed "$work/good" --add)"
is "members added" "198.18.0.1 198.18.0.2 198.18.0.3" "$(members feed)"
is "numbers of the same once more" "2 0 0 3 3" \
	"$(ask "$numbers" set import feed "$work/good" --add)"
refuses "action" set import feed "$work/good" --action allow

# Export, import, export: a fixed point, through a file and through a pipe.
"$fwctl" set export mixed >"$work/once"
"$fwctl" set export mixed | "$fwctl" set import copy - >/dev/null ||
	fail "an export is not read"
"$fwctl" set export copy >"$work/twice"
cmp "$work/once" "$work/twice" || fail "export, import, export differ"
is "numbers of an export read back" "0 0" "$(ask '"\(.added) \(.removed)"' \
	set import mixed "$work/once")"

# Two sets that hold the same: one going leaves the other.
is "verdict of two sets" drop "$(verdict 203.0.113.10)"
does set drop copy
is "verdict of the one that stays" drop "$(verdict 203.0.113.10)"
does set drop mixed
is "verdict of none" pass "$(verdict 203.0.113.10)"

# All of it is there after a crash.
fwd_kill
fwd_start
is "members after kill -9" "198.18.0.1 198.18.0.2 198.18.0.3" "$(members feed)"
refuses 'no set is called "mixed"' set show mixed
echo "ok: replace, add, export"
