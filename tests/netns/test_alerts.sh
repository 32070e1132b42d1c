#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_alerts.sh BUILD_DIR - alerts of detections from where they are put to
# what fwctl says of them, and what is left of them after a kill.
set -euo pipefail
build=$(realpath "${1:?usage: test_alerts.sh BUILD_DIR}")
fwctl=$build/ctl/fwctl
command -v jq >/dev/null || { echo "no jq"; exit 77; }

work=$(mktemp -d)
export PORTCULLIS_SOCKET=$work/fwd.sock
fwd_pid=
others=()

finish() {
	local pid
	for pid in $fwd_pid "${others[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

is() {
	[ "$3" = "$2" ] || fail "$1: expected \"$2\", found \"$3\""
}

wait_for() {
	local what=$1
	shift
	for _ in $(seq 200); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	fail "waited in vain for $what"
}

start() {
	rm -f "$work/in"
	mkfifo "$work/in"
	"$build/tests/netns/alert_fwd" "$PORTCULLIS_SOCKET" "$work/state" \
		"$@" <>"$work/in" >"$work/out" 2>"$work/err" &
	fwd_pid=$!
	exec 3>"$work/in"
	wait_for "alert_fwd" "$fwctl" alert status
}

stop() {
	kill "-$1" "$fwd_pid"
	wait "$fwd_pid" || true
	fwd_pid=
}

# put COUNT[:LEVEL[:AGE]] FORM
put() {
	echo "$*" >&3
}

# list FILTER [OPTION...]: of all that are kept, what jq says
list() {
	local filter=$1
	shift
	"$fwctl" alert list --json "$@" | jq -rs "$filter"
}

has() {
	[ "$(list length --all)" = "$1" ]
}

refuses() {
	local text=$1
	shift
	! "$fwctl" "$@" >"$work/said" 2>&1 || fail "fwctl $* was not refused"
	grep -qE -- "$text" "$work/said" ||
		fail "fwctl $*: $(cat "$work/said")"
}

mkdir "$work/state"
start alert_file="$work/alerts" alert_syslog="$work/nobody"
is "alerts at the start" 0 "$(list length)"

# What is posted, and where to, goes to a sender; of a URL in a file only the name.
cat >"$work/sender" <<-EOF
	#!/bin/sh
	exec cat >"$work/order"
EOF
chmod 755 "$work/sender"
refuses 'expected --to URL or --to-file FILE' alert forward
refuses 'expected --to URL or --to-file FILE' alert forward \
	--to https://a.example/ --to-file "$work/url"
begin_forward() {
	rm -f "$work/order"
	PORTCULLIS_SENDER=$work/sender "$fwctl" alert forward \
		--to-file "$work/url" --template "$work/body" &
	forward=$!
	others+=("$forward")
	wait_for "the order" grep -q '^$' "$work/order"
}
end_forward() {
	kill "$forward"
	wait "$forward" || fail "alert forward ended with $?"
}
begin_forward
is "what the sender is told" "url-file $work/url
template $work/body" "$(sed '/^$/,$d' "$work/order")"
end_forward

"$fwctl" alert watch --json --count 3 >"$work/watched" &
others+=($!)
put 1 "curl http://192.0.2.9/%.sh"
watches() {
	[ -s "$work/watched" ] || { put 1 "curl http://192.0.2.9/%.sh"; false; }
}
wait_for "an alert" watches
put 3 "curl http://192.0.2.9/%.sh"
wait_for "the end of a watch" eval '[ "$(wc -l <"$work/watched")" = 3 ]'
is "rule of what was watched" test "$(jq -rs '.[0].rule.id' "$work/watched")"
[ "$("$fwctl" alert list | wc -l)" -gt 4 ] || fail "the list is short"
is "with --lines" "2 true" "$(list "\"\(length) \(map(.seq) == (map(.seq) | sort | reverse))\"" --lines 2)"
echo "ok: told, and kept"

id=$(list '.[0].id')
"$fwctl" alert ack "${id:0:12}" --reason "mine" >"$work/said"
grep -q "^alert $id: acknowledged by uid $(id -u) at .*: mine\$" "$work/said" ||
	fail "ack says $(cat "$work/said")"
is "state" acknowledged "$(list '.[0].state')"
"$fwctl" alert resolve "$id" >/dev/null
is "state" resolved "$(list '.[0].state' --all)"
is "note" mine "$(list '.[0].note' --all)"
is "those that are resolved, in the list" 0 \
	"$(list 'map(select(.state == "resolved")) | length')"
refuses "is resolved" alert ack "$id"
refuses "no alert has an id that begins" alert show ffffffffffffffff
refuses "the id of an alert" alert show nothing
"$fwctl" alert show "$id" | grep -q '^process.executable  *"\?/bin/test' ||
	fail "show says $("$fwctl" alert show "$id")"
mapfile -t ids < <(list '.[0:2][].id')
refuses 'no alert has an id that begins with "f{16}"' \
	alert ack "${ids[0]}" ffffffffffffffff "${ids[1]}"
is "states of the others" "acknowledged acknowledged" \
	"$(list '[.[0:2][].state] | join(" ")')"
"$fwctl" alert resolve "${ids[@]}" --json | jq -es 'length == 2 and
	all(.state == "resolved")' >/dev/null || fail "two are not resolved"
echo "ok: acknowledged, resolved, shown"

before=$(list length --all)
is "lines of the file" "$before" "$(wc -l <"$work/alerts")"
jq -e .event.id "$work/alerts" >/dev/null || fail "the file is not JSON"
mv "$work/alerts" "$work/alerts.1"
kill -HUP "$fwd_pid"
put 1 "nc 192.0.2.1 %"
wait_for "the new file" test -s "$work/alerts"
is "lines of the new file" 1 "$(wc -l <"$work/alerts")"
is "lost by syslog" "$((before + 1))" \
	"$("$fwctl" alert status --json | jq '.outlets[] |
		select(.outlet == "syslog").lost')"
