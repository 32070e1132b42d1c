#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_trial.sh BUILD_DIR - what comes in the way of a trial's end.
#
# A store that is busy or full, and changes of the sets that are on trial: a
# trial is confirmed or it is over, no set of either policy is lost, and nobody
# is left in the set management.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_trial.sh BUILD_DIR}"

document=$work/firewall.yml

# write_document MEMBERS [KEY...]: a set that drops, and more keys.
write_document() {
	printf 'version: 1\nzones: {wan: [wan0]}\n' >"$document"
	printf 'sets:\n  bad: {action: drop, members: [%s]}\n' "$1" \
		>>"$document"
	[ $# = 1 ] || printf '%s\n' "${@:2}" >>"$document"
}

# All sets but those that are always there.
names() {
	ask '[.sets[].name] | sort - ["allow", "block", "management"] |
		join(" ")' set list
}

has_names() {
	[ "$(names)" = "$1" ]
}

members() {
	ask .prefix set show bad | sort | xargs
}

# managers WHO: of these, in the set and protected by it; then in the store.
managers() {
	local of_set of_guard
	of_set=$(ask .prefix set show management | sort | xargs)
	of_guard=$(ask '.protected[] | select(.name == "set management") |
		.prefix' status | sort | xargs)
	is "the guard's members" "$of_set" "$of_guard"
	echo "$of_set"
}

# manage WHO...: the policy that adds them.
manage() {
	write_document "$listed4, 203.0.113.9" "management: [$*]"
}

# manages WHEN WHO: they, now and after a start.
manages() {
	is "$1: management" "$2" "$(managers)"
	fwd_kill
	fwd_start
	is "$1: management after a start" "$2" "$(managers)"
}

is_on_trial() {
	[ "$(ask .policy.trial status)" = true ]
}

is_over() {
	! is_on_trial
}

# hold_store, let_store_go: between the two no change is stored.
hold_store() {
	exec {held}< <(exec python3 "$top/tests/support/hold_store.py" \
		"$work/state")
	holder=$!
	others+=("$holder")
	read -r -t 60 -u "$held" line && [ "$line" = held ] ||
		fail "the store cannot be held"
}

let_store_go() {
	end "$holder"
	exec {held}<&-
}

# confirm_later N: asked for now, answered when the store is free.
confirm_later() {
	"$fwctl" policy confirm >"$work/confirm.$1" 2>&1 &
	confirms+=($!)
}

# confirms_are STATUS: of all of them.
confirms_are() {
	local pid status
	for pid in "${confirms[@]}"; do
		status=0
		wait "$pid" || status=$?
		is "status of a confirm ($(cat "$work"/confirm.*))" "$1" $status
	done
	confirms=()
}

is_confirming() {
	[ "$(ask .policy.confirming status)" = true ]
}

has_no_second() {
	[ "$(ask .policy.confirm_s status)" = 0 ]
}

# keeps WHEN REVISION MEMBERS: that judges, now and after a start.
keeps() {
	wait_for "$1: the end of other sets" has_names bad
	is "$1: revision" "$2" "$(ask .policy.revision status)"
	is "$1: members" "$3" "$(members)"
	fwd_kill
	fwd_start
	wait_for "$1: the end of other sets after a start" has_names bad
	is "$1: revision after a start" "$2" "$(ask .policy.revision status)"
	is "$1: members after a start" "$3" "$(members)"
	is "$1: verdict on a member" drop "$(verdict ${3%% *})"
}

confirms=()
fwd_start
does attach wan0
write_document $listed4
does policy apply "$document"

# Confirmed in time, and stored only when the time is up. Two may ask.
write_document "$listed4, 203.0.113.9"
does policy apply "$document" --confirm 20s
hold_store
confirm_later 1
wait_for "a confirmation that is not stored" is_confirming
confirm_later 2
refuses "being confirmed" policy rollback
wait_for "the last second of the trial" has_no_second
sleep 2.5 # it, and one in which fwd looks
is "trial while its confirmation is stored" true "$(ask .policy.trial status)"
let_store_go
confirms_are 0
is "trial after its confirmation" false "$(ask .policy.trial status)"
keeps "confirmed late" 2 "203.0.113.7 203.0.113.9"
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"

# On trial with other members a set is not to be changed: one of the two goes.
write_document 203.0.113.9 "management: [192.0.2.77]"
does policy apply "$document" --confirm 1h
for change in add del; do
	refuses "set bad is on trial: confirm the policy or roll it back" \
		set $change bad $listed4
done
printf '%s\n' $listed4 >"$work/list"
refuses "set bad is on trial" set import bad "$work/list"
refuses "set bad is on trial" set new bad --action none
refuses "set bad is on trial" set drop bad
does block 203.0.113.21
is "verdict on a block during a trial" drop "$(verdict 203.0.113.21)"
does unblock 203.0.113.21
is "verdict on an unblock during a trial" pass "$(verdict 203.0.113.21)"
does set new own --action drop
does set add own 203.0.113.22
is "verdict on a member of another set" drop "$(verdict 203.0.113.22)"
does set drop own
does policy rollback
keeps "rolled back" 2 "203.0.113.7 203.0.113.9"
does set add bad 203.0.113.23
does set del bad 203.0.113.23

# A set that only the policy on trial has is not to be made beside it.
write_document "$listed4, 203.0.113.9" "  extra: {members: [192.0.2.1]}"
does policy apply "$document" --confirm 1h
refuses "set extra is on trial" set new extra
refuses "set extra is on trial" set add extra 192.0.2.2
does policy rollback

# Who is added to management is there while the policy is on trial.
does set add management 192.0.2.1
manage 192.0.2.1, 192.0.2.64/26
does policy apply "$document" --confirm 1h
is "management on trial" "192.0.2.1 192.0.2.64/26" "$(managers)"
is "who is on trial" 192.0.2.64/26 "$(ask \
	'select(.origin == "trial").prefix' set show management)"
is "verdict on who is on trial" allow "$(verdict 192.0.2.77)"
does backup "$work/backup"
! grep -q 192.0.2.64/26 "$work/backup" ||
	fail "who is on trial is in the backup"
fwd_kill
fwd_start
is "management on trial, after a start" "192.0.2.1 192.0.2.64/26" "$(managers)"
does policy rollback
is "verdict after the trial" pass "$(verdict 192.0.2.77)"
manages "rolled back" 192.0.2.1
does policy apply "$document" --confirm 2s
wait_for "the end of the trial" is_over
manages "not confirmed in time" 192.0.2.1

# fwd is not there when the time is up.
does policy apply "$document" --confirm 2s
fwd_kill
sleep 2.1
fwd_start
manages "not confirmed in time, without fwd" 192.0.2.1

# By hand, or by a list, they come to stay.
does policy apply "$document" --confirm 1h
does set add management 192.0.2.64/26
does policy rollback
manages "added by hand" "192.0.2.1 192.0.2.64/26"
does set del management 192.0.2.64/26
does policy apply "$document" --confirm 1h
echo 192.0.2.64/26 >"$work/list"
does set import management "$work/list" --add
does policy rollback
manages "added by a list" "192.0.2.1 192.0.2.64/26"
does set del management 192.0.2.64/26

# Confirmed, or applied for good, they stay; and nobody who is added is taken
# out by a trial of a policy that has them.
does policy apply "$document" --confirm 1h
does policy confirm
manages "confirmed" "192.0.2.1 192.0.2.64/26"
is "who is on trial, confirmed" "" "$(ask \
	'select(.origin == "trial").prefix' set show management)"
manage 192.0.2.1, 192.0.2.64/26, 192.0.2.128/26
does policy apply "$document"
manages "for good" "192.0.2.1 192.0.2.128/26 192.0.2.64/26"
does policy apply "$document" --confirm 1h
does policy rollback
manages "had" "192.0.2.1 192.0.2.128/26 192.0.2.64/26"
judging=$(ask .policy.revision status)

# A gate that cannot be given the program: what was stored is taken back, and
# the sets are those of before.
wait_for "the end of other sets" has_names bad
write_document 203.0.113.31 "management: [192.0.2.192/26]"
bpftool link detach id "$(link_id wan0)"
refuses "a gate could not be given the new program" policy apply "$document"
keeps "not in force" "$judging" "203.0.113.7 203.0.113.9"
manages "not in force" "192.0.2.1 192.0.2.128/26 192.0.2.64/26"
fwd_stop
echo "ok: what comes in the way of a trial's end"
