#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_capture.sh BUILD_DIR - packets that are really dropped, captured, and
# what tshark reads of them.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_capture.sh BUILD_DIR}"
command -v tshark >/dev/null || skip "tshark is not installed"

document=$work/firewall.yml
capture=$work/capture.pcapng
capturer=

# fields FILTER FIELD...: of the packets of the capture that match.
fields() {
	local filter=$1 field options=()
	shift
	for field; do
		options+=(-e "$field")
	done
	tshark -r "$capture" -Y "$filter" -T fields "${options[@]}" 2>/dev/null
}

# capture_start OPTION...: in the background, until it is under way.
capture_start() {
	local before
	before=$(grep -c 'capture: begun' "$work/log" || true)
	"$fwctl" capture "$@" >"$work/captured" 2>"$work/ending" &
	capturer=$!
	others+=("$capturer")
	wait_for "the capture" has_begun $((before + 1))
}

has_begun() {
	[ "$(grep -c 'capture: begun' "$work/log")" -ge "$1" ]
}

# has_bytes COUNT: of the capture's file.
has_bytes() {
	[ "$(stat -c %s "$capture")" -ge "$1" ]
}

# went_away COUNT: so many captures ended as their client went away.
went_away() {
	[ "$(grep -c 'capture: ended .*went away' "$work/log")" -ge "$1" ]
}

# The map that tells the packet path what to capture.
map_of_capture() {
	local ours
	ours=$(bpftool -j prog show pinned "$pins/live/program" | jq .map_ids)
	bpftool -j map show | jq --argjson ours "$ours" \
		'.[] | select(.name == "capture" and (.id | IN($ours[]))).id'
}

# What of packets may be copied, and of the last capture is left to be.
credit() {
	bpftool -j map dump id "$map" | jq -c '.[0].value[0:16]'
}

# client WAY: a capture by another client.
client() {
	timeout 60 python3 "$here/../support/capture_client.py" "$1" \
		"$PORTCULLIS_SOCKET"
}

capture_end() {
	local status=0
	wait "$capturer" || status=$?
	is "the status of the capture" 0 "$status"
}

fwd_start
does attach wan0
does block "$listed4" --reason scan
does block "$listed6"
cat >"$document" <<-END
	version: 1
	zones: {wan: [wan0]}
	rules:
	  - {id: trial, action: drop, in: wan, shadow: true, protocol: udp,
	     source: $clean4}
	  - {id: no-udp, action: drop, in: wan, protocol: udp,
	     source: $clean4}
	  - {id: fine, action: pass, in: wan, protocol: icmp, source: $clean4}
END
does policy apply "$document"

# What a set drops, by its source, as many as were asked for.
capture_start --src "$listed4/24" --count 3 -w "$capture"
send "$clean4" 5
send "$listed4" 10
capture_end
is "packets" 3 "$(fields frame frame.number | wc -l)"
is "sources" "$listed4" "$(fields frame ip.src | sort -u)"
is "comments" "reason=listed set=block" \
	"$(fields frame frame.comment | sort -u)"
is "interfaces" wan0 "$(fields frame frame.interface_name | sort -u)"
is "directions" 1 \
	"$(fields frame frame.packet_flags_direction | sort -u | sed 's/0x0*//')"
is "the file's mode" 600 "$(stat -c %a "$capture")"
grep -q '3 packets captured, 0 lost' "$work/ending" ||
	fail "the last line: $(cat "$work/ending")"

# A file is emptied once the capture is agreed to, and not before.
head -c 100000 /dev/zero >"$capture"
refuses 'no rule "nosuch"' capture --rule nosuch -w "$capture"
refuses '"fine" drops nothing, its action is pass' \
	capture --rule fine -w "$capture"
is "what a refused capture leaves" 100000 "$(stat -c %s "$capture")"
refuses 'whole number from 1 to 16384' capture --snaplen 16385

# What a rule drops, by its id, cut, with the rule in shadow before it.
capture_start --rule no-udp --count 2 --snaplen 42 -w "$capture"
send "$listed4" 5
send "$clean4" 2
capture_end
is "comments" "reason=rule-drop rule=no-udp shadow=trial" \
	"$(fields frame frame.comment | sort -u | sed 's/ set=.*//')"
is "kept" 42 "$(fields frame frame.cap_len | sort -u)"
! has_bytes 100000 || fail "the file was not emptied"

