#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_feed_disk.sh BUILD_DIR - a disk that gets full while versions of a feed
# come in: whatever still fits, the last good version is in force, an alert
# says why the next is not, and once there is room it comes in.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_feed_disk.sh BUILD_DIR}"

export PORTCULLIS_FEEDS=$work/feeds
mkdir "$PORTCULLIS_FEEDS" "$work/disk"
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
printf '9.9.9.9\n' >"$work/resolvers"
cat >>"$work/fwd.yml" <<-END
	resolvers: $work/resolvers
END
sed -i "s|^state_dir: .*|state_dir: $work/disk/state|" "$work/fwd.yml"

# hosts NETWORK COUNT
hosts() {
	seq 1 "$2" | awk -v net="$1" '{
		printf "45.%d.%d.%d\n", net, $1 / 256, $1 % 256 }'
}
hosts 83 8000 >"$work/one"
hosts 84 8000 >"$work/two"

feed() {
	ask ".feeds[] | .$1" feed list
}

# Those that are to stay; what leaves has a second.
members() {
	ask 'select(.expires == 0).prefix' set show tried --lines 100000 | sort
}

picture() {
	ask '.feeds[] | "\(.version) \(.waiting) \(.before) \(.members)"' \
		feed list
	"$fwctl" set export tried | sort | cksum
}

check_files() {
	local named
	named=$(ask '.feeds[] | .version, .waiting, .kept[]' feed list |
		grep -vx 0 | sort -u | xargs)
	is "files of versions, $1" "$named" \
		"$(find "$work/disk/state/feeds/tried" -type f \
			-printf '%f\n' | sort -u | xargs)"
}

# fill KIB: what is left of the disk.
fill() {
	rm -f "$work/disk/filler"
	sync -f "$work/disk"
	dd if=/dev/zero of="$work/disk/room" bs=1k count="$1" status=none
	dd if=/dev/zero of="$work/disk/filler" bs=4k status=none \
		2>/dev/null || :
	dd if=/dev/zero of="$work/disk/crumbs" bs=512 status=none \
		2>/dev/null || :
	sync -f "$work/disk"
	rm "$work/disk/room"
	sync -f "$work/disk"
}

make_room() {
	rm -f "$work/disk/filler" "$work/disk/crumbs"
	sync -f "$work/disk"
}

# gets_full NAME: the disk that is mounted.
gets_full() {
	local room before failures=0 stages=
	mkdir "$work/disk/state"
	fwd_start
	does feed add tried --enforce
	does --json feed import tried "$work/one"
	is "first version on $1" "accepted 8000" \
		"$(jq -r '"\(.outcome) \(.members)"' "$work/said")"
	before=$(picture)
	# from none at all to all but what the last pages take
	for room in 0 4 40 110 130 300 600; do
		fill "$room"
		if "$fwctl" --json feed import tried "$work/two" \
			>"$work/said" 2>&1; then
			make_room
			break
		fi
		failures=$((failures + 1))
		said 'No space left on device'
		grep -q 'could not be stored' "$work/said" &&
			stages="$stages store" || stages="$stages file"
		is "$1 with $room KiB left" "$before" "$(picture)"
		check_files "$1 with $room KiB left"
		is "verdicts on $1 with $room KiB left" "drop pass" \
			"$(verdict 45.83.0.1) $(verdict 45.84.0.1)"
		has_alert 'could not be let in.*No space left' ||
			fail "$1 with $room KiB left: alerts: $(
				ask '.alerts[].text' status)"
		[ "$(feed due)" -gt "$(date +%s)" ] ||
			fail "$1 with $room KiB left: it is due at once"
		if [ "$room" = 40 ]; then
			fwd_kill
			fwd_start
			is "$1, after a start" "$before" "$(picture)"
			is "verdict after a start" drop "$(verdict 45.83.0.1)"
		fi
		make_room
	done
	[ "$failures" -gt 3 ] || fail "$1 was full $failures times only"
	case $stages in
	*file*store*) ;;
	*) fail "$1 was full at $stages" ;;
	esac
	[ "$(feed version)" -ge 2 ] ||
		does feed import tried "$work/two"
	is "members once there is room on $1" "$(sort "$work/two")" \
		"$(members)"
	check_files "once there is room on $1"
	wait_for "end of the alerts on $1" has_no_alert
	fwd_kill
	fwd_start
	is "verdict after another start on $1" drop "$(verdict 45.84.0.1)"
	does feed drop tried
	fwd_stop
	umount "$work/disk"
	echo "ok: $1, full $failures times ($stages)"
}

mount -t tmpfs -o size=8m tmpfs "$work/disk" || skip "no tmpfs may be mounted"
gets_full "a disk in memory"

# One that allocates late, and has a journal.
command -v mkfs.ext4 >/dev/null || skip "mkfs.ext4 is not installed"
truncate -s 24M "$work/image"
mkfs.ext4 -q -m 0 "$work/image"
mount -o loop "$work/image" "$work/disk" || skip "no image may be mounted"
gets_full "ext4"
