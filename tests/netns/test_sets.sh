#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_sets.sh BUILD_DIR - what is told of packets and of changes.
#
# Packets are counted by reason and set, and seen by watch; why names the
# evidence; the log says who did what; a backup brings everything back, and a
# damaged one nothing.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_sets.sh BUILD_DIR}"

# by_set NAME, by_reason NAME: packets counted.
by_set() {
	ask ".sets[] | select(.set == \"$1\").packets" counters
}

by_reason() {
	ask ".reasons[] | select(.reason == \"$1\").packets" counters
}

has_counted() {
	[ "$(by_set "$1")" = "$2" ]
}

# sends_counted SOURCE SET REASON: twenty packets, and both counts show them.
sends_counted() {
	local set reason
	set=$(by_set "$2")
	reason=$(by_reason "$3")
	send "$1" 20
	wait_for "exactly $((set + 20)) packets of set $2" \
		has_counted "$2" $((set + 20))
	[ "$(by_reason "$3")" -ge $((reason + 20)) ] ||
		fail "packets for reason $3: $(by_reason "$3"), before $reason"
}

fwd_start
does attach wan0 --mode native
# neighbours find each other before anything is counted
in_internet ping -c 3 -W 20 -I $listed4 $own4 >/dev/null ||
	fail "$own4 is not reached from $listed4"
in_internet ping -c 3 -W 20 $own6 >/dev/null || fail "$own6 is not reached"

does set new trial --action shadow
does set add trial 203.0.113.0/24 2001:db8:bad::/48
sends_counted $listed4 trial shadow
sends_counted $listed6 trial shadow
does block $listed4 --reason "scan of port 22" --for 1h
sends_counted $listed4 block listed
does set new feed
does set add feed $listed6
sends_counted $listed6 feed listed
# of two sets with one action, the one with the lower number counts
does set add feed $listed4
sends_counted $listed4 block listed
does allow $listed4
sends_counted $listed4 allow allowed
does set del allow $listed4
sends_counted $listed4 block listed
does set new trial --action drop
does set del feed $listed6
sends_counted $listed6 trial listed
echo "ok: counted"

# watch starts from now, so packets are sent until it has seen enough. Those
# from before that fwd had not read yet come first, once.
has_seen() {
	send $listed4 5
	! kill -0 "$watcher" 2>/dev/null
}
expected="wan0 listed block $listed4 $own4 17 7000"
for _ in 1 2; do
	"$fwctl" --json watch --count 3 >"$work/seen" 2>&1 &
	watcher=$!
	others+=("$watcher")
	wait_for "watch" has_seen
	wait "$watcher" ||
		fail "watch ended with $?: $(cat "$work/seen")"
	facts=$(jq -r '"\(.iface) \(.reason) \(.set) \(.src) \(.dst) " +
		"\(.proto) \(.dport)"' "$work/seen" | sort -u)
	[ "$facts" != "$expected" ] || break
done
is "what watch saw" "$expected" "$facts"

# The same without an end, for people.
"$fwctl" watch >"$work/seen" 2>&1 &
others+=($!)
has_told() {
	send $listed4 5
	grep -q "wan0 .*listed .*block .*$listed4" "$work/seen"
}
wait_for "watch for people: $(cat "$work/seen")" has_told
end "${others[-1]}"
unset 'others[-1]'
echo "ok: watched"

# As many a second as the configuration asks for, none lost on the way; a
# watcher follows, unless the machine has no time for it.
echo "events_per_second: 5000" >>"$work/fwd.yml"
kill -HUP "$fwd_pid"
mapfile -t pairs < <(yes "$own4,$listed4" | head -n 60)
in_background "$internet" python3 "$top/tests/support/send_udp.py" "${pairs[@]}"
follows() {
	"$fwctl" watch --count 8000 >/dev/null 2>"$work/seen" ||
		fail "watch: $(cat "$work/seen")"
	[ ! -s "$work/seen" ]
}
follows || follows || follows || fail "watch does not follow: $(
	cat "$work/seen")"
is "events lost on the way" 0 "$(ask .events.lost status)"
end "${others[-1]}"
unset 'others[-1]'
echo "ok: watched closely"

does why $listed4
said "$listed4: drop"
said "block .*drop .*$listed4 .*operator .*scan of port 22"
said "trial .*drop .*203.0.113.0/24"
said "feed .*drop"
is "order of what covers an address" "32 32 24" "$(ask \
	'[.claims[].prefix | if contains("/") then sub(".*/"; "") else "32" end] |
	join(" ")' why $listed4)"
does why 192.0.2.1
said "in no set"

does log -n 5
said "add block|set trial|del feed"
is "newest line of the log" "del feed: $listed6" "$(ask .text log -n 1)"
is "who" 0 "$(ask .uid log -n 1)"
is "numbers of lines have no gap" "$(ask .seq log -n 1)" \
	"$(ask .seq log -n 1000 | wc -l)"
echo "ok: told"

# A member that is added again keeps its reason, and its end only if told so.
does block $listed4
said "had an end, and now has none"
is "reason of what was added again" "scan of port 22 0" "$(ask \
	'.claims[] | select(.set == "block") | "\(.reason) \(.expires)"' \
	why $listed4)"
does block $listed4 --reason "another" --for 1h
is "reason that was given" another \
	"$(ask '.claims[] | select(.set == "block").reason' why $listed4)"
