#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_policy.sh BUILD_DIR - a policy is applied, tried, and taken back.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_policy.sh BUILD_DIR}"

document=$work/firewall.yml

# rule_packets ID
rule_packets() {
	ask ".rules[] | select(.id == \"$1\").packets" counters
}

# One rule for the clean source and a set that holds it.
write_document() {
	cat >"$document" <<-END
		version: 1
		zones: {wan: [wan0]}
		sets:
		  office: {members: [$1]}
		defaults: {in: drop}
		management: [192.0.2.77]
		rules:
		  - id: office
		    action: pass
		    in: wan
		    source: '@office'
		    protocol: udp
		    destination_port: 7000
	END
}

count_arrivals
fwd_start
does attach wan0
does set add management $control4
passes $clean4 || fail "nothing passes before there is a policy"

# Wrong documents: the place is told, and nothing changes.
printf 'version: 1\nrules:\n  - id: x\n    action: pas\n' >"$document"
refuses "$document:4:13: .*pass" policy check "$document"
refuses "$document:4:13: .*pass" policy apply "$document"
printf 'version: 1\nrules: [{id: x, action: pass, source: "@nowhere"}]\n' \
	>"$document"
does policy check "$document"
refuses "no such set" policy apply "$document"
passes $clean4 || fail "a refused policy has changed something"
refuses "no policy is on trial" policy confirm
does policy log

# In force: the set's member passes, all else is dropped.
write_document "$clean4, 2001:db8:51::2"
does policy apply "$document" --note first
said "revision 1: 1 rules, 1 sets"
passes $clean4 || fail "the rule does not pass its packets"
is_dropped $listed4 || fail "the default does not drop"
is "packets of the rule" 3 "$(rule_packets office)"
is "revision in status" 1 "$(ask .policy.revision status)"
is "trial in status" false "$(ask .policy.trial status)"
in_internet ping -c 1 -W 1 $own4 >/dev/null &&
	fail "ping passes a default that drops"
in_gateway ping -c 1 -W 5 -I wan0 2001:db8:51::2 >/dev/null 2>&1 || true
ip -n "$internet" -6 neigh flush dev peer0
in_internet python3 -c 'import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"x", ("2001:db8:51::1", 9))'
wait_for "neighbour discovery under a default that drops" \
	sh -c "ip -n '$internet' -6 neigh show 2001:db8:51::1 | grep -q lladdr"

does set show management
said "192.0.2.77"

# Members of the policy's set may change like those of any other.
does set add office $listed4
passes $listed4 || fail "a member that was added does not pass"
does set del office $listed4
is_dropped $listed4 || fail "a member that was taken out passes"

# On trial: it changes the set, and is taken back.
write_document $listed4
does policy apply "$document" --confirm 1h
said "on trial"
is "trial in status" true "$(ask .policy.trial status)"
passes $listed4 || fail "the policy on trial does not judge"
is_dropped $clean4 || fail "the set of the policy before judges, too"
refuses "on trial" policy apply "$document"
does policy rollback
passes $clean4 || fail "a trial that was ended still judges"
is_dropped $listed4 || fail "the set of the trial judges, too"
wait_for "the end of the trial in the store" sh -c \
	"'$fwctl' --json policy log | jq -e '.pending == 0' >/dev/null"

# And nobody confirms, for fwd is gone.
does policy apply "$document" --confirm 10s
fwd_kill
wait_for "the policy before, without fwd" passes $clean4
is_dropped $listed4 || fail "the policy that was on trial still judges"
fwd_start
passes $clean4 || fail "after a start the trial goes on"
wait_for "an alert of the trial" has_alert "revision 3 was not confirmed"
is "revision in force" 1 "$(ask .current policy log)"

# The same, and fwd is there: it puts the gates back itself.
does policy apply "$document" --confirm 1s
wait_for "the policy before" passes $clean4
wait_for "the end of the trial" sh -c \
	"'$fwctl' --json policy log | jq -e '.pending == 0' >/dev/null"

# Confirmed, it stays.
does policy apply "$document" --confirm 1h
does policy confirm
passes $listed4 || fail "a policy that was confirmed does not judge"
is_dropped $clean4 || fail "the policy before judges after a confirmation"
is "members of the set" $listed4 "$(ask .prefix set show office)"
fwd_kill
fwd_start
passes $listed4 || fail "a start has forgotten what was confirmed"
is_dropped $clean4 || fail "a start has brought back the policy before"

# Back to the first, whose document is kept.
does policy rollback 1
said "revision 6"
passes $clean4 || fail "a rollback does not judge"
is_dropped $listed4 || fail "a rollback has kept another member"
does policy show 1
said "$clean4"
refuses "no revision 99" policy rollback 99

# The count of a rule has followed its id through all of that.
before=$(rule_packets office)
passes $clean4 || fail "the clean source does not pass any more"
is "packets of the rule" $((before + 3)) "$(rule_packets office)"
[ "$before" -ge 18 ] || fail "a policy or start has lost counts: $before"
fwd_kill
fwd_start
is "packets of the rule after a start" $((before + 3)) \
	"$(rule_packets office)"

# On the way out, and gone again without a trace.
cat >"$document" <<-END
	version: 1
	defaults: {out: drop}
	rules:
	  - {id: replies, action: pass, out: any, destination: $clean4}
END
is "gate on the way out" none "$(ask '.gates[0].egress' status)"
does policy apply "$document"
is "gate on the way out" attached "$(ask '.gates[0].egress' status)"
is "rules counted" replies "$(ask '.rules[].id' counters)"
in_gateway ping -c 1 -W 5 $clean4 >/dev/null ||
	fail "a rule for the way out does not pass"
! in_gateway ping -c 1 -W 1 203.0.113.7 >/dev/null 2>&1 ||
	fail "a default for the way out does not drop"
printf 'version: 1\n' >"$document"
does policy apply "$document"
in_gateway ping -c 1 -W 5 203.0.113.7 >/dev/null ||
	fail "a policy without rules for the way out still drops there"

# New flows above the budget: counted, and told until it is over.
cat >"$document" <<-END
	version: 1
	thresholds: {new_flows_per_second: 1}
	rules:
	  - {id: replies, action: pass, in: any, state: established}
END
does policy apply "$document"
flood_of_flows() {
	in_gateway bash -c "for port in {20000..20099}; do
		echo >/dev/udp/$clean4/\$port
	done"
	has_alert "new flows were not learned"
}
wait_for "alert of flows that are not learned" flood_of_flows
[ "$(ask .flows.not_learned status)" -gt 0 ] || fail "none is counted"
wait_for "end of the alert" has_no_alert
fwd_stop
echo "ok: the policy"
