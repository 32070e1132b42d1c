#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_durable.sh BUILD_DIR - what was acknowledged is kept, and for as long
# as was said.
#
# A change is in the store before fwctl returns, so killing fwd at that moment
# loses nothing. Members with an end are there before it and gone after it,
# with fwd running and with it away.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_durable.sh BUILD_DIR}"

# member FIELD PREFIX: of the member of "block".
member() {
	ask ".claims[] | select(.set == \"block\" and .prefix == \"$2\").$1" \
		why "$2"
}

is_in() {
	[ "$(verdict "$1")" = "$2" ]
}

fwd_start
does block $listed4 --reason "the first"
fwd_kill
fwd_start
is "verdict on a block before kill -9" drop "$(verdict $listed4)"
is "its reason" "the first" "$(member reason $listed4)"

does unblock $listed4
fwd_kill
fwd_start
is "verdict on an unblock before kill -9" pass "$(verdict $listed4)"

does set new trial --action shadow --capacity 77
does set add trial 192.0.2.0/24 2001:db8:bad::/48
does attach wan0
fwd_kill
fwd_start
is "verdict of a set made before kill -9" shadow "$(verdict 192.0.2.9)"
is "capacity of that set" 77 \
	"$(ask '.sets[] | select(.name == "trial").capacity' set list)"
is "gate attached before kill -9" "wan0 attached" \
	"$(ask '.gates[] | "\(.iface) \(.state)"' status)"

printf '198.18.0.%d\n' {0..99} >"$work/list"
does set import feed "$work/list"
fwd_kill
fwd_start
is "members imported before kill -9" 100 \
	"$("$fwctl" set export feed | wc -l)"

does set drop feed
does detach wan0
fwd_kill
fwd_start
refuses 'no set is called "feed"' set show feed
is "gates after a detach before kill -9" "" "$(ask '.gates[]' status)"
echo "ok: what was acknowledged is there"

# ended SECONDS: blocks, waits for the end, and tells how late it was by the
# journal; fails when it was early.
ended() {
	local expires late
	does block 192.0.2.77 --for "$1s"
	expires=$(member expires 192.0.2.77)
	# unless this machine slept over it, it is there now
	if [ -z "$expires" ]; then
		echo slept
		return
	fi
	wait_for "end of $1s" is_in 192.0.2.77 shadow
	late=$(($(ask '.time' log -n 1) - expires))
	[ "$late" -ge -1 ] || fail "ended $((-late)) s early"
	echo "$late"
}

# A second may pass between two clocks that are read one after the other; a
# machine that stands still meanwhile makes any program late, so try again.
for seconds in 2 4 8 16; do
	late=$(ended $seconds)
	echo "a block of $seconds s ended this late (s): $late"
	case $late in
	-1 | 0 | 1) break ;;
	esac
	[ $seconds != 16 ] || fail "no block ended to the second"
done

# Away at the end: it is not there at the start.
does block 192.0.2.78 --for 3s
does block 192.0.2.79 --for 1h
kept=$(member expires 192.0.2.79)
until=$(($(date +%s) + 3))
fwd_kill
has_line() {
	ask .text log -n 9 | grep -q "$1"
}

past() {
	[ "$(date +%s)" -gt "$until" ]
}
wait_for "the end of the member" past
fwd_start
is "verdict after an end while fwd was away" shadow "$(verdict 192.0.2.78)"
is "verdict before the end" drop "$(verdict 192.0.2.79)"
is "end of a member over a restart" "$kept" "$(member expires 192.0.2.79)"
wait_for "a line for what ended" has_line "expire 1 members"
does backup "$work/after"
! grep -q 192.0.2.78 "$work/after" || fail "what ended is still stored"

# Nor does it stand in the way of its set.
does set new guests --capacity 2
does set add guests 192.0.2.81 192.0.2.82 --for 2s
until=$(($(date +%s) + 2))
fwd_kill
wait_for "the end of the members" past
fwd_start
does unblock 192.0.2.78
printf '%s\n' 192.0.2.83 192.0.2.84 >"$work/guests"
does set import guests "$work/guests"
does set drop guests
! has_line "del block: 192.0.2.78" || fail "a line for a removal of nothing"

# Back before the end: it still ends.
does block 192.0.2.80 --for 6s
fwd_kill
fwd_start
wait_for "an end after a restart" is_in 192.0.2.80 shadow
echo "ok: ends"
