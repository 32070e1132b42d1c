#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_detect.sh BUILD_DIR - from a process that connects to its peer's packets
# dropped, as a detection rule says.
#
# Told only, until fwd.yml lets rules block; then the peer is in the table, for
# as long as the rule says; never one that is protected, known, or above the
# budget; and rules that cannot be read leave those that are in force.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_detect.sh BUILD_DIR}"

rules=$work/rules
mark=marked-$$ # the sensor sees all of this machine
mkdir "$rules"
echo 203.0.113.53 >"$work/resolvers"
cat >>"$work/fwd.yml" <<-EOF
	sensor: true
	detect_rules: $rules
	resolvers: $work/resolvers
EOF

# rule PORT SPAN [LINE...]: in place of the one before.
rule() {
	cat >"$rules/new" <<-EOF
		version: 1
		rules:
		  - name: odd port
		    event: connect
		    action: block
		    ttl: $2
		    match: {port: $1, command_line: "*$mark*"}
	EOF
	printf '    %s\n' "${@:3}" >>"$rules/new"
	mv "$rules/new" "$rules/odd.yml"
}

# connects ADDRESS PORT: a process of the gateway's, which nobody answers.
connects() {
	in_gateway python3 - "$1" "$2" "$mark" <<-'END'
		import socket, sys
		peer = (sys.argv[1], int(sys.argv[2]))
		family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
		s = socket.socket(family, socket.SOCK_STREAM)
		s.setblocking(False)
		s.connect_ex(peer)
	END
}

detection() {
	ask "$1" detect status
}

# reaches KEY COUNT: of detect status.
reaches() {
	[ "$(detection "$1")" -ge "$2" ]
}

is_dropped() {
	[ "$(verdict "$1")" = drop ]
}

ip -n "$gateway" route add 2001:db8:bad::/48 via 2001:db8:51::2
rule 4444 1h "steps: [table]"
fwd_start
does attach wan0
is "rules" 1 "$(detection .rules)"
connects $listed4 4444
wait_for "the event" reaches .observed 1
is "told only" pass "$(verdict $listed4)"
does detect status
said "^blocks +nobody: fwd.yml has detect_block: false"
is "denylist" null "$(detection .denylist)"
grep -q "detection: rule odd port: .*/python3.* done=0" "$work/log" ||
	fail "the match was not told"
fwd_stop
echo "ok: without detect_block it is told, and no more"

echo 'detect_block: true' >>"$work/fwd.yml"
fwd_start
does detect status
said "^blocks +as rules say"
connects $listed4 4443
connects $listed4 4444
wait_for "the block" is_dropped $listed4
is "blocked" 1 "$(detection .blocking.blocked)"
is "origin" detection "$(ask '.claims[0].origin' why $listed4)"
ask '.claims[0].reason' why $listed4 |
	grep -qE '^rule odd port: /[^ ]*/python3[^ ]* \(pid [0-9]+\)$' ||
	fail "why says $(ask '.claims[0].reason' why $listed4)"
ends=$(ask '.claims[0].expires' why $listed4)
left=$((ends - $(date +%s)))
[ "$left" -gt 3400 ] && [ "$left" -le 3600 ] || fail "it ends in $left s"
dropped() {
	ask '.sets[] | select(.name == "detected").packets' set list
}
before=$(dropped)
in_internet ping -c 3 -i 0.2 -W 1 -I $listed4 $own4 >/dev/null 2>&1 &&
	fail "its packets arrive"
[ "$(dropped)" -ge $((before + 3)) ] || fail "dropped: $(dropped)"
connects $listed6 4444
wait_for "the block of IPv6" is_dropped $listed6
[ "$(detection .latency.count)" = 2 ] || fail "latencies are not counted"
echo "ok: packets of a peer are dropped"

connects $listed4 4444
wait_for "one more match" reaches .matches 3
is "told and hushed" "2 1" "$(detection '"\(.told) \(.hushed)"')"
is "its end" "$ends" "$(ask '.claims[0].expires' why $listed4)"
is "blocked" 2 "$(detection .blocking.blocked)"
echo "ok: one that is blocked stays as it is"

