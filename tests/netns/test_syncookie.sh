#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_syncookie.sh BUILD_DIR - a service behind a syncookie rule: clients come
# in, forged SYNs leave nothing.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_syncookie.sh BUILD_DIR}"
command -v ss >/dev/null || skip "ss is not installed"
pass=$1/tests/bpf/verdict.bpf.o # section xdp

document=$work/firewall.yml
port=8080

cookies() {
	in_gateway sh -c "echo $1 >/proc/sys/net/ipv4/tcp_syncookies"
}

reason() {
	ask ".reasons[] | select(.reason == \"$1\").packets" counters
}

# What is remembered of flows, answered or not.
flows() {
	local map
	for map in "$pins"/lasting-v*/{flows,opening}; do
		bpftool -j map dump pinned "$map" | jq length
	done | jq -s add
}

half_open() {
	in_gateway ss -Hnt state syn-recv | wc -l
}

# talks ADDRESS: a megabyte there and back.
talks() {
	in_internet timeout 60 python3 "$top/tests/support/tcp_echo.py" \
		"$1" $port
}

# forge ADDRESS FLAGS COUNT: segments from as many addresses and ports.
forge() {
	in_internet python3 "$top/tests/support/send_tcp.py" "$1" $port "$2" "$3"
}

cat >"$document" <<-END
	version: 1
	defaults: {in: drop}
	zones: {wan: [wan0]}
	rules:
	  - {id: established, action: pass, in: wan, state: established}
	  - id: web
	    action: syncookie
	    in: wan
	    destination: [$own4, "$own6"]
	    protocol: tcp
	    destination_port: $port
END

# What a gate sends from XDP, a veth takes only if its other end has a program.
ip -n "$internet" link set peer0 xdpdrv obj "$pass" sec xdp 2>/dev/null ||
	skip "ip cannot attach XDP programs"
in_background "$gateway" python3 "$top/tests/support/tcp_echo.py" $port
listens() {
	in_gateway ss -Hntl "sport = :$port" | grep -q LISTEN
}
wait_for "the service" listens

# Without the kernel's cookies the rule would only drop: it is refused.
fwd_start
cookies 1
does attach wan0
refuses "rule web: action syncookie needs net.ipv4.tcp_syncookies=2" \
	policy apply "$document"
talks $own4 || fail "a refused policy has changed something"
cookies 2
does policy apply "$document"

for mode in native generic; do
	does detach wan0
	does attach wan0 --mode $mode
	before=$(reason syn-answered)
	talks $own4 || fail "$mode: IPv4 does not come in"
	talks $own6 || fail "$mode: IPv6 does not come in"
	[ "$(reason syn-answered)" -ge $((before + 2)) ] ||
		fail "$mode: the SYNs were not answered by the gate"
done

# A client that comes again from its port, while the service waits for the last
# of the connection before.
for address in $own4 $own6; do
	in_internet timeout 30 python3 "$top/tests/support/tcp_echo.py" \
		"$address" $port 40000 || fail "$address: nobody comes in again"
done

# A flood leaves nothing behind, and clients come in all the same.
known=$(flows)
before=$(reason syn-answered)
forge $own4 syn 20000
[ "$(reason syn-answered)" -ge $((before + 20000)) ] ||
	fail "SYNs of a flood were not answered"
is "half-open sockets after a flood" 0 "$(half_open)"
[ "$(flows)" -le "$known" ] || fail "a flood has left flows: $(flows)"
talks $own4 || fail "nobody comes in after a flood"

# Numbers that nobody was given.
known=$(flows)
before=$(reason no-cookie)
forge $own4 ack 2000
[ "$(reason no-cookie)" -ge $((before + 2000)) ] ||
	fail "forged cookies were not dropped"
[ "$(flows)" -le "$known" ] || fail "forged cookies have made flows"

# The sysctl is changed under a policy that needs it: closed, and said.
cookies 1
wait_for "an alert about the sysctl" has_alert "tcp_syncookies is not 2"
if in_internet timeout 3 python3 "$top/tests/support/tcp_echo.py" \
	$own4 $port 2>/dev/null; then
	fail "a connection came in without a cookie"
fi
cookies 2
wait_for "the alert's end" has_no_alert
talks $own4 || fail "nobody comes in after the sysctl was mended"
fwd_stop