"$fwctl" alert status | grep -q '^syslog .* lost, last: No such file' ||
	fail "status says $("$fwctl" alert status)"
echo "ok: a file that was moved, and a loss that is counted"

stop KILL
start
is "after a kill" "$((before + 1))" "$(list length --all)"
is "state after a kill" resolved \
	"$(list "map(select(.id == \"$id\"))[0].state" --all)"
put 1 "nc 192.0.2.1 %"
wait_for "one more" has "$((before + 2))"
stop TERM
start
is "after a stop" "$((before + 2))" "$(list length --all)"
echo "ok: kept over a kill and a stop"

# as many at once as there is room for on a machine that does not get to them
told() {
	[ "$("$fwctl" alert status --json |
		jq '[.outlets[0] | .told + .lost] | add')" = "$1" ]
}
for i in $(seq 34); do
	put 250 "cat /tmp/tmp.x9Kq%Zw"
	put 50 "ping -c % host"
	[ $((i % 10)) != 0 ] || wait_for "$((i * 300)) alerts" told $((i * 300))
done
wait_for "10200 alerts" told 10200
is "lost of a flood" 0 "$("$fwctl" alert status --json | jq '.outlets[0].lost')"
"$fwctl" alert list --pattern --json --all >"$work/patterns"
is "kept of a flood" 10000 "$(jq -s 'map(.alerts) | add' "$work/patterns")"
is "patterns" "ping -c <n> host|1700
cat /tmp/<tmp>|8300" "$(jq -r '"\(.text | sub("^exec /bin/test "; "") |
	sub(" <ip> 443$"; ""))|\(.count)"' "$work/patterns")"
echo "ok: 10,200 alerts are two patterns, and 10,000 are kept"

# Bounds are of what is asked for, which is looked for among all that are kept.
put 2:4:7200 "late %"
put 3:1:7200 "late %"
put 4:0 "soon %"
put 300 "cat %"
wait_for "309 alerts more" told 10509
is "critical ones" 2 "$(list length --all --level critical)"
is "the newest of them" critical "$(list '.[].level' --level critical --lines 1)"
is "low ones and above" 9996 "$(list length --all --level low)"
is "those of the last hour" 9995 "$(list length --all --since 1h)"
is "those since a moment" 9995 "$(list length --all \
	--since "$(date -u -d '1 hour ago' '+%Y-%m-%d %H:%M')")"
is "both" 9991 "$(list length --all --since 1h --level low)"
is "patterns of both" "" "$("$fwctl" alert list --all --pattern --json \
	--since 1h --level low | jq -r 'select(.text | test("late|soon")).text')"
ask() {
	python3 -c 'import socket, struct, sys
fwd = socket.socket(socket.AF_UNIX)
fwd.connect(sys.argv[1])
fwd.sendall(struct.pack("!I", len(sys.argv[2])) + sys.argv[2].encode())
size = struct.unpack("!I", fwd.recv(4, socket.MSG_WAITALL))[0]
print(fwd.recv(size, socket.MSG_WAITALL).decode())' "$PORTCULLIS_SOCKET" "$1"
}
is "what fwd says of a level that is none" \
	'"level": expected informational, low, medium, high or critical' \
	"$(ask '{"v": 1, "do": "alert-list", "level": "loud"}' | jq -r .error)"
is "what fwd says of a time that is none" \
	'"since": expected a whole number from 0 to 9223372036854775807' \
	"$(ask '{"v": 1, "do": "alert-list", "since": "1h"}' | jq -r .error)"
echo "ok: of a level, and since a time"

# What comes from its beginning on goes to the sender, each alert once.
stop TERM
rm -r "$work/state" "$work/alerts"
mkdir "$work/state"
start alert_file="$work/alerts"
begin_forward
forwarded() {
	sed '1,/^$/d' "$work/order"
}
forwards() {
	[ -n "$(forwarded)" ] || { put 1 "wget http://192.0.2.8/%"; false; }
}
# all_come: from the first one on, given to it or told as lost for it.
all_come() {
	local first
	first=$(forwarded | sed -n 1p | jq -r .event.id)
	[ "$(forwarded | awk '$1 == "lost" { sum += $2 - 1 }
		END { print sum + NR }')" = \
		"$(sed -n "/$first/,\$p" "$work/alerts" | wc -l)" ]
}
wait_for "the first to be forwarded" forwards
# While it does not ask more come than are kept for who asks.
kill -STOP "$forward"
before=$(wc -l <"$work/alerts")
written() {
	[ "$(wc -l <"$work/alerts")" -ge $((before + $1)) ]
}
for i in $(seq 20); do
	put 250 "wget http://192.0.2.8/%"
	# the file is not to be overtaken as well
	[ $((i % 10)) != 0 ] || wait_for "$((i * 250)) alerts" written $((i * 250))
done
kill -CONT "$forward"
wait_for "the rest of them" all_come
put 3 "wget http://192.0.2.8/%"
wait_for "the last alert" eval '[ -n "$(tail -n 1 "$work/alerts" |
	jq -r .event.id | grep -f - "$work/order")" ]'
wait_for "three more" all_come
grep -qE '^lost [1-9]' "$work/order" || fail "no loss is forwarded"
is "alerts that were forwarded twice" "" \
	"$(forwarded | grep -v '^lost ' | jq -r .event.id | sort | uniq -d)"
end_forward
echo "ok: forwarded, and what was lost on the way"
