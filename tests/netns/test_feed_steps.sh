#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_feed_steps.sh BUILD_DIR - a feed whose daemon ends, or whose disk is full,
# between any two steps of what is done to it.
#
# Whatever was being done, what is in force afterwards is as before it or as
# after it, the table says what the store says, the files are those of the
# versions that the store names, and the next version comes in.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_feed_steps.sh BUILD_DIR}"

steps=$1/tests/netns/steps.so
[ -f "$steps" ] || skip "$steps is not built"
export PORTCULLIS_FEEDS=$work/feeds
mkdir "$PORTCULLIS_FEEDS"
cat >"$PORTCULLIS_FEEDS/tried.yml" <<-END
	name: tried
	title: Test
	url: https://feeds.example/tried
	format: plain
	class: reputation
	action: drop
	licence: none
	commercial: "yes"
	interval: 1h
	grace: 1s
END

# hosts NETWORK COUNT
hosts() {
	local i
	for ((i = 1; i <= $2; i++)); do
		echo "45.83.$1.$i"
	done
}

# One, another of its size, one that is held, and one that comes in after any.
{ hosts 1 100 && hosts 9 4; } >"$work/one"
{ hosts 1 98 && hosts 2 5; } >"$work/two"
{ hosts 1 10 && hosts 3 5; } >"$work/held"
{ hosts 1 96 && hosts 4 5; } >"$work/next"

# set_steps COUNT [ERROR]: at which step of writing fwd ends, or it fails.
set_steps() {
	python3 -c "
import struct, sys
with open(sys.argv[1], 'r+b') as f:
    f.write(struct.pack('=qq', int(sys.argv[2]), int(sys.argv[3])))
" "$work/steps" "$1" "${2:-0}"
}

steps_left() {
	python3 -c "
import struct, sys
print(struct.unpack('=qq', open(sys.argv[1], 'rb').read(16))[0])
" "$work/steps"
}

is_done() {
	[ "$(steps_left)" = 0 ]
}

start() {
	starts=$(($(count_starts) + 1))
	STEPS_LEFT=$work/steps LD_PRELOAD=$steps \
		ASAN_OPTIONS=verify_asan_link_order=0 \
		nsenter --net="/run/netns/$gateway" "$fwd" \
		--config "$work/fwd.yml" >>"$work/log" 2>&1 &
	fwd_pid=$!
	wait_for "start of fwd" has_started
}

# Those that are to stay; what leaves has a second.
members() {
	ask 'select(.expires == 0).prefix' set show tried 2>/dev/null | sort -V
}

feed() {
	ask ".feeds[] | .$1" feed list
}

# What there is of the feed: its versions, and its members.
picture() {
	ask '.feeds[] | "\(.version) \(.waiting) \(.before) \(.action)"' \
		feed list
	members
}

# The files of versions are those that are named.
check_files() {
	local named
	named=$(ask '.feeds[] | .version, .waiting, .kept[]' feed list |
		grep -vx 0 | sort -u | xargs)
	is "files of versions after $1" "$named" \
		"$(find "$work/state/feeds/tried" -type f -printf '%f\n' \
			2>/dev/null | sort -u | xargs)"
}

# table ADDRESS STORED: the table says what the store says.
table() {
	local expected=pass
	! grep -qxF "$1" <<<"$2" || expected=drop
	[ "$(verdict "$1")" = "$expected" ] ||
		wait_for "the table on $1, as it is stored" is_gone "$1"
}

# What leaves has a second.
is_gone() {
	[ "$(verdict "$1")" = pass ]
}

check_table() {
	local address stored
	stored=$(members)
	for address in 45.83.1.1 45.83.2.1 45.83.3.1; do
		table $address "$stored"
	done
}

# The next version comes in, whatever was left.
check_next() {
	[ "$(feed name)" = tried ] || does feed add tried --enforce
	does --json feed import tried "$work/next"
	# what a person let in may be of another size
	case $1:$(jq -r .outcome "$work/said") in
	accept*:held) does --json feed accept tried ;;
	esac
	is "the next version after $1" accepted "$(jq -r .outcome "$work/said")"
	"$fwctl" set export tried-except >"$work/except" 2>/dev/null || :
	is "its members after $1" \
		"$(grep -vxFf "$work/except" "$work/next" | sort -V)" \
		"$(members)"
	check_files "$1, and the next version"
}