does allow 203.0.113.54
connects $clean4 4444 # the next hop
connects 203.0.113.53 4444
connects 203.0.113.54 4444
connects 127.0.0.1 4444
wait_for "what is withheld" reaches .blocking.withheld 4
is "who is allowed" "allow 1" "$(verdict 203.0.113.54) $(
	ask '.claims | length' why 203.0.113.54)"
is "the next hop" pass "$(verdict $clean4)"
is "a resolver" pass "$(verdict 203.0.113.53)"
is "blocked" 2 "$(detection .blocking.blocked)"
echo "ok: what is protected or known is not blocked"

# python PROGRAM [ARGUMENT...]: a process of the gateway's, marked.
python() {
	in_gateway timeout 60 python3 -c "$1" "$mark" "${@:2}"
}
connect='import socket, sys
s = socket.socket()
s.settimeout(2)
print(s.connect_ex((sys.argv[2], int(sys.argv[3]))))'

rule 4444 1h
does detect reload
does unblock --set detected $listed4
connects $listed4 4444
wait_for "the block" is_dropped $listed4
is "connect() to it" 1 "$(python "$connect" $listed4 80)" # EPERM
does unblock --set detected $listed4
is "taken out" pass "$(verdict $listed4)"
is "connect() to who was taken out" 111 "$(python "$connect" $listed4 80)"
connects $listed4 4444
wait_for "the block" is_dropped $listed4
echo "ok: connections to it are refused, until a person takes it out"

# is_free: may this host's processes talk to it?
is_free() {
	[ "$(python "$connect" $listed4 80)" = 111 ]
}
is_refused() {
	[ "$(python "$connect" $listed4 80)" = 1 ]
}
is_refused || fail "its processes may talk to it"
does set drop detected
wait_for "the end with the set" is_free
connects $listed4 4444
wait_for "the refusal" is_refused
does allow $listed4
wait_for "the end as it is allowed" is_free
does set del allow $listed4
does unblock --set detected $listed4
connects $listed4 4444
wait_for "the refusal" is_refused
does set add management $listed4
wait_for "the end as it is protected" is_free
does set del management $listed4
does unblock --set detected $listed4
connects $listed4 4444
wait_for "the refusal" is_refused
echo "ok: nor longer than it is in the set and may be blocked"

fwd_kill
is "connect() without fwd" 11 "$(python "$connect" $listed4 80)"
fwd_start
is "connect() after a start" 1 "$(python "$connect" $listed4 80)"
ends=$(ask '.claims[0].expires' why $listed4)
is "after a kill" drop "$(verdict $listed4)"
does unblock --set detected $listed4
is "taken out" pass "$(verdict $listed4)"
echo "ok: it outlives a kill"

in_background "$internet" python3 -c 'import socket, sys, time
s = socket.create_server(("203.0.113.7", 4444))
t, _ = s.accept()
time.sleep(600)'
listens() {
	in_internet ss -Hltn | grep -q $listed4:4444
}
wait_for "a server" listens
rule 4444 1h "steps: [table, cut]"
does detect reload
is "a live connection" cut "$(python 'import socket, sys
try:
    s = socket.create_connection((sys.argv[2], 4444), 30)
    s.settimeout(50)
    s.recv(1)
except ConnectionAbortedError:
    print("cut")' $listed4)"
wait_for "the count" reaches .steps.cut.done 1
does unblock --set detected $listed4
echo "ok: live connections are cut"

fwd_stop
echo 'detect_steps: table,refuse,cut,end,quarantine' >>"$work/fwd.yml"
fwd_start
rule 4444 1h "steps: [table, end]"
does detect reload
status=0
python 'import socket, sys, time
s = socket.socket()
s.setblocking(False)
s.connect_ex((sys.argv[2], 4444))
time.sleep(50)' $listed4 || status=$?
is "status of the process" 137 "$status"
is "verdict" drop "$(verdict $listed4)"
is "ended" 1 "$(detection .steps.end.done)"
does unblock --set detected $listed4
echo "ok: the process is ended"