later=$(date -u -d "+30 days" +%FT18:00:00Z)
does block $listed4 --reason "scan of port 22" --until "$later"
is "journal of what ends" \
	"add block: $listed4 until $later: scan of port 22" \
	"$("$fwctl" --json log -n 1 | jq -r .text)"
entries=$(ask .store.journal_seq status)
does unblock 203.0.113.200
said "removed 0, absent 1"
is "journal after no change" "$entries" "$(ask .store.journal_seq status)"
does unblock 203.0.113.200 203.0.113.201
does block 203.0.113.201
does unblock 203.0.113.200 203.0.113.201
is "journal of one change" "del block: 203.0.113.201" \
	"$("$fwctl" --json log -n 1 | jq -r .text)"
does set new other
does set add other 192.0.2.202
does block 192.0.2.202
does unblock 192.0.2.202
said "192.0.2.202 is still dropped: .fwctl why 192.0.2.202. says by what"
does set drop other
does block 192.0.2.202
does unblock 192.0.2.202
! grep -q "still dropped" "$work/said" || fail "nothing drops it: $(cat "$work/said")"
echo "ok: added again"

# A backup is everything; what came after it goes.
everything() {
	"$fwctl" backup - 2>/dev/null
}
everything >"$work/before"
does backup "$work/saved"
does set drop trial
does set drop feed
does set new later
does set add later 192.0.2.0/24
does unblock $listed4
does set add management 192.0.2.200
for damage in half byte text; do
	case $damage in
	half) head -c $(($(wc -c <"$work/saved") / 2)) "$work/saved" ;;
	byte) sed 's/203\.0\.113\.0/203.0.112.0/; s/scan/sCan/' "$work/saved" ;;
	text) cat "$work/saved" && echo more ;;
	esac >"$work/damaged"
	! cmp -s "$work/saved" "$work/damaged" || fail "no damage: $damage"
	everything >"$work/now"
	refuses "not a backup, nothing was changed" restore "$work/damaged"
	everything | cmp - "$work/now" || fail "changed by a backup with: $damage"
done
refuses "not a backup" restore "$fwctl"
is "verdict before the restore" pass "$(verdict $listed4)"
does restore "$work/saved"
said "management: 1 members that the backup does not have stay"
does set del management 192.0.2.200
everything | diff "$work/before" - || fail "a restore is not the backup"
refuses 'no set is called "later"' set show later
is "verdict after the restore" drop "$(verdict $listed4)"
sends_counted $listed4 block listed
sends_counted $listed6 trial listed
fwd_kill
fwd_start
everything | diff "$work/before" - || fail "a restore did not last"
is "verdict after kill -9" drop "$(verdict $listed4)"

# A set that is asked for while a restore goes on is made when it is over, so
# it is not lost with what was there before, and takes the number of no other.
for net in {0..59}; do
	seq -f "10.1.$net.%g" 0 249
done >"$work/list"
does set import big "$work/list"
does backup "$work/large"
does set drop big
"$fwctl" restore "$work/large" >"$work/restored" 2>&1 &
restoring=$!
is_busy_or_over() {
	[ "$(ask '.sets[0].busy' set list)" = true ] ||
		! kill -0 $restoring 2>/dev/null
}
wait_for "a restore that goes on" is_busy_or_over
does set new mine --action allow
wait $restoring || fail "restore: $(cat "$work/restored")"
is "verdict on a member" drop "$(verdict 10.1.7.1)"
does set show mine
fwd_kill
fwd_start
does set show mine
is "verdict on a member after a start" drop "$(verdict 10.1.7.1)"
does restore "$work/saved"

# One that is stored but cannot judge, here for want of descriptors for new
# maps: numbers of sets may mean others in the store now, so none is changed.
free=0
for ((limit = 0; free < 3; limit++)); do
	[ -e "/proc/$fwd_pid/fd/$limit" ] || free=$((free + 1))
done
does set new feed-x --action allow
prlimit --pid "$fwd_pid" --nofile="$limit:"
refuses "it is stored: restart fwd" restore "$work/saved"
prlimit --pid "$fwd_pid" --nofile=1024:
has_alert "restore is stored that does not judge" ||
	fail "no alert for a restore that does not judge"
refuses "restart fwd, or restore again" block 203.0.113.210
refuses "restart fwd, or restore again" set add feed-x 203.0.113.210
refuses "restart fwd, or restore again" set new feed-y
printf 'version: 1\n' >"$work/firewall.yml"
refuses "restart fwd, or restore again" policy apply "$work/firewall.yml"
does status
does restore "$work/saved"
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"
does block 203.0.113.210
does unblock 203.0.113.210

# What management covers comes back too.
does set add management 203.0.113.0/24 192.0.2.0/24
does backup "$work/covered"
everything >"$work/before"
does restore "$work/covered"
everything | diff "$work/before" - || fail "a restore is not the backup"
does set add management $listed4
does restore "$work/saved"
is "verdict on what is management still" allow "$(verdict $listed4)"
does set del management 203.0.113.0/24 192.0.2.0/24 $listed4
does restore "$work/saved"
is "verdict on what was management" drop "$(verdict $listed4)"

# On another machine, whose own address is in it, that is left out.
ip -n "$gateway" addr add $listed4/32 dev wan0
wait_for "alert" has_alert "$listed4"
is "left out of a restore" "3" "$(ask .guarded restore "$work/saved")"
does restore "$work/saved"
said "left out as protected: 3"
said "set .*: $listed4 .*address of wan0"
is "verdict on what is ours now" pass "$(verdict $listed4)"
fwd_stop
echo "ok: saved and restored"
