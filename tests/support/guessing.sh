# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guessing.sh - from logins that fail to a ban that grows. Sourced behind
# netns.sh, in a mount namespace of its own, by scripts that have
#
#	guess SOURCE	a login from this address that fails
#	log_in SOURCE	one that does not, and its end
#
# of an sshd that listens in the gateway.
# shellcheck disable=SC2154 # what netns.sh sets

# There is a user sshd, whether or not its package is here; the copy is seen in
# this mount namespace alone.
make_sshd_user() {
	cp /etc/passwd "$work/passwd"
	grep -q '^sshd:' "$work/passwd" ||
		echo 'sshd:x:64987:65534::/run/sshd:/usr/sbin/nologin' \
			>>"$work/passwd"
	mount --bind "$work/passwd" /etc/passwd
}

detection() {
	ask "$1" detect status
}

matched() {
	[ "$(detection .matches)" -ge "$1" ]
}

is_listed() {
	[ "$(verdict "$1")" = drop ]
}

# times COUNT COMMAND...
times() {
	local count=$1
	shift
	while [ "$count" -gt 0 ]; do
		"$@"
		count=$((count - 1))
	done
}

# offence FILTER: of the one peer that was banned before.
offence() {
	"$fwctl" --json detect offences | jq -rs ".[0]$1"
}

# lasts SOURCE SECONDS: its ban, from about now on.
lasts() {
	local left
	left=$(($(ask '.claims[0].expires' why "$1") - $(date +%s)))
	{ [ "$left" -le "$2" ] && [ "$left" -gt $(($2 - 300)) ]; } ||
		fail "the ban of $1 ends in $left s, expected $2"
}

dropped() {
	ask '.sets[] | select(.name == "detected").packets' set list
}

run_guessing() {
	mkdir "$work/rules"
	sed '/observe: true/d' "$top/rules/default/detect/guessing.yml" \
		>"$work/rules/guessing.yml"
	cat >>"$work/fwd.yml" <<-EOF
		sensor: true
		detect_rules: $work/rules
		detect_block: true
	EOF
	fwd_start
	does attach wan0

	times 20 log_in $listed4
	guess $control4
	times 5 guess $listed4
	wait_for "six that failed" matched 6
	is "who logged in twenty times" pass "$(verdict $listed4)"
	is "matches" 6 "$(detection .matches)"
	echo "ok: who logs in is not counted"

	guess $listed4
	wait_for "the ban" is_listed $listed4
	lasts $listed4 600
	is "who failed once" pass "$(verdict $control4)"
	is "bans" "203.0.113.7 1" "$(offence '| "\(.address) \(.bans)"')"
	is "why" 1 "$(ask .offence.bans why $listed4)"
	local before
	before=$(dropped)
	in_internet ping -c 3 -i 0.2 -W 1 -I $listed4 $own4 >/dev/null 2>&1 &&
		fail "its packets arrive"
	[ "$(dropped)" -ge $((before + 3)) ] || fail "dropped: $(dropped)"
	echo "ok: six logins that fail ban, and packets are dropped"

	fwd_stop
	fwd_start
	is "bans after a stop" 1 "$(offence .bans)"
	does unblock --set detected $listed4
	is "bans of who was let in" 1 "$(offence .bans)"
	times 6 guess $listed4
	wait_for "the second ban" is_listed $listed4
	lasts $listed4 2400
	is "bans" 2 "$(offence .bans)"
	fwd_stop
	echo "ok: the next ban is longer, and a stop between changes nothing"

	fwd_start
	is "bans" 2 "$(offence .bans)"
	does detect forgive $listed4
	refuses "no ban of $listed4 is counted" detect forgive $listed4
	fwd_kill
	fwd_start
	is "who was forgiven" null "$(offence '')"
	is "its ban" drop "$(verdict $listed4)"
	does unblock --set detected $listed4
	times 6 guess $listed4
	wait_for "a first ban" is_listed $listed4
	lasts $listed4 600
	echo "ok: who was forgiven is as new, also after a kill"

	fwd_stop
	truncate -s 5000 "$work/state/offences/data.mdb"
	fwd_start
	has_alert "offences was damaged" || fail "no alert of what is damaged"
	is "what is left of it" null "$(offence '')"
	does unblock --set detected $listed4
	times 6 guess $listed4
	wait_for "a ban" is_listed $listed4
	is "bans" 1 "$(offence .bans)"
	fwd_stop
	echo "ok: what is damaged is an alert, and begins anew"
}
