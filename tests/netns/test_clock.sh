#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_clock.sh BUILD_DIR - a wall clock that is set after the start of fwd.
#
# A machine whose clock is wrong at its start, until something like NTP sets
# it, keeps members that end neither longer nor shorter than until their end.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_clock.sh BUILD_DIR}"
# shellcheck source=tests/support/clock.sh
. "$here/../support/clock.sh" "$1"

month=$((30 * 24 * 3600))

is_passed() {
	[ "$(verdict "$1")" = pass ]
}

fwd_start "$shifted_fwd"
does block 192.0.2.1 --for 5s
does block 192.0.2.2 --for 1h
does block 192.0.2.3
fwd_kill

# Behind, so that ends seem far away.
set_clock -$month
fwd_start "$shifted_fwd"
is "verdict with a clock behind" drop "$(verdict 192.0.2.1)"
set_clock 0
wait_for "an end by the clock that was set" is_passed 192.0.2.1
is "verdict before the end" drop "$(verdict 192.0.2.2)"
fwd_kill

# Ahead, so that all of them seem past.
set_clock $month
fwd_start "$shifted_fwd"
sleep 1 # a few looks for what is due
set_clock 0
sleep 1
is "verdict before the end" drop "$(verdict 192.0.2.2)"
does set show block
said 192.0.2.2
fwd_kill
fwd_start "$shifted_fwd"
is "verdict before the end, a start later" drop "$(verdict 192.0.2.2)"

# Set while it runs: an end is a moment, not a while.
set_clock $((2 * 3600))
wait_for "an end that a clock was set past" is_passed 192.0.2.2
is "verdict on what has no end" drop "$(verdict 192.0.2.3)"

# A trial has its deadline by a clock that nobody sets.
printf 'version: 1\ndefaults: {in: drop}\n' >"$work/firewall.yml"
is_over() {
	[ "$(ask .policy.trial status)" = false ]
}
day=$((24 * 3600))
does policy apply --confirm 1h "$work/firewall.yml"
set_clock $day
sleep 2 # two looks for what is due
is "trial a day later by the clock" true "$(ask .policy.trial status)"
set_clock -$day
does policy confirm
is "revision" 1 "$(ask .policy.revision status)"
does policy apply --confirm 5s "$work/firewall.yml"
set_clock $((-2 * day))
wait_for "end of a trial whose clock was set back" is_over
is "revision after the trial" 1 "$(ask .policy.revision status)"

# A feed's day in shadow begins with its first version; one that is stopped
# keeps its version, however old that is.
printf 'name: tried\ntitle: Test\nurl: https://feeds.example/\nformat: plain
class: reputation\naction: drop\nlicence: none\ninterval: 1h
expected: {min: 1, max: 9}\n' >"$work/tried.yml"
echo 45.83.0.1 >"$work/list"
feed() {
	ask ".feeds[] | .$1" feed list
}
set_clock 0
does feed add "$work/tried.yml"
set_clock $((2 * day))
sleep 2
is "a feed without a version" shadow "$(feed action)"
does feed import tried "$work/list"
sleep 2
is "a feed with one" shadow "$(feed action)"
is_enforced() {
	[ "$(feed action)" = drop ]
}
set_clock $((4 * day))
wait_for "the end of its day" is_enforced
does feed hold tried
set_clock $((20 * day))
sleep 2
is "members of one that is stopped" 1 "$(feed members)"
is "its age" expired "$(feed age)"
has_expired() {
	[ "$(feed members)" = 0 ]
}
does feed resume tried
wait_for "the end of what is too old" has_expired
sed -i 's/^action: .*/action: none/' "$work/tried.yml"
does feed add "$work/tried.yml"
sed -i 's/^action: .*/action: drop/' "$work/tried.yml"
does feed add "$work/tried.yml"
is "a feed that drops anew" shadow "$(feed action)"
fwd_stop
echo "ok: the clock"
