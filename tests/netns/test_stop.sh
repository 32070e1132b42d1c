#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_stop.sh BUILD_DIR - an end in the middle of something.
#
# Told to stop while an import or a restore goes on, fwd finishes and answers
# it, takes nothing else, and ends well; after the next start all is there.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_stop.sh BUILD_DIR}"

count=200000
python3 -c "
for i in range($count):
	print(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255}')" >"$work/list"

members() {
	ask '.sets[] | select(.name == "feed").members' set list
}

# is_busy_or_over PID: the import is seen, or there is none any more.
is_busy_or_over() {
	[ -n "$(ask '.busy[]' status)" ] || ! kill -0 "$1" 2>/dev/null
}

# stop_during COMMAND...: stops fwd while fwctl does it, which must be done.
stop_during() {
	local pid status=0
	"$fwctl" "$@" >"$work/said" 2>&1 &
	pid=$!
	others+=("$pid")
	wait_for "begin of $1" is_busy_or_over $pid
	kill -0 $pid 2>/dev/null || echo "$1 was over before fwd was stopped"
	fwd_stop
	wait $pid || status=$?
	unset 'others[-1]'
	is "$1, status: $(head -c 500 "$work/said")" 0 $status
}

fwd_start --set hosts4=$((count * 2))
does attach wan0
gate=$(link_id wan0)
stop_during set import feed "$work/list"
is "gate after the stop" "$gate" "$(link_id wan0)"
fwd_start --set hosts4=$((count * 2))
is "members after an import that was not waited for" $count "$(members)"
echo "ok: stopped during an import"

does backup "$work/saved"
does set drop feed
stop_during restore "$work/saved"
fwd_start --set hosts4=$((count * 2))
is "members after a restore that was not waited for" $count "$(members)"
fwd_stop
echo "ok: stopped during a restore"
