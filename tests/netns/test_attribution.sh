#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_attribution.sh BUILD_DIR - from a packet that is dropped to the process
# whose it is.
#
# Of packets that come and packets that leave; told apart by port where two
# talk to one peer; ended, but known; of who listens; and with the alert of the
# detection that has blocked the peer. Without the sensor it says so.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_attribution.sh BUILD_DIR}"

count=500
mark=marked-$$
rules=$work/rules
mkdir "$rules"
cat >"$rules/odd.yml" <<-END
	version: 1
	rules:
	  - name: odd port
	    id: odd-1
	    event: connect
	    action: block
	    match: {port: 4444, command_line: "*$mark*"}
END
cat >>"$work/fwd.yml" <<-END
	detect_rules: $rules
	events_per_second: 5000
END
grep -q ' cgroup2 ' /proc/mounts ||
	skip "no control groups (version 2) are mounted"

# talker NAME ADDRESS PORT COUNT: so many connects that nobody answers, from
# ports of which the last is left in $work/NAME.port; then it waits for its end
# by end_talker(). Its pid is left in $talker.
talker() {
	mkfifo "$work/$1.end"
	nsenter --net="/run/netns/$gateway" python3 - "$2" "$3" "$4" \
		"$work/$1" "$mark" <<-'END' &
		import os, socket, sys, time
		peer, out = (sys.argv[1], int(sys.argv[2])), sys.argv[4]
		family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
		kept = []
		for _ in range(int(sys.argv[3])):
		    s = socket.socket(family, socket.SOCK_STREAM)
		    s.setblocking(False)
		    s.connect_ex(peer)
		    kept.append(s)
		    time.sleep(0.001)
		with open(out + ".new", "w") as f:
		    print(kept[-1].getsockname()[1], file=f)
		os.rename(out + ".new", out + ".port")
		open(out + ".end").read()
	END
	talker=$!
	others+=("$talker")
	wait_for "connects of $1" test -e "$work/$1.port"
}

end_talker() {
	: >"$work/$1.end"
	wait "$2" || fail "the talker $1 failed"
}

# whose FLOW: the process that why names.
whose() {
	ask '.process | "\(.how) \(.pid)"' why "$1"
}

# watch COMMAND...: what is dropped goes to $work/drops, a line each, from when
# the command has made a drop that is there.
watch() {
	: >"$work/drops"
	"$fwctl" watch --json >"$work/drops" 2>"$work/missed" &
	watcher=$!
	others+=("$watcher")
	wait_for "the first drop" sees_drop "$@"
}

sees_drop() {
	"$@"
	[ -s "$work/drops" ]
}

send_listed() {
	send $listed4 1
	send $listed6 1
}

# connects PORT: somebody else of the gateway's.
connects() {
	in_gateway python3 - $listed4 "$1" <<-'END'
		import socket, sys
		s = socket.socket()
		s.setblocking(False)
		s.connect_ex((sys.argv[1], int(sys.argv[2])))
	END
}

# drops FILTER: how many of those of TCP meet it.
drops() {
	jq -s "[.[] | select(.proto == 6) | select($1)] | length" "$work/drops"
}

has_drops() {
	[ "$(drops "$1")" -ge "$2" ]
}

# attributed FILTER PID: of $count and more, at least 99 of 100 are its.
attributed() {
	local all its
	wait_for "drops" has_drops "$1" $count
	end "$watcher"
	all=$(drops "$1")
	its=$(drops "($1) and .process.pid == $2 and .process.how == \"flow\"")
	echo "attributed: $its of $all"
	[ $((its * 100)) -ge $((all * 99)) ] ||
		fail "only $its of $all are given to $2: $(
			jq -c "select($1)" "$work/drops" | head -n 2)"
}

ip -n "$gateway" route add 2001:db8:bad::/48 via 2001:db8:51::2
fwd_start
does attach wan0
does block --reason "a scan" $listed4 $listed6
does why $listed4
said "the sensor is off"
does why "tcp $listed4:443 > $own4:51000"
said "^process: not known: the sensor is off"
said "verdict +drop"
said "a scan"
fwd_stop
echo "ok: without the sensor it says so"

echo 'sensor: true' >>"$work/fwd.yml"
fwd_start
does why $listed4
said "no process is known to have talked"
watch send_listed
talker first $listed4 443 $count
first=$talker
attributed ".src == \"$listed4\" and .direction == \"in\"" "$first"
first_port=$(cat "$work/first.port")
echo "ok: what comes is its process's"

watch send_listed
talker six $listed6 443 $count
attributed ".src == \"$listed6\"" "$talker"
end_talker six "$talker"
echo "ok: over IPv6 as well"

talker second $listed4 443 3
second=$talker
second_port=$(cat "$work/second.port")
is "flow of the first" "flow $first" \
	"$(whose "tcp $listed4:443 > $own4:$first_port")"
