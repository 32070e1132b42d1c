#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_trial.sh BUILD_DIR - what comes in the way of a trial's end.
#
# A store that is busy or full, and changes of the sets that are on trial: a
# trial is confirmed or it is over, and no set of either policy is lost.
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

# A gate that cannot be given the program: what was stored is taken back, and
# the sets are those of before.
wait_for "the end of other sets" has_names bad
write_document 203.0.113.31
bpftool link detach id "$(link_id wan0)"
refuses "a gate could not be given the new program" policy apply "$document"
keeps "not in force" 2 "203.0.113.7 203.0.113.9"
fwd_stop
echo "ok: what comes in the way of a trial's end"
