#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_hear.sh BUILD_DIR - what Falco and the journal say of this host is judged
# by detection rules: a peer is dropped, a line is told, wrong lines are counted,
# and whoever is away is waited for.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_hear.sh BUILD_DIR}"

rules=$work/rules
mkdir "$rules"
cat >>"$work/fwd.yml" <<-EOF
	sensor: true
	detect_rules: $rules
	detect_block: true
	detect_steps: table
	detect_logs: true
EOF
cat >"$rules/own.yml" <<-'EOF'
	version: 1
	rules:
	  - name: falco found it
	    event: log
	    action: block
	    match: {service: falco, line: "Critical *", addr: "*"}
	  - name: a password is guessed
	    event: log
	    action: alert
	    match: {service: sshd, line: "Failed password for *"}
EOF
cat >"$rules/sigma.yml" <<-'EOF'
	title: Sigma about a log
	logsource: {product: linux, service: sshd}
	detection:
	  keywords: ["bad packet length"]
	  condition: keywords
	level: high
EOF

# falco PRIORITY ADDRESS: a line of Falco's.
falco() {
	printf '{"output":"seen","priority":"%s","rule":"R","output_fields":%s}\n' \
		"$1" "{\"proc.exepath\":\"/usr/bin/nc\",\"proc.pid\":77,\"fd.rip\":\"$2\"}"
}

# journal IDENTIFIER MESSAGE: a line of journalctl -o json.
journal() {
	printf '{"MESSAGE":"%s","SYSLOG_IDENTIFIER":"%s","_PID":"12"}\n' "$2" "$1"
}

# hears FORMAT: what it says of the lines on standard input.
hears() {
	"$fwctl" --json detect hear "$1" | jq -c '[.lines, .heard, .wrong, .matches]'
}

told() {
	"$fwctl" alert list --json | jq -rs "[.[] | select(
		.alert.rule.name == \"$1\")] | length"
}

is_told() {
	[ "$(told "$1")" = 1 ]
}

is_dropped() {
	[ "$(verdict "$1")" = drop ]
}

fwd_start
does attach wan0
is "rules" "3 0" "$(ask '"\(.rules) \(.refused)"' detect status)"
is "folders" "$rules" "$(ask '.from | join(" ")' detect status)"
is "rules about logs" true "$(ask .logs detect status)"
is "steps" table "$(ask '.blocking.steps | join(" ")' detect status)"
is "what is below" "[1,1,0,0]" "$(falco Notice $listed4 | hears falco)"
is "a peer of Falco's" "[1,1,0,1]" "$(falco Critical $listed4 | hears falco)"
is "its packets" drop "$(verdict $listed4)"
is "why" "rule falco found it: /usr/bin/nc (pid 77)" \
	"$(ask '.claims[0].reason' why $listed4)"
is "the machine's own address" "[1,1,0,1]" \
	"$(falco Critical $own4 | hears falco)"
is "its packets" pass "$(verdict $own4)"
echo "ok: what Falco says is judged, and never against who is protected"

{
	journal sshd "Failed password for root from 198.51.100.9 port 1"
	journal cron "Failed password for root"
	journal sshd "ssh_dispatch_run_fatal: bad packet length 123"
	echo '{"MESSAGE":null,"_COMM":"x"}'
	echo 'Nov 30 no json'
} | hears journal >"$work/heard" 2>"$work/wrong"
is "the journal" "[5,3,1,2]" "$(cat "$work/heard")"
grep -q "standard input:5: it is no object of JSON" "$work/wrong" ||
	fail "the wrong line is not named: $(cat "$work/wrong")"
wait_for "the alert" is_told "a password is guessed"
wait_for "the alert of Sigma" is_told "Sigma about a log"
echo "ok: lines of the journal are judged by rules of both languages"

"$fwctl" detect hear falco "$work/wrong" >"$work/none" 2>&1 &&
	fail "lines that are none are fine"
grep -q "no line is understood" "$work/none" || fail "$(cat "$work/none")"
"$fwctl" detect hear falco "$work/absent" 2>"$work/none" &&
	fail "a file that is not there is fine"
grep -q "absent: No such file" "$work/none" || fail "$(cat "$work/none")"
echo "ok: what cannot be read is refused"

# Texts of a request are bounded: one turn of the loop asks rules about them.
python3 - >"$work/long" <<-'END'
	for _ in range(60):
	    print('{"MESSAGE":"%s","_COMM":"c"}' % ("x" * 8000))
END
is "long lines" "[60,60,0,0]" "$(hears journal <"$work/long")"
# hear COUNT: so many events of 8,000 bytes in one request.
hear() {
	python3 - "$work/sock" "$1" <<-'END'
		import json, socket, struct, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		events = [{"service": "c", "line": "x" * 7999}] * int(sys.argv[2])
		text = json.dumps({"do": "detect-hear", "v": 1, "events": events}).encode()
		s.sendall(struct.pack("!I", len(text)) + text)
		length = struct.unpack("!I", s.recv(4, socket.MSG_WAITALL))[0]
		answer = json.loads(s.recv(length, socket.MSG_WAITALL))
		print(answer.get("heard", answer.get("error")))
	END
}
is "texts of 64,000 bytes" 8 "$(hear 8)"
is "texts of 72,000 bytes" "the texts of all events are at most 65536 bytes" \
	"$(hear 9)"
echo "ok: one request has a bounded length"

mkfifo "$work/lines"
hears falco <"$work/lines" >"$work/late" 2>"$work/away" &
hearing=$!
exec 7>"$work/lines"
falco Critical 203.0.113.10 >&7
wait_for "the first" is_dropped 203.0.113.10
fwd_stop
falco Critical 203.0.113.8 >&7
wait_for "nobody is there" grep -q . "$work/away"
fwd_start 7>&- # or it would hold what is to end
exec 7>&-
wait "$hearing" || fail "it gave up: $(cat "$work/away")"
is "heard" "[2,2,0,2]" "$(tail -n 1 "$work/late")"
is "who came while nobody was there" drop "$(verdict 203.0.113.8)"
echo "ok: whoever is away is waited for"

sed -i 's/^detect_logs: true/detect_logs: false/' "$work/fwd.yml"
fwd_stop
fwd_start
# the rule of Sigma needs a log, those of the list are never met
is "rules" "2 1" "$(ask '"\(.rules) \(.refused)"' detect status)"
is "rules about logs" false "$(ask .logs detect status)"
falco Critical 203.0.113.9 | "$fwctl" detect hear falco 2>"$work/off" &&
	fail "lines are taken"
grep -q "detect_logs: true" "$work/off" || fail "$(cat "$work/off")"
fwd_stop
echo "ok: nothing is heard unless fwd.yml says so"