is "flow of the second" "flow $second" \
	"$(whose "tcp $listed4:443 > $own4:$second_port")"
is "the same, as it leaves" "flow $second" \
	"$(whose "tcp $own4:$second_port > $listed4:443")"
is "a flow of nobody" "unknown null" "$(whose "tcp $listed4:443 > $own4:1")"
is "a flow of another host" "unknown null" \
	"$(whose "tcp $listed4:443 > $clean4:$first_port")"
does why "tcp $listed4:443 > $own4:$second_port"
said "^process: /.*python3[^ ]* pid $second uid $(id -u)"
said "set block has dropped [1-9]"
is "the last talkers" "$second $first" \
	"$(ask '[.talks[].process.pid] | map(tostring) | join(" ")' \
		why $listed4)"
echo "ok: two with one peer are told apart"

end_talker second "$second"
ended() {
	[ "$(ask '.process.ended_us != null' \
		why "tcp $listed4:443 > $own4:$second_port")" = true ]
}
wait_for "the end of the second" ended
is "end of the first" null "$(ask '.process.ended_us' \
	why "tcp $listed4:443 > $own4:$first_port")"
does why $listed4
said "pid $second uid .*, ended"
end_talker first "$first"
echo "ok: who has ended is marked so"

# the first packet of a connection to who listens
in_background "$gateway" python3 -c 'import socket, time
s = socket.socket()
s.bind(("", 7443))
s.listen()
time.sleep(600)'
server=${others[-1]}
listens() {
	[ "$(ask .process.how why "tcp $listed4:1 > $own4:7443")" = listener ]
}
wait_for "who listens" listens
server=$(ask .process.pid why "tcp $listed4:1 > $own4:7443")
watch send_listed
in_internet python3 - $listed4 $own4 <<-'END'
	import socket, sys
	s = socket.socket()
	s.bind((sys.argv[1], 0))
	s.setblocking(False)
	s.connect_ex((sys.argv[2], 7443))
END
wait_for "a drop that is the server's" \
	has_drops ".process.pid == $server and .process.how == \"listener\"" 1
end "$watcher"
echo "ok: what comes to who listens is his"

# what leaves
does unblock $listed4
cat >"$work/firewall.yml" <<-END
	version: 1
	rules:
	  - {id: no-https, action: drop, out: any, protocol: tcp,
	     destination: $listed4, destination_port: 443}
END
does policy apply "$work/firewall.yml"
watch connects 443
talker third $listed4 443 $count
third_port=$(cat "$work/third.port")
# the first ones are of who began the watch
before=$(drops ".process.pid != $talker and .process.how == \"flow\"")
attributed ".direction == \"out\" and (.process.pid == $talker or
	.process.how != \"flow\")" "$talker"
[ "$before" -lt 20 ] || fail "$before drops are another's"
does why "tcp $own4:$third_port > $listed4:443 out wan0"
said "verdict +drop, .* by rule no-https"
said "^process: .* pid $talker uid"
end_talker third "$talker"
echo "ok: what leaves is its process's"

fwd_stop
echo 'detect_block: true' >>"$work/fwd.yml"
fwd_start
talker fourth $listed4 4444 1
is_blocked() {
	[ "$(verdict $listed4)" = drop ]
}
wait_for "the block" is_blocked
id=$(ask .id alert list | head -n 1)
is "alert of the block" "$id odd port odd-1" \
	"$(ask '.alert | "\(.id) \(.rule) \(.rule_id)"' why $listed4)"
does why "tcp $own4:$(cat "$work/fourth.port") > $listed4:4444"
said "^blocked by rule odd port: alert ${id:0:8} of "
said "^process: .* pid $talker uid"
end_talker fourth "$talker"

does unblock --set detected $listed4
talker fifth $listed4 4444 1
wait_for "the block" is_blocked
last=$(ask .id alert list | head -n 1)
[ "$last" != "$id" ] || fail "the second block has no alert"
is "alert of the second block" "$last $talker" "$(
	ask '.alert.id' why $listed4) $(
	ask '.claims[0].reason' why $listed4 | grep -o '[0-9]*)$' | tr -d ')')"
is "blocks" true "$(ask .alert.blocks why $listed4)"
does set new detected --action shadow
does why $listed4
said "^found by rule odd port: alert ${last:0:8} of .*, and not blocked by it"
does block $listed4 # whatever else drops it
is "blocks" "drop false" "$(
	ask '"\(.verdict) \(.alert.blocks)"' why $listed4)"
does unblock $listed4
does set new detected --action drop
does allow $listed4 # whatever else lets it through
is "blocks" "allow false" "$(
	ask '"\(.verdict) \(.alert.blocks)"' why $listed4)"
end_talker fifth "$talker"
fwd_stop
echo "ok: a block has its alert and its process"
