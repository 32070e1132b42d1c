#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_hostnames.sh BUILD_DIR - who connects by a name is known by it: rules ask
# for it, and the peer is blocked.
#
# Nobody is named by an answer that was not asked for, and without packets of
# DNS the rest goes on.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_hostnames.sh BUILD_DIR}"

rules=$work/rules
mkdir "$rules"
cat >>"$work/fwd.yml" <<-EOF
	sensor: true
	detect_rules: $rules
	detect_block: true
	detect_steps: table
EOF
cat >"$rules/names.yml" <<-'EOF'
	version: 1
	rules:
	  - name: a name of theirs
	    event: connect
	    action: block
	    match: {host: "*.bad.example"}
EOF
cat >"$rules/sigma.yml" <<-'EOF'
	title: Sigma about a name
	logsource: {product: linux, category: network_connection}
	detection:
	  selection: {DestinationHostname|endswith: '.tunnel.example'}
	  condition: selection
	level: high
EOF

# A resolver of the internet's: NAME=ADDRESS... are what it knows.
cat >"$work/resolver.py" <<-'END'
	import socket, struct, sys
	family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
	server = socket.socket(family, socket.SOCK_DGRAM)
	server.bind((sys.argv[1], 53))
	known = dict(arg.split("=") for arg in sys.argv[2:])
	print("ready", flush=True)
	while True:
	    data, who = server.recvfrom(4096)
	    labels, at = [], 12
	    while data[at]:
	        labels.append(data[at + 1:at + 1 + data[at]].decode())
	        at += 1 + data[at]
	    address = known.get(".".join(labels))
	    end = at + 5
	    head = data[:2] + struct.pack("!5H", 0x8180, 1, address is not None, 0, 0)
	    record = b""
	    if address:
	        packed = socket.inet_pton(
	            socket.AF_INET6 if ":" in address else socket.AF_INET, address)
	        record = struct.pack("!3HIH", 0xc00c, 28 if ":" in address else 1,
	                             1, 60, len(packed)) + packed
	    server.sendto(head + data[12:end] + record, who)
END
# Ask RESOLVER for NAME, and connect to what it says; "-": ask nobody.
cat >"$work/client.py" <<-'END'
	import socket, struct, sys
	resolver, name, address = sys.argv[1:4]
	if resolver != "-":
	    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
	    asker = socket.socket(family, socket.SOCK_DGRAM)
	    asker.settimeout(20)
	    asker.connect((resolver, 53))
	    labels = b"".join(bytes([len(part)]) + part.encode()
	                      for part in name.split("."))
	    asker.send(struct.pack("!6H", 4711, 0x100, 1, 0, 0, 0) + labels +
	               b"\0" + struct.pack("!2H", 28 if ":" in address else 1, 1))
	    packed = socket.inet_pton(
	        socket.AF_INET6 if ":" in address else socket.AF_INET, address)
	    assert asker.recv(4096).endswith(packed)
	family = socket.AF_INET6 if ":" in address else socket.AF_INET
	peer = socket.socket(family, socket.SOCK_STREAM)
	peer.setblocking(False)
	peer.connect_ex((address, 443))
END

client() {
	in_gateway python3 "$work/client.py" "$@"
}

resolves() {
	nsenter --net="/run/netns/$internet" python3 "$work/resolver.py" "$@" \
		>"$work/resolver" &
	others+=($!)
	wait_for "the resolver" grep -q ready "$work/resolver"
	rm "$work/resolver"
}

is_dropped() {
	[ "$(verdict "$1")" = drop ]
}

# status_of FILTER
status_of() {
	ask ".sensor.hostnames.$1" status
}

matches() {
	[ "$(ask .matches detect status)" -ge "$1" ]
}

ip -n "$gateway" route add 2001:db8:bad::/48 via 2001:db8:51::2
resolves $clean4 www.bad.example=203.0.113.7 good.example=203.0.113.8 \
	x.tunnel.example=203.0.113.9 nat.bad.example=203.0.113.14 six.bad.example=2001:db8:bad::7
resolves 2001:db8:51::2 www.bad.example=203.0.113.10
fwd_start
does attach wan0
is "names are learnt" true "$(status_of on)"
is "refused rules" 0 "$(ask .refused detect status)"