# With packets on standard output, what is told of them is not there.
capture_start --src "$listed4" --count 2 -w - --json
send "$listed4" 2
capture_end
mv "$work/captured" "$capture"
is "packets on stdout" 2 "$(fields frame frame.number | wc -l)"
is "the sum beside them" "all that was asked for is there" \
	"$(sed '/^fwctl/d' "$work/ending" | jq -r 'select(.ok).end')"

# Without a file, a line says what the packet is.
capture_start --src "$listed4" --count 1
send "$listed4" 1
capture_end
grep -Eq " udp $listed4:[0-9]+ > [0-9.]+:[0-9]+" "$work/captured" ||
	fail "the line of a packet: $(cat "$work/captured")"
grep -q 'under way' "$work/ending" || fail "nothing says that it is under way"

# Told to end, it says what was lost, also while packets come.
send_all
capture_start --src "$listed4" -w "$capture"
wait_for "packets" has_bytes 4000
kill -INT "$capturer"
capture_end
grep -Eq ' lost .*: interrupted$' "$work/ending" ||
	fail "the last line: $(cat "$work/ending")"

# Nobody who does not read, or cannot, is in the way of the next one.
answer=$(client listening)
[[ $answer == *"connected Unix socket"* ]] ||
	fail "a socket that listens: $answer"
client deaf >"$work/deaf" &
others+=($!)
deaf=$!
wait_for "the end of who does not listen" went_away 1
kill "$deaf"
wait "$deaf" 2>/dev/null || true
is "the end of who sends something" "the client asked for it" "$(client words)"
end "$sender"

# One at a time; it ends with its client, and nothing is copied afterwards.
send_all
capture_start -w "$capture"
wait_for "packets" has_bytes 2000
refuses 'captures already' capture --count 1 -w "$capture"
has_bytes 2000 || fail "a capture that was refused has emptied the file"
map=$(map_of_capture) # found before, as it would end by itself in a while
[ -n "$map" ] || fail "the capture has no map"
kill -KILL "$capturer"
wait "$capturer" 2>/dev/null || true
wait_for "the end of the capture" went_away 2
before=$(credit)
sleep 0.3
is "what may be copied" "$before" "$(credit)"
end "$sender"

# A flood is cut by the rate, and what was lost is said.
sed -i '/captured_per_second/d' "$work/fwd.yml"
echo "captured_per_second: 5" >>"$work/fwd.yml"
kill -HUP "$fwd_pid"
wait_for "the reload" grep -q 'reload: done' "$work/log"
capture_start -w "$capture"
send "$listed4" 500
kill -INT "$capturer"
capture_end
shown=$(fields frame frame.number | wc -l)
lost=$(sed -En 's/.* ([0-9]+) lost .*/\1/p' "$work/ending")
is "captured and lost" 500 $((shown + lost))
[ "$lost" -gt 400 ] || fail "of 500 at once, $shown were captured"
# the statistics of the interface say the same
is "lost in the file" "$lost" "$(python3 - "$capture" <<-'END'
	import struct, sys
	data = open(sys.argv[1], "rb").read()
	at = 0
	while at < len(data):
	    kind, length = struct.unpack_from("<II", data, at)
	    option = at + 20
	    while kind == 5 and option < at + length - 4:
	        code, size = struct.unpack_from("<HH", data, option)
	        if code == 5:
	            print(struct.unpack_from("<Q", data, option + 4)[0])
	        option += 4 + (size + 3) // 4 * 4
	    at += length
END
)"

# A set is not named by what has its number since a restore.
sed -i '/captured_per_second/d' "$work/fwd.yml"
kill -HUP "$fwd_pid"
has_reloaded() {
	[ "$(grep -c 'reload: done' "$work/log")" = 2 ]
}
wait_for "the second reload" has_reloaded
does unblock "$listed4"
does set new one
does set add one "$listed4"
has_captured() {
	[ "$(grep -c "\"set\":\"$1\"" "$work/captured")" -ge 50 ]
}
# more than once, as there may be no packet between the tables and the client
renamed() {
	local ending
	does backup "$work/saved"
	sed -i "s/^\(set [0-9]* \)$1 /\1$2 /" "$work/saved"
	seal "$work/saved"
	capture_start --src "$listed4" --json
	wait_for "packets" has_captured "$1"
	does restore "$work/saved"
	capture_end
	ending=$(cat "$work/ending")
	[[ $ending == *": other tables judge since a restore" ]] ||
		fail "the last line: $ending"
	! grep "\"set\":\"$2\"" "$work/captured" ||
		fail "packets from before the restore are of the set $2"
}
send_all
renamed one two
renamed two one
renamed one two
end "$sender"

fwd_stop
