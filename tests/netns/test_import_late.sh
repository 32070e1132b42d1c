#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_import_late.sh BUILD_DIR - what becomes protected while a list is
# imported is not in the set when the import answers.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_import_late.sh BUILD_DIR}"

export PORTCULLIS_FEEDS=$work/feeds
mkdir "$PORTCULLIS_FEEDS"
cat >"$PORTCULLIS_FEEDS/tried.yml" <<-END
	name: tried
	title: Test
	url: https://feeds.example/tried
	format: plain
	class: reputation
	action: drop
	licence: none
	commercial: "yes"
	interval: 1h
END

# hold_store, let_store_go: between the two no change is stored.
hold_store() {
	exec {held}< <(exec python3 "$top/tests/support/hold_store.py" \
		"$work/state")
	holder=$!
	others+=("$holder")
	read -r -t 60 -u "$held" line && [ "$line" = held ] ||
		fail "the store cannot be held"
}

let_store_go() {
	end "$holder"
	exec {held}<&-
}

# version [LINE...]: a list of a hundred addresses, and lines.
version() {
	printf '45.83.0.%d\n' {1..100}
	printf '%s\n' "$@"
}

is_written() {
	[ -s "$work/state/feeds/tried/$1" ]
}

# The import is to be at its commit, which cannot be seen from here: where it is
# not there yet, it is refused, and tried again.
# import_while CHANGE [LINE...]: meanwhile the gateway has another address.
import_while() {
	local change=$1 tries importer
	shift
	version "$@" >"$work/list"
	for tries in {1..20}; do
		hold_store
		"$fwctl" --json feed import tried "$work/list" \
			>"$work/said" 2>&1 &
		importer=$!
		wait_for "the file of version $number" is_written $number
		sleep "0.$tries"
		ip -n "$gateway" addr add "$change" dev wan0
		let_store_go
		number=$((number + 1))
		! wait "$importer" || return 0
		said 'what is protected has changed meanwhile'
		ip -n "$gateway" addr del "$change" dev wan0
	done
	fail "no import was in its commit"
}

printf "9.9.9.9\n" >"$work/resolvers"
echo "resolvers: $work/resolvers" >>"$work/fwd.yml"
number=1
fwd_start
does attach wan0
does feed add tried --enforce

# An address of its own, and one in a network that is listed.
import_while 45.83.0.7/32
is "members without an address that became ours" 99 \
	"$(jq .members "$work/said")"
is "verdict on it" pass "$(verdict 45.83.0.7)"
is "verdict beside it" drop "$(verdict 45.83.0.8)"
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"
import_while 45.90.0.77/32 45.90.0.0/24
is "members of what is around another" 107 "$(jq .members "$work/said")"
is "verdict on it" pass "$(verdict 45.90.0.77)"
is "verdict beside it" drop "$(verdict 45.90.0.76)"
is "verdict at the end of what was around it" drop "$(verdict 45.90.0.255)"
members=$("$fwctl" set export tried | sort)

# So it is stored, and the next version is no change.
fwd_kill
fwd_start
is "members after a start" "$members" "$("$fwctl" set export tried | sort)"
is "verdict after a start" pass "$(verdict 45.90.0.77)"
does --json feed import tried "$work/list"
is "the same version again" "accepted 0 0" \
	"$(jq -r '"\(.outcome) \(.added) \(.removed)"' "$work/said")"

# Next hops are looked at every few seconds only: who asks within them is not
# told too early that all is well.
for i in 1 2 3; do
	ip -n "$gateway" route add 192.0.2.$((i * 16))/28 via 198.51.100.7$i
	version 45.90.0.0/24 198.51.100.7{1..6} >"$work/list"
	does feed import tried "$work/list"
	is "verdict on next hop $i" pass "$(verdict 198.51.100.7$i)"
	is "verdict on what is none" drop "$(verdict 198.51.100.75)"
done
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"

# Any other list too.
ip -n "$gateway" route add 192.0.2.128/28 via 198.51.100.80
version 198.51.100.80 198.51.100.81 >"$work/list"
does set import others "$work/list"
is "verdict on a next hop of an import" pass "$(verdict 198.51.100.80)"
is "members of a list" 100 \
	"$(ask '.sets[] | select(.name == "others") | .members' set list)"
fwd_stop