client $clean4 good.example 203.0.113.8
client $clean4 www.bad.example 203.0.113.7
wait_for "the block" is_dropped 203.0.113.7
is "another name" pass "$(verdict 203.0.113.8)"
client $clean4 six.bad.example 2001:db8:bad::7
wait_for "the block of IPv6" is_dropped 2001:db8:bad::7
client 2001:db8:51::2 www.bad.example 203.0.113.10
wait_for "the block, asked over IPv6" is_dropped 203.0.113.10
client $clean4 x.tunnel.example 203.0.113.9
wait_for "the rule of Sigma" matches 4
# Its address and port, and ours, are others on the way.
in_gateway nft -f - <<-EOF
	table ip translated {
		chain output {
			type nat hook output priority -100;
			ip daddr $control4 udp dport 53 dnat to $clean4
		}
		chain postrouting {
			type nat hook postrouting priority 100;
			udp dport 53 masquerade to :20000-20009
		}
	}
EOF
client $control4 nat.bad.example 203.0.113.14
wait_for "the block, asked through NAT" is_dropped 203.0.113.14
is "asked and answered" "6 6" "$(status_of questions) $(status_of answers)"
echo "ok: who connects by a name is known by it"

# Who waits for answers, and who is asked; what is sent in our name gets in.
in_background "$gateway" python3 -c "
import socket, time
waiting = []
for port in (53, 40000, 40001):
	waiting.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
	waiting[-1].bind((\"$own4\", port))
open(\"$work/waiting\", \"w\").close()
for port in (40000, 40001):
	waiting[port - 39999].recv(4096)
	open(\"$work/got-%d\" % port, \"w\").close()
time.sleep(600)"
wait_for "who waits for answers" test -e "$work/waiting"
in_gateway sysctl -qw net.ipv4.conf.{all,wan0}.rp_filter=0 \
	net.ipv4.conf.wan0.accept_local=1

client - www.bad.example 203.0.113.11
in_internet python3 - $clean4 $own4 <<-'END'
	import socket, struct, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("0.0.0.0", 0))
	raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
	raw.bind((sys.argv[1], 0))
	dns = struct.pack("!6H", 4711, 0x8180, 1, 1, 0, 0) + \
	    b"\3www\3bad\7example\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + \
	    socket.inet_aton("203.0.113.12")
	raw.sendto(struct.pack("!4H", 53, 40000, 8 + len(dns), 0) + dns,
	           (sys.argv[2], 0))
END
wait_for "the answer to nobody" test -e "$work/got-40000"
# Who can send in our name both asks and answers; by no socket of IP, for those
# of this machine are all heard.
in_internet python3 - $own4 <<-'END'
	import socket, struct, sys
	raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	raw.bind(("peer0", 0))
	question = b"\3www\3bad\7example\0\0\1\0\1"
	answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + \
	    socket.inet_aton("203.0.113.13")

	def send(source, destination, dns):
	    udp = struct.pack("!4H", source, destination, 8 + len(dns), 0) + dns
	    own = socket.inet_aton(sys.argv[1])
	    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64,
	                     17, 0, own, own)
	    total = sum(struct.unpack("!10H", ip))
	    total = (total & 0xffff) + (total >> 16)
	    ip = ip[:10] + struct.pack("!H", ~total & 0xffff) + ip[12:]
	    raw.send(b"\xff" * 6 + b"\2\0\0\0\0\1" + b"\x08\0" + ip + udp)

	send(40001, 53, struct.pack("!6H", 4712, 0x100, 1, 0, 0, 0) + question)
	send(53, 40001, struct.pack("!6H", 4712, 0x8180, 1, 1, 0, 0) + question +
	     answer)
END
wait_for "the answer to a question of others" test -e "$work/got-40001"
# More than the ring has room for.
in_internet python3 - $control4 $own4 <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((sys.argv[1], 53))
	for i in range(5000):
	    s.sendto(b"\x12\x67\x81\x80" + bytes(800), (sys.argv[2], 40000))
END
client - www.bad.example 203.0.113.12
client - www.bad.example 203.0.113.13
client $clean4 www.bad.example 203.0.113.7 # heard after it
wait_for "what came before is heard" matches 5
is "packets there was no room for" 0 "$(status_of lost)"
is "who was not asked for" pass "$(verdict 203.0.113.12)"
is "who was asked for by others" pass "$(verdict 203.0.113.13)"
is "whom nobody named" pass "$(verdict 203.0.113.11)"
echo "ok: an answer that nobody asked for names nobody"

fwd_stop
fwd_start --set sensor_hostnames=false
is "names are learnt" false "$(status_of on)"
is "the rules are there" 2 "$(ask .rules detect status)"
fwd_stop
echo "ok: it can be turned off"
