# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What rules say of what happens in control groups that a test made; sourced.
#
#	sensed_start NAMES PROGRAM RULES [each]
#			make $groups/$group/NAME for each of NAMES, and have
#			PROGRAM, sensed_rules, judge what this host does
#	sensed_end	what it said is in $work/told then
#	sensed_of NAME	what was told of that group, a line of JSON each
#
# The caller sets $work, a folder of its own, and says `trap sensed_clear EXIT`.
# shellcheck disable=SC2154

sensed_names=
watcher=
group=portcullis-sensed-$$

skip() {
	echo "skipped: $*"
	exit 77
}

sensed_clear() {
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
	if [ -n "$sensed_names" ]; then
		# shellcheck disable=SC2086 # several
		(cd "$groups/$group" && rmdir $sensed_names || true) 2>/dev/null
		rmdir "$groups/$group" 2>/dev/null || true
	fi
	rm -rf "$work"
}

sensed_start() {
	for groups in /sys/fs/cgroup/unified /sys/fs/cgroup ""; do
		[ ! -e "$groups/cgroup.procs" ] || break
	done
	[ "$(stat -f -c %T "${groups:-/}")" = cgroup2fs ] ||
		skip "control groups of version 2 are not mounted"
	sensed_names=$1
	mkdir "$groups/$group"
	# shellcheck disable=SC2086 # several
	(cd "$groups/$group" && mkdir $sensed_names)
	"${@:2}" >"$work/lines" &
	watcher=$!
	while ! grep -q '^ready' "$work/lines" && kill -0 "$watcher" 2>/dev/null
	do
		sleep 0.1
	done
	grep -q '^ready' "$work/lines" || skip "$(cat "$work/lines")"
}

sensed_end() {
	local code=0
	sleep 1
	kill "$watcher"
	wait "$watcher" || code=$?
	watcher=
	[ "$code" = 0 ] || { echo "FAILED: sensed_rules: $code"; exit 1; }
	grep -v '^ready' "$work/lines" >"$work/told"
}

sensed_of() {
	jq -c --arg group "/$group/$1" 'select(.cgroup == $group or
		((.cgroup // "") | startswith($group + "/")))' "$work/told"
}
