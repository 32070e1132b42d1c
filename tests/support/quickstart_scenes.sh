# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quickstart_scenes.sh - what ./quickstart plays, and what it expects of it.
#
# Sourced by ./quickstart. Every figure is the difference of two snapshots of
# the firewall's counters and of what the server in the LAN has received. A
# scene adds its row to $scratch/rows, and to `broken` a sentence for each
# promise that was not kept.
#
# shellcheck disable=SC2034,SC2154 # names are shared with who sources this

FLOOD_S=3
FLOOD_WATCHED_S=1

traffic() { timeout 120 /usr/bin/python3 tests/support/quickstart_traffic.py "$@"; }

from_internet() {
	in_ns internet timeout 120 /usr/bin/python3 \
		tests/support/quickstart_traffic.py "$@"
}

# field NAME: of the JSON object on standard input.
field() { jq -r ".$1"; }

snapshot() {
	local lan
	lan=$(traffic ask "$scratch/server.sock") ||
		die "the LAN's server does not answer"
	"$fwctl" counters --json | jq --argjson lan "$lan" '
		{lan: $lan, sets: (.sets | map({key: .set, value: .packets})
			| from_entries),
		passed: (.reasons | map(select(.action == "pass" and
			.reason != "not-ip") | .packets) | add),
		drops: (.reasons | map(select(.action == "drop")
			| {key: .reason, value: .packets}) | from_entries)}' \
		>"$scratch/$1.json" || die "fwctl counters failed"
}