rule 4444 1h "steps: [table, quarantine]"
does detect reload
in_background "$gateway" python3 -c 'import socket, sys, time
s = socket.socket()
s.setblocking(False)
s.connect_ex((sys.argv[2], 4444))
while True:
    time.sleep(0.1)
    try:
        s = socket.create_connection((sys.argv[3], 4445), 0.5)
    except PermissionError:
        print("refused", flush=True)
    except OSError:
        print("free", flush=True)' "$mark" $listed4 203.0.113.99 \
	>"$work/inside"
is_inside() {
	[ "$(tail -n 1 "$work/inside")" = refused ]
}
is_outside() {
	[ "$(tail -n 1 "$work/inside")" = free ]
}
wait_for "the quarantine" is_inside
inside() {
	[ "$(detection '.quarantine | length')" = "$1" ]
}
wait_for "the list" inside 1
refuses "not in quarantine" detect release 1
fwd_stop
sed -i 's/^detect_block: true/detect_block: false/' "$work/fwd.yml"
fwd_start
has_alert "processes are in quarantine.*detect_block: false" ||
	fail "nobody says who is abandoned: $(ask .alerts status)"
does detect status
said "^abandoned +/.*/portcullis.quarantine"
group=$(detection .abandoned)
refuses "no quarantine: fwd.yml has detect_block: false; processes from before are in $group: " \
	detect release all
fwd_stop
sed -i 's/^detect_block: false/detect_block: true/' "$work/fwd.yml"
fwd_start
wait_for "the list" inside 1
has_no_alert || fail "who is refused is abandoned: $(ask .alerts status)"
does detect release "$(detection '.quarantine[0].pid')"
said '^released +1$'
wait_for "the release" is_outside
wait_for "the end of the list" inside 0
does unblock --set detected $listed4
echo "ok: who is in quarantine is listed, and let out"

fwd_stop
sed -i 's/^detect_block: true/detect_block: false/' "$work/fwd.yml"
fwd_start
has_no_alert || fail "nobody is abandoned: $(ask .alerts status)"
refuses "no quarantine: fwd.yml has detect_block: false$" detect release all
fwd_stop
echo "${others[-1]}" >"$group/cgroup.procs"
fwd_start
has_alert "processes are in quarantine" || fail "nobody says who is abandoned"
echo "${others[-1]}" >"${group%/*}/cgroup.procs" # as release says
wait_for "the end of the alert" has_no_alert
is "abandoned" "" "$(detection .abandoned)"
refuses "no quarantine: fwd.yml has detect_block: false$" detect release all
fwd_stop
sed -i 's/^detect_block: false/detect_block: true/' "$work/fwd.yml"
fwd_start
echo "ok: who is abandoned is told of, until he is out"

rule 4444 2s "threshold: 3" "group_by: [addr]" "window: 1h"
does detect reload
said '^rules +1 from 1 files'
connects $listed4 4444
connects $listed4 4444
wait_for "two matches" reaches .matches 2
is "below the threshold" pass "$(verdict $listed4)"
connects $listed4 4444
wait_for "the block" is_dropped $listed4
is_out() {
	[ "$(verdict $listed4)" = pass ]
}
wait_for "its end" is_out
echo "ok: from the threshold on, and until its time is up"

cat >"$rules/above.yml" <<-END
	title: of another system
	logsource: {product: windows, category: registry_set}
	detection: {a: {TargetObject: x}, condition: a}
END
echo 'rules: [' >"$rules/bad.yml"
kill -HUP "$fwd_pid"
wait_for "an alert" has_alert "1 of 3 files of rules are refused.*bad.yml"
is "rules" 1 "$(detection .rules)"
mv "$rules/above.yml" "$work/unmet.yml"
rm "$rules/bad.yml"
mv "$rules" "$rules.away"
touch "$rules"
refuses "refused +1 files, 1 of them broken" detect reload
rm "$rules"
mv "$rules.away" "$rules"
does detect reload
has_no_alert || fail "an alert stays: $(ask '.alerts' status)"
mv "$work/unmet.yml" "$rules/unmet.yml"
does detect reload
said "refused +1 files, which need what no sensor here has"
has_no_alert || fail "what no sensor has is an alert"
rm "$rules/unmet.yml"
echo "ok: rules that cannot be read"

