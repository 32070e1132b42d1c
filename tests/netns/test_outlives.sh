#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_outlives.sh BUILD_DIR - enforcement outlives the daemon.
#
# While packets flow from a clean source and two listed ones, fwd is killed,
# started, stopped, and replaced by other binaries. No listed packet comes
# through, no rule is lost, counters go on, the gate stays the same link.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_outlives.sh BUILD_DIR}"
command -v nft >/dev/null || skip "nft is not installed"

# dropped: packets that the set "block" has dropped, by its own count.
dropped() {
	ask '.sets[] | select(.set == "block").packets' counters
}

listed_arrivals() {
	echo "$(arrived listed4) $(arrived listed6)"
}

# still_shut WHAT: packets flowed, and none of them was a listed one.
still_shut() {
	clean_flow
	is "listed packets that came through: $1" "$before" \
		"$(listed_arrivals)"
}

members() {
	"$fwctl" set export block | sort
}

# all_there WHAT: the same rules, the same gate, counters that only grew.
all_there() {
	local count
	still_shut "$1"
	is "rules: $1" "$rules" "$(members)"
	is "link: $1" "$gate" "$(link_id wan0)"
	is "gates: $1" "wan0 attached true" \
		"$(ask '.gates[] | "\(.iface) \(.state) \(.verified)"' status)"
	is "verdict on $listed4: $1" drop "$(verdict $listed4)"
	count=$(dropped)
	[ "$count" -gt "$last" ] || fail "$1: $last were counted, now $count"
	last=$count
	echo "ok: $1"
}

# How often the program at the gate changed is the daemon's affair, but it
# must be the one that status names.
abi() {
	ask .abi status
}

fwd_start
does attach wan0 --mode native
count_arrivals
send_all
wait_for "packets from $listed4" has_arrived listed4 20
wait_for "packets from $listed6" has_arrived listed6 20

# The first class is one that goes: those that stay must keep their numbers.
does set new gone
does set add gone 192.0.2.128/25
does block $listed4 --reason "seen scanning"
does block 2001:db8:bad::/48
does block 192.0.2.0/24 --for 10h
does set drop gone
# what was under way when the answer came has arrived by then
clean_flow
before=$(listed_arrivals)
rules=$(members)
gate=$(link_id wan0)
last=0
all_there "blocked"

fwd_kill
still_shut "after kill -9"
fwd_start
all_there "started after kill -9"

fwd_stop
still_shut "after a stop"
fwd_start
all_there "started after a stop"

fwd_kill
cp "$fwd" "$work/fwd-other"
fwd_start "$work/fwd-other"
all_there "another binary with the same ABI"
is abi 2 "$(abi)"

fwd_stop
fwd_start "$fwd_next" --set hosts4=200000 --set entries6=90000
all_there "another binary with another ABI and tables of another size"
is abi 3 "$(abi)"

fwd_kill
fwd_start
all_there "back to the first"
is abi 2 "$(abi)"

# Quiet, so that the numbers must be equal, not only no smaller. The last packets
# may be on their way: one that comes behind them has come.
end "$sender"
control=$(arrived control4)
send $control4 1
wait_for "what was sent last" has_arrived control4 $((control + 1))
counters=$(ask '[.sets[], (.reasons[] | select(.action == "drop"))] | tostring' \
	counters)
fwd_stop
fwd_start "$fwd_next"
is "counters over a restart" "$counters" "$(ask \
	'[.sets[], (.reasons[] | select(.action == "drop"))] | tostring' \
	counters)"

# What a power button leaves: nothing, when it is asked for.
fwd_stop
in_gateway "$fwd" --config "$work/fwd.yml" --unload >>"$work/log" 2>&1 ||
	fail "unload failed"
[ ! -e "$pins" ] || fail "unload left $(find "$pins")"
send $listed4 5
has_arrived listed4 $((${before% *} + 1)) ||
	fail "packets do not come through after unload"