# What moved from snapshot "before" to "after".
compare() {
	snapshot after
	read -r passed dropped tcp_clean tcp_listed udp_clean udp_listed why < <(
		jq -rs '
		def moved(f): (.[1] | f // 0) - (.[0] | f // 0);
		def grown(f): (.[0] | f) as $old | .[1] | f | to_entries
			| map(select(.value > ($old[.key] // 0)) | .key);
		[moved(.passed), moved(.drops | add), moved(.lan.tcp_clean),
		moved(.lan.tcp_listed), moved(.lan.udp_clean),
		moved(.lan.udp_listed), (grown(.drops) | join(", "))
		+ (grown(.sets) | if length > 0 then
			", set " + join(", ") else "" end)] | map(tostring)
		| join(" ")' "$scratch/before.json" "$scratch/after.json")
}

# expect SENTENCE TEST...: the sentence says what is wrong.
expect() { "${@:2}" || broken+=("$1"); }

# row WHAT FROM SENT ARRIVED DROPPED WHY SPEED COST
row() { (IFS=$'\t'; echo "$*") >>"$scratch/rows"; }

# Nearly all of it: a queue on the way may lose some where many machines share
# a processor, and the rest of the row says how many.
nearly() { [ $(($1 * 100)) -ge $(($2 * 98)) ]; }

# The same datagrams with no firewall in the way: the road is open.
scene_open() {
	progress "without the firewall"
	snapshot before
	sent=$(from_internet udp "$SERVER" "$PORT" "$scratch/listed" 5 |
		field sent) || die "cannot send"
	compare
	row "UDP, not attached yet" "$sources listed" "$sent" "$udp_listed" \
		"$dropped" "no firewall there" - -
	expect "of $sent datagrams, $udp_listed arrived without a firewall" \
		nearly "$udp_listed" "$sent"
}

scene_attach() {
	progress "attach and import"
	attach_said=$("$fwctl" attach wan0) || die "attach was refused"
	"$fwctl" set import ipsum "$list" --json >"$scratch/import.json" \
		2>"$scratch/import.err" || {
		cat "$scratch/import.err" >&2
		die "the import was refused"
	}
	entries=$(field added <"$scratch/import.json")
	import_ms=$(jq '(.parse_us + .commit_us + .apply_us) / 1000 | round' \
		"$scratch/import.json")
	program_id=$("$fwctl" status --json | jq -r \
		'.gates[] | select(.iface == "wan0" and .verified) |
		.program_id')
	expect "status cannot verify the gate at wan0" [ -n "$program_id" ]
	expect "only $entries addresses were imported" \
		[ "$entries" -ge 100000 ]
	worst=$(head -n 1 "$scratch/listed")
	why_said=$("$fwctl" why "$worst") || die "fwctl why $worst failed"
}

scene_clean() {
	progress "clean sources"
	snapshot before
	made=$(from_internet tcp "$SERVER" "$PORT" "$scratch/clean" |
		field answered) || die "cannot send"
	compare
	row "TCP connections" "$sources clean" "$sources" "$made" "$dropped" \
		"not listed" - -
	expect "only $made of $sources clean connections were answered" \
		[ "$made" = "$sources" ]
	expect "$dropped packets of clean sources were dropped" \
		[ "$dropped" = 0 ]

	snapshot before
	sent=$(from_internet udp "$SERVER" "$PORT" "$scratch/clean" 5 |
		field sent) || die "cannot send"
	compare
	row "UDP datagrams" "$sources clean" "$sent" "$udp_clean" "$dropped" \
		"not listed" - -
	expect "$udp_clean of $sent clean datagrams arrived" \
		nearly "$udp_clean" "$sent"
	expect "$udp_clean datagrams arrived, but $passed were let through" \
		[ "$udp_clean" = "$passed" ]
	expect "$dropped packets of clean sources were dropped" \
		[ "$dropped" = 0 ]
}

scene_listed() {
	progress "listed sources"
	snapshot before
	made=$(from_internet tcp "$SERVER" "$PORT" "$scratch/listed" |
		field answered) || die "cannot send"
	compare
	row "TCP connections" "$sources listed" "$sources" \
		$((tcp_listed > made ? tcp_listed : made)) "$dropped" "$why" - -
	expect "$made connections from listed sources were answered" \
		[ "$made$tcp_listed" = 00 ]
	expect "$passed packets of listed sources were let through" \
		[ "$passed" = 0 ]
	expect "$dropped first packets were dropped, not $sources" \
		nearly "$dropped" "$sources"

	snapshot before
	sent=$(from_internet udp "$SERVER" "$PORT" "$scratch/listed" 5 |
		field sent) || die "cannot send"
	compare
	row "UDP datagrams" "$sources listed" "$sent" "$udp_listed" \
		"$dropped" "$why" - -
	expect "$udp_listed datagrams from listed sources arrived" \
		[ "$udp_listed$passed" = 00 ]
	expect "$dropped of $sent datagrams were dropped" \
		nearly "$dropped" "$sent"
}

scene_live() {
	progress "a live connection"
	local said
	talker=$(tail -n 1 "$scratch/clean")
	snapshot before
	said=$(from_internet live "$SERVER" "$PORT" "$talker" "$fwctl") ||
		die "the live connection failed"
	compare
	read -r live_before live_said live_while live_after live_total \
		live_answered live_block_ms live_enforced_us live_resumed_ms < <(
		jq -r '[.before, .said_while, .while, .after, .said, .answered,
			.block_ms, (.enforced_us | round), .resumed_ms] |
			map(tostring) | join(" ")' <<<"$said")
	row "live TCP, while blocked" "$talker" "$live_said lines" \
		"$live_while" "$dropped packets" "$why" \
		"in $live_enforced_us us" -
	expect "the live connection did not talk" [ "$live_before" -gt 0 ]
	expect "$live_while lines of a blocked connection were answered" \
		[ "$live_while" = 0 ]
	expect "nothing of the blocked connection was dropped" \
		[ "$dropped" -gt 0 ]
	expect "the connection did not go on when unblocked" \
		[ "$live_after" -gt 0 ]
	expect "$live_answered of $live_total lines were answered in the end" \
		[ "$live_answered" = "$live_total" ]
}

flood() {
	in_ns internet timeout 60 "$build_dir/tests/netns/flood" inet0 \
		"$WAN_MAC" "$SERVER" "$PORT" "$list" "$scratch/clean" "$@" ||
		die "the flood failed"
}

# First as fast as it goes; then again, with the kernel taking the time of
# each run of the program, which itself takes time.
scene_flood() {
	progress "flood"
	local said clean lost
	snapshot before
	said=$(flood "$FLOOD_S") || exit
	compare
	read -r sent clean flood_us < <(jq -r '"\(.sent) \(.clean) \(.us)"' \
		<<<"$said")
	expect "$udp_listed datagrams of the flood's listed sources arrived" \
		[ "$udp_listed" = 0 ]
	expect "$udp_clean clean datagrams arrived, but $passed were let through" \
		[ "$udp_clean" = "$passed" ]
	expect "no clean datagram came through the flood" [ "$udp_clean" -gt 0 ]
	expect "only $dropped of the flood's datagrams were dropped" \
		[ "$dropped" -gt 10000 ]
	lost=$((sent - dropped - passed))
	flood_lost=$lost flood_rate=$((dropped * 1000 / flood_us))
	flood_sent=$((sent - clean)) flood_arrived=$udp_listed flood_why=$why
	clean_sent=$clean clean_arrived=$udp_clean
	# drops are not told apart; beyond what is listed they were clean
	clean_dropped=$((dropped > flood_sent ? dropped - flood_sent : 0))
	flood_dropped=$((dropped - clean_dropped))
	expect "$clean_dropped clean datagrams of the flood were dropped" \
		[ "$clean_dropped" = 0 ]

	progress "flood, by the clock"
	snapshot before
	said=$(flood "$FLOOD_WATCHED_S" "$program_id") || exit
	compare
	read -r runs run_ns < <(jq -r '"\(.runs) \(.run_ns)"' <<<"$said")
	expect "the program ran $runs times for $((dropped + passed)) packets" \
		nearly "$runs" $((dropped + passed))
	expect "$udp_listed datagrams of the flood's listed sources arrived" \
		[ "$udp_listed" = 0 ]
	flood_ns=$((runs > 0 ? run_ns / runs : 0))
	row "UDP flood" "$entries listed" "$flood_sent" "$flood_arrived" \
		"$flood_dropped" "$flood_why" "$flood_rate k/s" "$flood_ns ns each"
	row "  clean UDP within it" "$sources clean" "$clean_sent" \
		"$clean_arrived" "$clean_dropped" "not listed" - -
}

scenes() {
	: >"$scratch/rows"
	scene_open
	scene_attach
	scene_clean
	scene_listed
	scene_live
	scene_flood
}