# What is done, each from a state of its own.
first() { "$fwctl" --json feed import tried "$work/one"; }
replace() { "$fwctl" --json feed import tried "$work/two"; }
hold() { "$fwctl" --json feed import tried "$work/held"; }
accept() { "$fwctl" --json feed accept tried; }
rollback() { "$fwctl" --json feed rollback tried; }
except() { "$fwctl" --json feed except 45.83.1.7 --feed tried; }
drop() { "$fwctl" --json feed drop tried; }
add() { "$fwctl" --json feed add tried --enforce; }

# prepare WHAT: the state before it.
prepare() {
	rm -rf "$work/state" "$work/base"
	set_steps 0
	start
	[ "$1" = add ] || does feed add tried --enforce
	case $1 in
	add | first) ;;
	*) does feed import tried "$work/one" ;;
	esac
	case $1 in
	accept) does feed import tried "$work/held" ;;
	rollback) does feed import tried "$work/two" ;;
	esac
	before=$(picture)
	fwd_stop
	cp -a "$work/state" "$work/base"
}

# How many steps it takes, and what there is after it.
count_steps() {
	start
	set_steps 1000000
	"$1" >"$work/said" 2>&1 || fail "$1: $(cat "$work/said")"
	count=$((1000000 - $(steps_left)))
	set_steps 0
	after=$(picture)
	check_files "$1"
	fwd_kill
	[ "$count" -gt 1 ] || fail "$1 writes nothing"
}

# as_before_or_after WHAT: and nothing in between. An exception is stored before
# it is cut out, so its end is what counts.
as_before_or_after() {
	local found
	found=$(picture)
	[ "$found" = "$before" ] || [ "$found" = "$after" ] ||
		fail "$1 left: $(head -n 1 <<<"$found"), $(wc -l <<<"$found") lines, expected $(
			head -n 1 <<<"$before") or $(head -n 1 <<<"$after")"
}

# from_base: fwd runs, with the state before it.
from_base() {
	[ -z "$fwd_pid" ] || fwd_kill
	rm -rf "$work/state"
	cp -a "$work/base" "$work/state"
	start
}

# ends WHAT: fwd ends at each step of it. Where all is as before, the next step
# is tried on what is left of that.
ends() {
	local i
	from_base
	for ((i = 1 + first_step; i <= count; i += every)); do
		set_steps "$i"
		"$1" >"$work/said" 2>&1 || :
		# the last ones may come after the answer
		wait_for "step $i of the $count that $1 had" is_done
		wait "$fwd_pid" 2>/dev/null || :
		start
		as_before_or_after "$1, ended at step $i,"
		check_table
		check_files "$1, ended at step $i"
		if [ $((i * 2)) -gt "$count" ] || [ "$(picture)" != "$before" ]; then
			check_next "$1, ended at step $i"
			from_base
		fi
	done
	echo "ok: $1, ended at steps $((1 + first_step)) to $count"
}

# fails WHAT: the disk is full at each step of it, until it is done all the
# same: what goes wrong after all is stored is no error.
fails() {
	local i
	from_base
	for ((i = 1 + first_step; i <= count; i += every)); do
		set_steps "$i" 28
		! "$1" >"$work/said" 2>&1 || break
		said 'No space left|could not be stored'
		is "after $1, full at step $i" "$before" "$(picture)"
		check_files "$1, full at step $i"
		check_table
	done
	set_steps 0
	[ "$(picture)" = "$after" ] || "$1" >"$work/said" 2>&1 || :
	is "after $1, full at step $i" "$after" "$(picture)"
	check_next "$1, full at step $i"
	fwd_kill
	echo "ok: $1, with a full disk at steps before $i"
}

python3 -c "open('$work/steps', 'wb').write(bytes(4096))"
# All steps of all that can be done take half an hour: STEPS_EVERY=1 is for each
# step, in place of every sixth from anywhere, and STEPS_OF for the others: first,
# accept, rollback, except, hold, drop, add.
every=${STEPS_EVERY:-6}
first_step=$((RANDOM % every))
for what in ${STEPS_OF:-replace}; do
	prepare "$what"
	count_steps "$what"
	ends "$what"
	fails "$what"
done
