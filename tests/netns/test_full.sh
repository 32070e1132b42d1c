#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_full.sh BUILD_DIR - full is loud.
#
# With no room in a set, in the address table, in the store or on its disk, a
# request is refused with numbers and an alert stands in status; nothing that
# was there is gone, and what has room is done.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_full.sh BUILD_DIR}"

count() {
	ask ".sets[] | select(.name == \"$1\").members" set list
}

# hosts FIRST COUNT: as many addresses in a row, one a line.
hosts() {
	seq "$1" $(($1 + $2 - 1)) | awk '{
		printf "10.%d.%d.%d\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }'
}

# A set.
fwd_start --set blocks4=1 --set entries6=1
does set new small --capacity 3
does set add small 192.0.2.1 192.0.2.2
refuses "set small is full: 2 of 3 members, 2 more asked for" \
	set add small 192.0.2.3 192.0.2.4
does set add small 192.0.2.3
refuses "full: 3 of 3 members, 1 more" set add small 192.0.2.4
does set add small 192.0.2.2 --reason "renewed, so no room is needed"
hosts 0 4 >"$work/list"
refuses "holds at most 3 members and would have 4" set import small "$work/list"
refuses "would have 7" set import small "$work/list" --add
is "members of a full set" "192.0.2.1 192.0.2.2 192.0.2.3" \
	"$("$fwctl" set export small | sort | xargs)"
refuses "3 members, more than a capacity of 2" set new small --capacity 2
does set del small 192.0.2.1
does set add small 192.0.2.4
echo "ok: a full set"

# The address table, at its smallest: what a list needs is known before. Room
# for hosts is never less than 1.8 million, which takes long to fill, and is
# told of by the same lines.
blocks4=$(ask .table.blocks4_capacity status)
entries6=$(ask .table.entries6_capacity status)
echo "room: $blocks4 blocks, $entries6 IPv6 entries"
seq 1 $((blocks4 + 10)) | awk '{
	printf "10.%d.%d.%d/28\n", $1 / 4096, $1 / 16 % 256, $1 % 16 * 16
}' >"$work/blocks"
seq 1 $((entries6 + 10)) | awk '{
	printf "2001:db8:1:%x::1\n", $1 }' >"$work/entries"

for kind in blocks entries; do
	before=$("$fwctl" set export small | sort)
	refuses "address table has no room.*nothing was changed" \
		set import "$kind" "$work/$kind"
	refuses "no set is called" set show "$kind"
	is "members after a refused import" "$before" \
		"$("$fwctl" set export small | sort)"

	# filled up entry by entry, until the table says no
	head -n -30 "$work/$kind" >"$work/most"
	does set import "$kind" "$work/most"
	kept=$(count "$kind")
	tail -n 30 "$work/$kind" >"$work/rest"
	status=0
	"$fwctl" set add "$kind" - <"$work/rest" >"$work/said" 2>&1 || status=$?
	is "status of one page too many of $kind" 1 $status
	said "address table is full \(hosts [0-9]+ of [0-9]+, blocks [0-9]+ of $blocks4, IPv6 [0-9]+ of $entries6\): nothing was added"
	is "members of $kind" "$kept" "$(count "$kind")"
	has_alert "address table is full" || fail "no alert for a full table"
	is "verdict on the first of $kind" drop \
		"$(verdict "$(head -n 1 "$work/$kind")")"
	is "verdict on the last of $kind" pass \
		"$(verdict "$(tail -n 1 "$work/$kind")")"
	does set drop "$kind"
	does set add small 192.0.2.2
done
does block 203.0.113.9 2001:db8:2::1 203.0.113.16/28
is "verdict once there is room" drop "$(verdict 203.0.113.9)"

# A table that has become too small for the store is loud from the start.
fwd_stop
fwd_start
does set import many "$work/entries"
fwd_stop
fwd_start --set entries6=1
has_alert "table is full: [0-9]+ stored members are not enforced" ||
	fail "no alert for members that are not enforced"
refuses "set many: .* members are stored, and .* are enforced" \
	set import many "$work/entries"
has_alert "set many: .* are enforced" ||
	fail "no alert after an import of what is not enforced"
gone=$(tail -n 1 "$work/entries")
is "verdict on one without room" pass "$(verdict "$gone")"
does set del many "$gone"
fwd_stop
fwd_start
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"
is "members over a start with too small a table" $((entries6 + 9)) \
	"$(count many)"
is "verdict on one that was deleted meanwhile" pass "$(verdict "$gone")"
is "verdict on the first of them" drop \
	"$(verdict "$(head -n 1 "$work/entries")")"
fwd_stop
echo "ok: a full table"

# The store, at its smallest.
rm -rf "$work/state"
mkdir "$work/state"
fwd_start --set store_mib=8
does block 203.0.113.9
hosts 0 400000 >"$work/list"
does set new big
refuses "could not be stored.*nothing was changed" set import big "$work/list"
has_alert "store .*MiB" || fail "no alert for a full store"
is "members of what was refused" 0 "$(count big)"
is "verdict on a member of a list too long" pass "$(verdict 10.0.0.1)"
is "verdict on an earlier block" drop "$(verdict 203.0.113.9)"
does block 203.0.113.10
wait_for "end of the alert" has_no_alert
fwd_kill
fwd_start --set store_mib=8
is "verdict after a restart" "drop drop" \
	"$(verdict 203.0.113.9) $(verdict 203.0.113.10)"
fwd_stop
echo "ok: a full store"

# The disk below it.
mkdir "$work/disk"
mount -t tmpfs -o size=2m tmpfs "$work/disk" || skip "no tmpfs may be mounted"
mkdir "$work/disk/state"
fwd_start --set state_dir="$work/disk/state"
does block 203.0.113.9
dd if=/dev/zero of="$work/disk/filler" bs=4k status=none 2>/dev/null || :
hosts 0 10000 >"$work/list"
refuses "could not be stored.*(No space|nothing was changed)" \
	set import big "$work/list"
has_alert "store $work/disk/state" || fail "no alert for a full disk"
is "verdict on an earlier block" drop "$(verdict 203.0.113.9)"
is "verdict on one of a list that was refused" pass "$(verdict 10.0.0.1)"
rm "$work/disk/filler"
does block 203.0.113.10
wait_for "end of the alert" has_no_alert
fwd_kill
fwd_start --set state_dir="$work/disk/state"
is "verdict after a restart" "drop drop pass" \
	"$(verdict 203.0.113.9) $(verdict 203.0.113.10) $(verdict 10.0.0.1)"
fwd_stop
echo "ok: a full disk"
