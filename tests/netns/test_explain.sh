#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_explain.sh BUILD_DIR - a live daemon explains packets, and nothing it
# counts knows of it.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_explain.sh BUILD_DIR}"

document=$work/firewall.yml

# What explaining must not change; the rest has packets of the link's own.
counted() {
	ask '.rules, .sets, (.reasons[] | select(.reason | test("^rule-|limit")))' \
		counters
}

# reason PACKET: by the JSON of it, with the rule.
reason() {
	ask '.reason + if .rule then " " + .rule else "" end' explain "$1"
}

fwd_start
does attach wan0
does block 203.0.113.0/24 --reason scan

# Without a policy.
does explain 'tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan0'
said "tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan0, 54 bytes"
said 'source +class [0-9]+: block, drop \(203.0.113.0/24, operator, "scan"\)'
said 'verdict +drop, listed by set block'
refuses 'no interface is called "nowhere0"' \
	explain 'tcp 192.0.2.1 > 198.51.100.7:22 in nowhere0'
is "out without a policy" \
	"without a policy nothing is judged on the way out" \
	"$(ask .error explain 'tcp 192.0.2.1 > 198.51.100.7:22 out wan0')"

# With one, whose zone is asked about by name.
cat >"$document" <<-END
	version: 1
	zones: {wan: [wan0]}
	defaults: {in: drop}
	rules:
	  - {id: seen, action: count, in: wan, protocol: tcp}
	  - {id: few, action: limit, limit: {rate: 1/day}, in: wan,
	     protocol: tcp, destination_port: 22}
	  - {id: ssh, action: pass, in: wan, protocol: tcp,
	     destination_port: 22, comment: from anywhere}
	  - {id: rest, action: drop, protocol: tcp}
END
does policy apply "$document"
before=$(counted)
for _ in 1 2 3; do
	does explain 'tcp 192.0.2.1 > 198.51.100.7:22 in wan'
	said 'verdict +pass, rule-pass by rule ssh \(line 8\): from anywhere'
done
said 'seen \(count, line 5\) counts it'
said 'few \(limit, line 6\) is within its rate'
said 'rest \(drop, line 10\) would match, but comes behind'
is "another port" "rule-drop rest" \
	"$(reason 'tcp 192.0.2.1 > 198.51.100.7:23 in wan0')"
is "what is in no zone" "rule-drop rest" \
	"$(reason 'tcp 192.0.2.1 > 198.51.100.7:22 in lo')"
is "another protocol" default-drop \
	"$(reason 'udp 192.0.2.1 > 198.51.100.7:22 in wan0')"
is "what is counted" "$before" "$(counted)"

# A set in shadow stops no rule and no default; what passes is told of it.
printf '192.0.2.2\n192.0.2.3\n' >"$work/tried.txt"
does set import tried "$work/tried.txt" --action shadow
is "in shadow, and a default that drops" default-drop \
	"$(reason 'udp 192.0.2.2 > 198.51.100.7:22 in wan0')"
is "the set of a packet that is dropped all the same" null \
	"$(ask .set explain 'udp 192.0.2.2 > 198.51.100.7:22 in wan0')"
is "the set of one that it would have dropped" tried \
	"$(ask .set explain 'tcp 192.0.2.2 > 198.51.100.7:22 in wan0')"
is "in shadow, and a rule that drops" "rule-drop rest" \
	"$(reason 'tcp 192.0.2.2 > 198.51.100.7:23 in wan0')"
is "in shadow, and a rule that passes" "shadow ssh" \
	"$(reason 'tcp 192.0.2.2 > 198.51.100.7:22 in wan0')"
does set drop tried

# What changes meanwhile is seen, and another policy has its own.
does allow 192.0.2.1
is "an allowed source" allowed \
	"$(reason 'tcp 192.0.2.1 > 198.51.100.7:23 in wan0')"
does unblock 203.0.113.0/24
sed -i 's/in: drop/in: pass/; /id: rest/d' "$document"
does policy apply "$document"
is "the next policy" default-pass "$(reason \
	'tcp 203.0.113.9 > 198.51.100.7:23 in wan0')"
