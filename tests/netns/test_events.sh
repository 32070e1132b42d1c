#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_events.sh BUILD_DIR - from what a process does to the line that fwctl
# prints of it.
#
# Off by default, and said so; on, told live with what was asked for and no
# more; what is lost is an alert; and all of it is gone with fwd.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_events.sh BUILD_DIR}"

mark=marked-$$

# programs: the ids of the sensor's in the kernel that fwd holds.
programs() {
	local id
	cat "/proc/$fwd_pid/fdinfo/"* 2>/dev/null |
		sed -nE 's/^prog_id:\s*//p' | sort -u | while read -r id; do
		bpftool -j prog show id "$id" |
			jq 'select((.name // "") | startswith("sensor_")).id'
	done
}

are_gone() {
	local id
	for id; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
}

# follow KINDS: what is told of them goes to $work/told, a line each.
follow() {
	"$fwctl" events --json --kind "$1" >"$work/told" 2>"$work/lost" &
	others+=($!)
	# the first answer begins it
	wait_for "the first event" follows
}

follows() {
	/bin/true "begin-$mark"
	has_told begin
}

# has_told WHAT: is there an execution with that beside the mark?
has_told() {
	grep -qF "$1-$mark" "$work/told"
}

# told KEY: of what was told of the execution that is marked "one".
told() {
	jq -r "select(.command_line | startswith(\"/bin/true one-\")).$1" \
		"$work/told"
}

fwd_start
refuses "the sensor is off.*sensor: true" events
is "sensor in status" null "$(ask .sensor status)"
fwd_stop
echo "ok: off by default"

fwd_start --set sensor=true
mapfile -t loaded < <(programs)
is "programs in the kernel" 8 "${#loaded[@]}"
is "tracepoints" 5 "$(ask '.sensor.tracepoints | length' status)"
is "alerts" 0 "$(ask '.alerts | length' status)"
refuses "\"execs\" is no kind of event" events --kind exec,execs

follow exec
/bin/true "one-$mark" $'\xff'
touch "$work/file-$mark"
/bin/true "last-$mark"
wait_for "the last execution" has_told last
is "command line" "/bin/true one-$mark \\xff" "$(told command_line)"
is "image" "$(realpath /bin/true)" "$(told image)"
is "path asked for" /bin/true "$(told image_asked)"
is "parent" "$BASHPID" "$(told parent)"
is "image of the parent" "$(realpath /proc/$$/exe)" "$(told parent_image)"
is "user" "$(id -un)" "$(told user)"
is "times it was told" 1 "$(told seq | wc -l)"
is "other kinds" exec "$(jq -r .kind "$work/told" | sort -u)"
is "lost by the follower" "" "$(cat "$work/lost")"
echo "ok: executions are told"

"$fwctl" events --kind connect,send --json --count 1 >"$work/net" &
others+=($!)
has_met() {
	in_gateway python3 -c 'import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
    b"x", ("198.51.100.2", 4244))'
	[ -s "$work/net" ]
}
wait_for "a datagram" has_met
is "kinds asked for" "" \
	"$(jq -r .kind "$work/net" | grep -vE '^(connect|send)$' || true)"
echo "ok: talk is told"

seen() {
	ask ".sensor.kinds[] | select(.kind == \"$1\").seen" status
}
[ "$(seen exec)" -ge 3 ] || fail "executions seen: $(seen exec)"
is "lost" 0 "$(ask .sensor.lost status)"
[ "$(ask .sensor.processes status)" -gt 1 ] || fail "no processes are known"
"$fwctl" status | grep -q '^sensor   at 5 tracepoints' ||
	fail "status does not show the sensor"
echo "ok: counted"

# arguments fill the ring while nobody reads it
big=$(head -c 120000 /dev/zero | tr '\0' x)
kill -STOP "$fwd_pid"
for _ in $(seq 60); do
	/bin/true "$big"
done
kill -CONT "$fwd_pid"
wait_for "an alert" has_alert "the sensor has lost events"
[ "$(ask .sensor.lost status)" -gt 0 ] || fail "status counts no loss"
echo "ok: a loss is counted, and an alert"

fwd_stop
wait_for "the end of the sensor" are_gone "${loaded[@]}"
echo "ok: gone with fwd"
