#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_guard.sh BUILD_DIR - the administrator stays in.
#
# What is protected cannot be covered by any way in, is said by name, and a
# refused request has changed nothing. The allow set wins, whichever of two
# nested prefixes is the longer.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_guard.sh BUILD_DIR}"

claims() {
	ask .table.claims status
}

fwd_start
does attach wan0
before=$(claims)

refuses "$own4 .*protected .*address of wan0" block $own4
refuses "2001:db8:51::1 .*protected .*wan0" block $own6
refuses "$clean4 .*protected .*next hop.* wan0" block $clean4
refuses "127.0.0.1 is inside 127.0.0.0/8, .*protected" block 127.0.0.1
refuses "198.0.0.0/8 would cover .*protected" block 198.0.0.0/8
refuses "protected" block 198.51.100.0-198.51.100.255
refuses "0.0.0.0/0 is every address" block 0.0.0.0/0
refuses "::/0 is every address" block ::/0
refuses "is every address" block 0.0.0.0-255.255.255.255
refuses "is every address" allow 0.0.0.0/0
refuses "::/64 has every IPv4 address in it" allow ::/64
refuses "has every IPv4 address in it" set add management ::fffe:0:0/95
refuses "protected" set add block 192.0.2.1 198.0.0.0/8 192.0.2.2
# a set that only counts may drop tomorrow
does set new trial --action shadow
refuses "protected" set add trial $own4
is "members after what was refused" "$before" "$(claims)"
is "verdict on one beside it in the request" pass "$(verdict 192.0.2.1)"
echo "ok: refused by name"

does set add management 192.0.2.50 2001:db8:9::/64
refuses "192.0.2.50 .*protected .*management" block 192.0.2.50
refuses "2001:db8:9::/64, .*management" block 2001:db8:8::/46
does block 192.0.2.51
does set del management 192.0.2.50
does block 192.0.2.50
does unblock 192.0.2.50

# A list may be anybody's: what it must not hold is left out, and said.
cat >"$work/list" <<-EOF
	203.0.113.1
	$own4
	198.0.0.0/8
	2001:db8:9::7
	203.0.113.2
	$clean4/32
EOF
does set import feed "$work/list"
is "protected entries left out of an import" "4 2" \
	"$(ask '"\(.guarded) \(.members)"' set import feed "$work/list")"
does set import feed "$work/list"
said "line 2: $own4 is protected .*address of wan0"
said "line 3: 198.0.0.0/8 would cover"
said "line 4: 2001:db8:9::7 is inside 2001:db8:9::/64, .*management"
said "line 6: $clean4 .*next hop on wan0"
is "verdict on the own address" allow "$(
	does set add management $own4
	verdict $own4
)"
is "verdict on a next hop" pass "$(verdict $clean4)"
is "verdict on the rest of the list" drop "$(verdict 203.0.113.2)"
echo "ok: left out of an import"

# An address that comes later is protected from then on.
ip -n "$gateway" addr add 192.0.2.200/32 dev wan0
refuses_block() {
	! "$fwctl" block "$1" >/dev/null 2>&1 ||
		! "$fwctl" unblock "$1" >/dev/null
}
wait_for "protection of a new address" refuses_block 192.0.2.200
# and one that was blocked before it became ours raises an alert
ip -n "$gateway" addr add 192.0.2.51/32 dev wan0
wait_for "alert for a blocked address" has_alert "192.0.2.51 .*drop"
ip -n "$gateway" addr del 192.0.2.51/32 dev wan0
wait_for "end of the alert" has_no_alert
# A next hop is protected as long as there is a route by way of it.
takes_block() {
	"$fwctl" block "$1" >/dev/null 2>&1 && "$fwctl" unblock "$1" >/dev/null
}
ip -n "$gateway" route add 192.0.2.96/28 via 198.51.100.77
wait_for "protection of a new next hop" refuses_block 198.51.100.77
refuses "198.51.100.77 .*next hop on wan0" block 198.51.100.77
ip -n "$gateway" route change 192.0.2.96/28 via 198.51.100.78
wait_for "protection of another next hop" refuses_block 198.51.100.78
wait_for "end of the protection of the old one" takes_block 198.51.100.77
ip -n "$gateway" route del 192.0.2.96/28
wait_for "end of the protection of the other one" takes_block 198.51.100.78
refuses "$clean4 .*protected .*next hop.* wan0" block $clean4
# however many own addresses there are
for net in {0..19}; do
	seq -f "addr add 10.77.$net.%g/32 dev wan0" 0 249
done | ip -n "$gateway" -batch -
wait_for "protection of all addresses" refuses_block 10.77.19.249
refuses "10.77.0.0 .*address of wan0" block 10.77.0.0

does block 203.0.113.0/24
does allow 203.0.113.128/25
is "verdict on an allowed part of a blocked net" allow \
	"$(verdict 203.0.113.200)"
is "verdict on the rest of it" drop "$(verdict 203.0.113.100)"
does allow 100.64.0.0/10
does block 100.64.7.0/24 100.64.8.8
is "verdict on a blocked part of an allowed net" allow \
	"$(verdict 100.64.7.1)"
is "verdict on a blocked address of an allowed net" allow \
	"$(verdict 100.64.8.8)"
does unblock 203.0.113.0/24
does set del allow 100.64.0.0/10
is "verdict once the allowed net is gone" drop "$(verdict 100.64.7.1)"
does block 2001:db8:a::/48
does allow 2001:db8:a::5
is "verdict on an allowed IPv6 address" allow "$(verdict 2001:db8:a::5)"
is "verdict on the one beside it" drop "$(verdict 2001:db8:a::6)"

# A set that shadows may hold what has become protected since; one that drops
# may not.
does set new trial --action shadow
does set add trial 10.78.0.0/24 10.79.0.5
ip -n "$gateway" addr add 10.78.0.7/32 dev wan0
is_protected() {
	[ "$(ask '.protected // ""' why "$1")" != "" ]
}
wait_for "10.78.0.7 to be protected" is_protected 10.78.0.7
refuses "10.78.0.0/24 would cover 10.78.0.7, .*wan0.*take it out first" \
	set new trial --action drop
does set del trial 10.78.0.0/24
does set add management 10.79.0.0/16
refuses "10.79.0.5 is inside 10.79.0.0/16" set new trial --action drop
does set del management 10.79.0.0/16
does set new trial --action drop
is "verdict on what was shadowed" drop "$(verdict 10.79.0.5)"
does set drop trial

# The same after a restart, when everything is built anew.
fwd_kill
fwd_start
is "verdict after a restart" allow "$(verdict 2001:db8:a::5)"
refuses "protected" block 198.0.0.0/8
refuses "management" block 2001:db8:8::/46
does set drop feed
refuses "management is built in" set drop management
echo "ok: allow wins"
