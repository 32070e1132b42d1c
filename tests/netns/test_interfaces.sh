#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_interfaces.sh BUILD_DIR - gates follow their interfaces.
#
# Interfaces appear, vanish, come back under another number, are renamed, and
# go away in the very moment of an attach; the gate returns with them, and is
# the kernel's word, not only ours. A program of somebody else is never
# replaced.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_interfaces.sh BUILD_DIR}"

# state NAME: "state mode verified ifindex" of a gate, as status has it.
state() {
	ask ".gates[] | select(.iface == \"$1\") |
		\"\(.state) \(.mode) \(.verified) \(.ifindex)\"" status
}

is_state() {
	[ "$(state "$1")" = "$2" ]
}

# judged NAME: attached by status, and by the interface itself.
judged() {
	wait_for "gate on $1" is_state "$1" "attached native true $(index_of "$1")"
	is "program on $1" "$(ask '.gates[] | select(.iface == "'"$1"'").program_id' \
		status)" "$(program_on "$1")"
}

# The id of the program on an interface, or null.
program_on() {
	ip -n "$gateway" -j link show dev "$1" | jq '.[0].xdp.prog.id'
}

fwd_start
does block $listed4
does attach wan0 --mode native
judged wan0
does doctor wan0
said "ok .*attached, native"
refuses "lo carries no Ethernet frames" doctor lo
refuses "no interface is called" doctor gone0

does attach lan0 --mode native
said "lan0: not attached yet"
is "gate on what is not there" "absent none false 0" "$(state lan0)"
wait_for "alert for a gate that waits" has_alert \
	"gate lan0: no interface of this name"
link lan0 peer1
judged lan0
does detach lan0
does attach lan0 --mode native
said "lan0: attached, mode native"
judged lan0
wait_for "end of the alert" has_no_alert
first=$(index_of lan0)

ip -n "$gateway" link del lan0
wait_for "alert for a gate without interface" has_alert \
	"gate lan0: no interface of this name"
is "gate without interface" "absent none false 0" "$(state lan0)"
judged wan0

link lan0 peer1
judged lan0
[ "$(index_of lan0)" != "$first" ] || fail "the number was used again"
wait_for "end of the alert" has_no_alert
echo "ok: vanished and came back"

# The same while fwd is away.
fwd_kill
ip -n "$gateway" link del lan0
fwd_start
is "gate without interface at the start" "absent none false 0" \
	"$(state lan0)"
judged wan0
link lan0 peer1
judged lan0
echo "ok: appeared after the start"

gate=$(link_id lan0)
ip -n "$gateway" link set lan0 down
ip -n "$gateway" link set lan0 name dmz0
ip -n "$gateway" link set dmz0 up
judged dmz0
# However often: a name may be gone again before fwd has asked for it.
for i in {1..50}; do
	printf 'link set %s down\nlink set %s name %s\nlink set %s up\n' \
		dmz0 dmz0 "mid$i" "mid$i" "mid$i" "mid$i" dmz0 dmz0
done | ip -n "$gateway" -batch -
judged dmz0
is "gate under the old name" "" "$(state lan0)"
is "link of a renamed interface" "$gate" "$(link_id dmz0)"
fwd_stop
fwd_start
judged dmz0
is "gate under the old name after a restart" "" "$(state lan0)"
is "link after a restart" "$gate" "$(link_id dmz0)"
refuses 'no gate on "lan0"' detach lan0
does detach dmz0
is "program after detach" null "$(program_on dmz0)"
ip -n "$gateway" link del dmz0
echo "ok: renamed"

# Attached with one mode or another, once.
link opt0 peer1
does attach opt0 --mode generic
is "gate in generic mode" "attached generic true $(index_of opt0)" \
	"$(state opt0)"
refuses "attached generic" attach opt0 --mode native
does attach opt0
does detach opt0
refuses 'no gate on "opt0"' detach opt0
refuses "allow_shared" attach opt0 --shared
refuses "no Ethernet|no interface" attach lo

# Somebody else's program stays, and is named.
if command -v clang >/dev/null; then
	clang -target bpf -O2 -g -idirafter \
		"/usr/include/$(gcc -print-multiarch)" \
		-c "$top/tests/vm/foreign.bpf.c" -o "$work/foreign.o"
	ip -n "$gateway" link set dev opt0 xdpdrv obj "$work/foreign.o" sec xdp
	foreign=$(program_on opt0)
	refuses "opt0: .*$foreign" attach opt0
	refuses "opt0: .*$foreign" attach opt0 --mode generic
	is "program after what was refused" "$foreign" "$(program_on opt0)"
	is "gate that was refused" "" "$(state opt0)"
	ip -n "$gateway" link set dev opt0 xdp off
	does attach opt0 --mode native
	judged opt0
	does detach opt0
	echo "ok: somebody else's program"
fi
ip -n "$gateway" link del opt0

# One of many interfaces is found like one of few.
for i in {1..150}; do
	echo "link add many$i type veth peer name else$i"
done | ip -n "$gateway" -batch -
does attach late0
link late0 late1
judged late0
judged wan0
does detach late0
seq -f "link del many%g" 150 | ip -n "$gateway" -batch -

# An interface that comes and goes as fast as it can.
flicker() {
	while :; do
		ip -n "$gateway" link add flick0 type veth peer name flick1 ||
			:
		ip -n "$gateway" link del flick0 || :
	done
}
flicker 2>/dev/null &
flickerer=$!
others+=("$flickerer")
attached=0
for _ in {1..8}; do
	status=0
	"$fwctl" attach flick0 >"$work/said" 2>&1 || status=$?
	case $status in
	0) attached=$((attached + 1)) ;;
	1) said "flick0" ;;
	*) fail "attach ended with $status: $(cat "$work/said")" ;;
	esac
	"$fwctl" detach flick0 >"$work/said" 2>&1 || said 'no gate on "flick0"'
done
end "$flickerer"
ip -n "$gateway" link del flick0 2>/dev/null || :
[ "$attached" -gt 0 ] || fail "no attach was taken"
is "gate on what vanished" "" "$(state flick0)"
is "pins of gates" "$(index_of wan0)" "$(ls "$pins/links")"
judged wan0
link lan0 peer1
does attach lan0
judged lan0
does detach lan0
fwd_stop
echo "ok: vanished in the middle of an attach"