chmod 0777 "$rules"
refuses "no rules of +$rules: others may change it .*mode 0777" detect reload
is "rules of a folder of everybody" 0 "$(detection .rules)"
wait_for "an alert" has_alert "no detection rules from $rules: others may"
chmod 0755 "$rules"
chmod 0666 "$rules/odd.yml"
refuses "odd.yml: others may change it" detect reload
is "rules of a file of everybody" 0 "$(detection .rules)"
chmod 0644 "$rules/odd.yml"
mkdir -m 0777 "$rules/below"
cp "$rules/odd.yml" "$rules/below/other.yml"
refuses "$rules/below: others may change it" detect reload
rm -r "$rules/below"
sed -i "s|^detect_rules: .*|detect_rules: $work/rulez|" "$work/fwd.yml"
kill -HUP "$fwd_pid"
wait_for "an alert" has_alert "no detection rules from $work/rulez: it is not"
sed -i "s|^detect_rules: .*|detect_rules: /etc/portcullis/detect|" "$work/fwd.yml"
kill -HUP "$fwd_pid"
wait_for "no alert of the default" has_no_alert
sed -i "s|^detect_rules: .*|detect_rules: $rules|" "$work/fwd.yml"
kill -HUP "$fwd_pid"
wait_for "the rules" reaches .rules 1
echo "ok: folders that are not there, or not root's alone"

rule 4444 1h
does detect reload
sed -i '/detect_block: true/a detect_blocks_per_minute: 2' "$work/fwd.yml"
fwd_stop
fwd_start
for last in 21 22 23 24; do
	connects 203.0.113.$last 4444
done
wait_for "the budget" reaches .blocking.over_budget 2
is "blocked" 2 "$(detection .blocking.blocked)"
wait_for "an alert" has_alert "more than 2 times a minute"
is "above it" pass "$(verdict 203.0.113.24)"
echo "ok: no more than the budget"

fwd_stop
sed -i 's/^detect_steps: .*/detect_steps: refuse/' "$work/fwd.yml"
fwd_start
connects 203.0.113.31 4444
wait_for "the refusal" reaches .steps.refuse.done 1
is "without the step" pass "$(verdict 203.0.113.31)"
is "connect() to it" 1 "$(python "$connect" 203.0.113.31 80)"
echo "ok: no step but those that may be taken"

in_background "$gateway" python3 -c 'import os, select, socket
s = socket.create_server(("0.0.0.0", 4446))
while True: # each of a process of its own: the same is not told of again
    select.select([s], [], [])
    if os.fork() == 0:
        s.accept()
        os._exit(0)
    os.wait()' "$mark"
serves() {
	in_gateway ss -Hltn | grep -q :4446
}
# calls ADDRESS: from there to the gateway, which has no gate on that way.
calls() {
	in_internet python3 -c 'import socket, sys
socket.create_connection((sys.argv[2], 4446), 5, (sys.argv[1], 0))' "$1" $own4
}
wait_for "a server" serves
ip -n "$internet" addr add 203.0.113.41/32 dev peer0
ip -n "$internet" addr add 203.0.113.42/32 dev peer0
rule 4444 1h "group_by: [user]"
sed -i 's/event: connect/event: accept/; s/port: 4444, //' "$rules/odd.yml"
fwd_stop
fwd_start
for last in 41 41 41 41; do
	calls 203.0.113.$last
done
wait_for "the matches" reaches .matches 4
is "hushed" 3 "$(detection .hushed)"
calls 203.0.113.42
wait_for "the match" reaches .matches 5
is "told of who is refused anew" 2 "$(detection .told)"
is "above the budget" 0 "$(detection .blocking.over_budget)"
echo "ok: who is refused already is not paid for again, who is not is told of"

rule 4444 1h
does detect reload
does set new detected --action shadow
connects 203.0.113.32 4444
wait_for "the match" reaches .matches 6
is "refused" 5 "$(detection .steps.refuse.done)"
does detect status
said "^blocks +nobody: set detected has the action shadow"
said "^hushed +[0-9]"
echo "ok: nothing where the set does not drop"
