#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_policy_diff.sh BUILD_DIR - what a policy would change, before it does.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_policy_diff.sh BUILD_DIR}"

document=$work/firewall.yml
other=$work/other.yml

# document RULES [SETS]
document() {
	cat <<-END
		version: 1
		zones: {wan: [wan0]}
		${2:+sets:}
		${2:-}
		rules:
		$1
	END
}

# diff FILTER [WORD...]: a part of the answer.
diff_of() {
	ask "$1" policy diff "${@:2}"
}

changes() {
	diff_of '[.changes[] | .change + " " + .what + " " + .name +
		(if .keys == "" then "" else " (" + .keys + ")" end) +
		(if .members_added + .members_removed == 0 then "" else
			" +\(.members_added) -\(.members_removed)" end)] |
		join("; ")' "$@"
}

count_arrivals
fwd_start
does attach wan0

# Against no policy at all.
document "  - {id: known, action: pass, state: established}
  - {id: in, action: pass, in: wan}
  - {id: out, action: pass, out: any}" \
	"  office: {members: [192.0.2.1, 192.0.2.2]}" >"$document"
is "all is new" "added zone wan; added set office +2 -0; added rule known; \
added rule in; added rule out" "$(changes "$document")"
is "flows before any policy asks for them" null \
	"$(diff_of .flows "$document")"
does policy diff "$document"
said "^live flows cut: not known, no policy is in force that remembers them$"
does policy apply "$document"
said "rules: 3 added"
said "^revision 1: 3 rules"
is "the same again" "" "$(changes "$document")"
is "as large as it is" true \
	"$(diff_of '[.before, .after] | map(del(.revision)) | .[0] == .[1]' \
		"$document")"
does policy diff "$document"
said "no difference"
said "^live flows cut: 0 of 0$"

# Rules, sets, and what the set holds by now, whoever put it there.
does set add office 192.0.2.3
does set new own --action none
does set add own 192.0.2.7
document "  - {id: out, action: pass, out: any}
  - {id: known, action: pass, state: [established, related]}
  - {id: new, action: count, source: '@own'}" \
	"  office: {members: [192.0.2.1]}
  own: {members: [192.0.2.8]}" >"$other"
is "all that is other" "changed set office +0 -2; changed set own +1 -1; \
removed rule in; moved rule out; changed rule known (state); added rule new" \
	"$(changes "$other")"
does policy diff "$other"
said '^rules: 1 added, 1 removed, 1 changed, 1 moved$'
said '^  ~ rule known: state$'
said '^  ~ set office: members \+0 -2$'
refuses "no such set" policy diff <(
	echo "{version: 1, rules: [{id: x, action: drop, source: '@nobody'}]}"
)
refuses ":1:.*nothing" policy diff <(echo "{version: 1, nothing: 1}")

# A dry run says the same, and changes nothing.
does policy apply "$other" --dry-run
said '^  - rule in$'
is "revision after a dry run" 1 "$(ask .policy.revision status)"
is "members after a dry run" 3 "$(ask .prefix set show office | wc -l)"
is "revisions after a dry run" 1 "$(ask '.revisions | length' policy log)"

# A connection that lives, and policies that would end it or not.
in_background "$internet" python3 -c '
import socket, time
s = socket.create_server(("198.51.100.9", 7022))
keep = []
while True:
    c, _ = s.accept()
    c.sendall(b"hello")
    keep.append(c)'
cat >"$work/client.py" <<-'END'
	import socket, sys, time
	while True:
	    try:
	        s = socket.create_connection(("198.51.100.9", 7022))
	        break
	    except ConnectionRefusedError:
	        time.sleep(0.1)
	s.recv(5)
	s.sendall(b"x")
	print(s.getsockname()[1], flush=True)
	time.sleep(600)
END
in_background "$gateway" python3 "$work/client.py" >"$work/port"
wait_for "a connection" test -s "$work/port"
flow="tcp 198.51.100.1:$(cat "$work/port") > $control4:7022"
is "flows under the same policy" "1 0" \
	"$(diff_of '"\(.flows.seen) \(.flows.cut)"' "$document")"

