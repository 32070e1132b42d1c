#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_wishes.sh BUILD_DIR - what is asked for, what hangs, what is stored.
#
# A gate that hangs is shown once and can be taken off, whatever was asked for
# meanwhile. Names that interfaces take from each other are followed, in the
# store too. There can be 64 gates, and what would be more changes nothing.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_wishes.sh BUILD_DIR}"

program_on() {
	ip -n "$gateway" -j link show dev "$1" | jq '.[0].xdp.prog.id'
}

# Names, modes and numbers of all gates, in order of the names.
gates() {
	ask '[.gates[] | "\(.iface) \(.mode) \(.ifindex)"] | sort | join(", ")' \
		status
}

are_gates() {
	[ "$(gates)" = "$1" ]
}

# What would be attached after a start.
stored() {
	does backup "$work/stored"
	grep '^attachment ' "$work/stored" | cut -d' ' -f2- | paste -sd,
}

are_stored() {
	[ "$(stored)" = "$1" ]
}

# rename FROM TO [FROM TO]...: fwd sees all of it at once.
rename() {
	kill -STOP "$fwd_pid"
	while [ $# -gt 0 ]; do
		ip -n "$gateway" link set "$1" down
		ip -n "$gateway" link set "$1" name "$2"
		ip -n "$gateway" link set "$2" up
		shift 2
	done
	kill -CONT "$fwd_pid"
}

link lan0 peer1
wan=$(index_of wan0)
lan=$(index_of lan0)
fwd_start
does attach wan0
does attach lan0
is "gates" "lan0 native $lan, wan0 native $wan" "$(gates)"
rename wan0 tmp0 lan0 wan0 tmp0 lan0
wait_for "swapped names" are_gates "lan0 native $wan, wan0 native $lan"
wait_for "swapped names in the store" are_stored "lan0 0 0,wan0 0 0"
fwd_kill
fwd_start
is "gates after a restart" "lan0 native $wan, wan0 native $lan" "$(gates)"
rename wan0 tmp0 lan0 wan0 tmp0 lan0
wait_for "names as they were" are_gates "lan0 native $lan, wan0 native $wan"
echo "ok: swapped names"

# A name that is waited for is taken by an interface that has a gate.
does attach dmz0 --mode generic
rename lan0 dmz0
wait_for "gate under the new name" are_gates \
	"dmz0 native $lan, wan0 native $wan"
wait_for "end of the alert" has_no_alert
wait_for "one gate of that name in the store" are_stored "dmz0 0 0,wan0 0 0"
does detach dmz0
is "program after detach" null "$(program_on dmz0)"
is "gates after detach" "wan0 native $wan" "$(gates)"
is "store after detach" "wan0 0 0" "$(stored)"
refuses 'no gate on "dmz0"' detach dmz0
does attach away0
wait_for "alert for a gate that waits" has_alert "gate away0"
does detach away0
has_no_alert || fail "alert for what is not wanted any more"
echo "ok: a name that was waited for"

# A restore leaves a gate as it is, and what is stored of it.
does detach wan0
does attach wan0 --mode generic
does attach dmz0
does backup "$work/generic"
does detach wan0
does detach dmz0
does attach wan0 --mode native
does restore "$work/generic"
is "gates after a restore" "dmz0 native $lan, wan0 native $wan" "$(gates)"
is "store after a restore" "dmz0 0 0,wan0 1 0" "$(stored)"
has_no_alert || fail "alert after a restore"
does detach wan0
is "program after detach" null "$(program_on wan0)"
is "gates after detach" "dmz0 native $lan" "$(gates)"
does detach dmz0
echo "ok: a restore leaves gates alone"

# backup_of NAME...: in order, as fwctl writes them.
backup_of() {
	python3 - "$work/stored" "$work/many" "$@" <<-'EOF'
		import sys, zlib
		lines = [line for line in open(sys.argv[1])
			 if not line.startswith(("attachment ", "end "))]
		sets = [i for i, line in enumerate(lines)
			if line.startswith("set ")]
		lines[sets[-1] + 1:sets[-1] + 1] = [
			f"attachment {name} 0 0\n" for name in sorted(sys.argv[3:])]
		text = "".join(lines)
		open(sys.argv[2], "w").write(
			f"{text}end {len(lines)} {zlib.crc32(text.encode()):08x}\n")
	EOF
}

for i in {10..72}; do
	does attach "off$i"
done
does block $listed4
before=$(stored)
backup_of off{10..72} wan0 dmz0
refuses "interface wan0 finds no room.*63 interfaces.*adds 2.*can be 64" \
	restore "$work/many"
is "store after a restore that was refused" "$before" "$(stored)"
is "verdict after a restore that was refused" drop "$(verdict $listed4)"
does attach dmz0
refuses "wan0: 64 interfaces .*detach one first" attach wan0
is "program after what was refused" null "$(program_on wan0)"
is "pins of gates" "$lan" "$(ls "$pins/links")"
does attach dmz0
backup_of off{10..72} dmz0
does restore "$work/many"
fwd_kill
fwd_start
is "number of gates" 64 "$(ask '.gates | length' status)"
refuses "wan0: 64 interfaces .*detach one first" attach wan0
does detach off72
does attach wan0
is "program on wan0" "$(program_on dmz0)" "$(program_on wan0)"
fwd_stop
echo "ok: 64 and no more"