# cuts WHAT [RULE]: of the policy in $other.
cuts() {
	is "$1" "1 $flow in wan0 by ${2:-}" "$(diff_of '"\(.flows.cut) " +
		(.flows.first[0] | .flow + " " + .direction + " " + .iface +
		" by " + (.rule // .set // ""))' "$other")"
}

document "  - {id: web, action: drop, source_port: 7022, protocol: tcp}" >"$other"
cuts "by a rule" web
does policy diff "$other"
said "^live flows cut: 1 of 1$"
said "^  $flow by rule web, if it comes in by wan0$"
document "  - {id: web, action: drop, source_port: 7022, state: new}" >"$other"
is "a rule for new ones" 0 "$(diff_of .flows.cut "$other")"
document "  - {id: all, action: pass, in: any, protocol: udp}" >"$other"
echo "defaults: {in: drop}" >>"$other"
cuts "by default"
document "  - {id: all, action: pass}" \
	"  bad: {action: drop, members: [198.51.100.8/29]}" >"$other"
cuts "by a set that the policy brings" bad
echo "management: [$control4]" >>"$other"
is "one of management" 0 "$(diff_of .flows.cut "$other")"
does set add own $control4
document "  - {id: own, action: drop, source: '@own'}" >"$other"
cuts "by a set of the user's" own
document "  - {id: own, action: drop, source: '@own'}" \
	"  own: {members: [192.0.2.9]}" >"$other"
is "a set that is emptied" 0 "$(diff_of .flows.cut "$other")"

# What is told is what happens.
document "  - {id: web, action: drop, source_port: 7022, protocol: tcp}" >"$other"
does policy apply "$other" --note "cut"
said "by rule web"

# A policy that asks for no states remembers none of them, whatever there was.
is "flows under a policy without states" null "$(diff_of .flows "$document")"
does policy diff "$document"
said "^live flows cut: not known, the policy in force remembers none$"
does policy apply "$document"
is "the answer of an apply" "0 of 1" "$(ask \
	'"\(.diff.flows.cut) of \(.diff.flows.seen)"' policy apply "$document")"

# Two revisions, their documents; one is held against what judges.
is "revision 1 to 2" "removed set office +0 -2; removed rule known; \
removed rule in; removed rule out; added rule web" "$(changes 1 2)"
is "flows of two revisions" null "$(diff_of .flows 1 2)"
does policy diff 1 2
! grep -q "live flows" "$work/said" || fail "revisions have no flows"
is "back to revision 2" "1" "$(diff_of .flows.cut 2)"
refuses "no revision 77" policy diff 77
refuses "no revision 78" policy diff 78 1

# On trial there are two policies.
does policy apply "$other" --confirm 1h
refuses "on trial" policy diff "$document"
is "two revisions, while on trial" "added rule web" \
	"$(changes 1 2 | grep -o 'added rule web')"
does policy rollback

# Lists that a document names: none that is empty, none that has no bound, and
# nothing of what is in one is told to who may not read it.
list=$work/members
cat >"$document" <<-END
	version: 1
	sets: {friends: {files: [$list], capacity: 2}}
END
: >"$list"
refuses "list $list: it is empty" policy diff "$document"
refuses "list $list: it is empty" policy apply "$document"
printf 'root:*:20228\n' >"$list"
refuses "list $list, line 1: not an address" policy diff "$document"
! grep -q 20228 "$work/said" || fail "a line of the list was told"
truncate -s 600M "$list"
refuses "list $list: more than 512 MiB" policy diff "$document"
printf '192.0.2.%d\n' 1 2 3 >"$list"
refuses "list $list: the set holds at most 2 members" policy diff "$document"
printf '192.0.2.%d\n' 1 2 >"$list"
does policy apply "$document"

# management: what is in the set is told, whoever put it there or took it out.
# A document takes nobody out.
notes() {
	diff_of '.notes | join("; ")' "$@"
}

manage() {
	echo "version: 1"
	echo "management: [$1]"
}

stays="192.0.2.33 stays in the set management, though it is not in the \
document: fwctl set del management 192.0.2.33 takes it out"
manage "192.0.2.33, 192.0.2.34" >"$document"
does policy apply "$document"
manage "192.0.2.34, 192.0.2.35" >"$other"
is "one comes" "changed setting management +1 -0" "$(changes "$other" |
	grep -o "changed setting management.*")"
is "and one stays" "$stays" "$(notes "$other")"
does policy diff "$other"
said "^note: 192.0.2.33 stays in the set management"
does set del management 192.0.2.33
is "taken out by hand" "" "$(notes "$other")"
is "and comes again" "changed setting management +1 -0" "$(changes "$document")"

# A set that was made otherwise by hand, which an apply undoes.
document "" "  seen: {action: shadow, members: [192.0.2.40]}" | grep -v rules \
	>"$document"
does policy apply "$document"
is "no note of a zone with a gate" "" "$(notes "$document")"
does set new seen --action drop
said "^note: line 4 of policy revision [0-9]+ declares it otherwise: the next"
is "a set of another action" "changed set seen (action)" "$(changes "$document")"
does policy apply "$document"
is "its action" shadow "$(ask '.sets[] | select(.name == "seen").action' \
	set list)"
does set new seen --action shadow
! grep -q note: "$work/said" || fail "a set as it is declared has a note"

# What a set may not drop is found before anything is done, and by its line.
printf '%s\n' 192.0.2.50 198.51.100.0/24 >"$work/list"
document "" "  feed: {action: drop, files: [$work/list]}" | grep -v rules \
	>"$other"
for words in "apply --dry-run" apply diff; do
	# shellcheck disable=SC2086 # a command, and perhaps its option
	refuses "set feed would drop what is protected: list $work/list, line \
2: 198.51.100.0/24 would cover 198.51.100.[12], which is protected" \
		policy $words "$other"
done
document "" "  feed: {action: drop, members: [$own4]}" | grep -v rules >"$other"
refuses "other.yml:4: set feed would drop what is protected: $own4 is" \
	policy apply "$other" --dry-run

# The first policy that drops by default, with and without a way back in.
echo "{version: 1, defaults: {in: drop}}" >"$other"
is "no note with a manager" "" "$(notes "$other")"
for prefix in $(ask .prefix set show management); do
	does set del management "$prefix"
done
does policy apply "$other" --dry-run
said "^note: by default .* nobody is in the set management: .* --confirm"
does policy apply "$other"
is "no note when it drops already" "" "$(notes "$other")"

# Zones that nothing can come from.
echo "{version: 1, zones: {wan: [wan0, eht7], lan: [lo]}}" >"$other"
is "zones without gates" "zone wan: there is no interface eht7; zone lan: lo \
has no gate, so nothing there is judged: fwctl attach lo" "$(notes "$other")"
does policy apply "$other"
said "^note: zone wan: there is no interface eht7$"
does status
said "^note: zone wan: there is no interface eht7$"
is "no note of a zone of before" "" "$(notes "$document")"
does detach wan0
does status
said "^note: no interface has a gate, so nothing is judged: fwctl attach$"
said "^note: zone wan: wan0 has no gate"

# Asked to stop with one under way, it stops.
"$fwctl" policy diff "$other" >/dev/null 2>&1 &
asked=$!
fwd_stop
wait $asked || true
echo "ok: the difference"
