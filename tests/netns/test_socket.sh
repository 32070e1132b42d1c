#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_socket.sh BUILD_DIR - what comes in at the control socket, and what lies
# around at the start.
#
# Clients that are silent, greedy, broken or not allowed; a second fwd; pins
# of another layout. Each is told what is wrong, and the next honest request
# works.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_socket.sh BUILD_DIR}"

bad_client() {
	python3 "$top/tests/support/bad_client.py" "$@"
}

# works WHAT: an honest request is answered, and nothing has changed.
works() {
	does block 203.0.113.99
	does unblock 203.0.113.99
	is "members: $1" "$listed4" "$("$fwctl" set export block)"
	kill -0 "$fwd_pid" 2>/dev/null || fail "fwd is gone: $1"
	echo "ok: $1"
}

is_ready() {
	grep -q ready "$work/ready"
}

# leave WAY [GROUP]: starts one that goes on; waits until it has done its worst.
leave() {
	: >"$work/ready"
	python3 "$top/tests/support/bad_client.py" "$1" "$work/sock" \
		"${@:2}" >"$work/ready" 2>&1 &
	others+=($!)
	wait_for "client $1" is_ready
}

# a group that exists and is not root's, for each right
change_group=$(getent group | awk -F: '$3 > 0 { print $1 ":" $3 }' | sed -n 1p)
view_group=$(getent group | awk -F: '$3 > 0 { print $1 ":" $3 }' | sed -n 2p)
stranger=65534
chmod 755 "$work"
fwd_start --set change_group="${change_group%:*}" \
	--set view_group="${view_group%:*}"
does block $listed4

bad_client frame "$work/sock" >"$work/said" ||
	fail "200 MiB in one frame were taken: $(cat "$work/said")"
works "a frame of 200 MiB"

bad_client garbage "$work/sock" >"$work/said" ||
	fail "taken: $(tail -n 1 "$work/said")"
is "answers to garbage that name no error" 0 \
	"$(grep -v '^closed$' "$work/said" | jq 'select(.error == "")' | wc -l)"
said "nosuch"
works "frames that are no request"

leave idle
works "a thousand idle clients"
end "${others[-1]}"
works "after a thousand idle clients"

leave unread
works "a client that never reads"
end "${others[-1]}"

requests='{"do": "status", "v": 1}
{"do": "why", "v": 1, "address": "'$listed4'"}
{"do": "add", "v": 1, "set": "block", "members": ["192.0.2.1"]}
{"do": "del", "v": 1, "set": "block", "members": ["'$listed4'"]}
{"do": "detach", "v": 1, "iface": "wan0"}
{"do": "set-drop", "v": 1, "set": "block"}'
# errors GROUP: what each of them was answered: its errno, or 0.
errors() {
	bad_client as "$work/sock" "$1" <<<"$requests" >"$work/said"
	jq -s -r 'map(.errno // 0 | tostring) | join(" ")' "$work/said"
}
is "a viewer's requests" "0 0 1 1 1 1" "$(errors "${view_group#*:}")"
said "view|portcullis|right|may"
works "a viewer that tries to write"
is "a stranger's requests" "13 13 13 13 13 13" "$(errors $stranger)"
works "a stranger"
# Root is served before them, and has places of its own.
seq 5000 | awk '{ printf "10.0.%d.%d\n", $1 / 256, $1 % 256 }' >"$work/list"
does set import big "$work/list"
leave crowd "${view_group#*:}"
for i in 1 2 3 4 5; do
	works "a crowd of viewers, request $i"
done
end "${others[-1]}"
does set drop big

is "what group ${change_group%:*} may" "0 0" \
	"$(errors "${change_group#*:}" | cut -d' ' -f 1,3)"
does set del block 192.0.2.1
does block $listed4

does attach wan0
program=$(ask '.gates[].program_id' status)
mkdir "$work/other"
fwd_refuses "state: another fwd has it open"
fwd_refuses "pins $pins: another fwd uses them" --set state_dir="$work/other" \
	--set socket="$work/other.sock"
fwd_refuses "pins $pins: another fwd uses them" --unload
is "gate beside a second fwd" "wan0 attached $program true" "$(ask \
	'.gates[] | "\(.iface) \(.state) \(.program_id) \(.verified)"' status)"
is "verdict beside a second fwd" drop "$(verdict $listed4)"
works "a second fwd"

fwd_stop
echo "state_dirs: x" >"$work/bad.yml"
! "$fwd" --config "$work/bad.yml" --check 2>"$work/said" ||
	fail "a configuration with an unknown item was taken"
said "bad.yml:1: unknown item \"state_dirs\""

# Pins of another layout, one by one: named, and left as they are.
lasting=$(ls -d "$pins"/lasting-v*)
in_gateway "$fwd" --config "$work/fwd.yml" --unload >"$work/said" 2>&1
said "gate wan0: detached"
mkdir -p "$pins"
for name in class_counts class_sets event_counts events; do
	mkdir "$lasting"
	bpftool map create "$lasting/$name" type array key 4 value 12 \
		entries 9 name stale
	fwd_refuses "$lasting/$name"
	is "the stale pin $name" 12 \
		"$(bpftool -j map show pinned "$lasting/$name" | jq .bytes_value)"
	rm -r "$lasting"
	rm -rf "${pins:?}/live"
	echo "ok: a stale pin $name"
done
fwd_start --set change_group="${change_group%:*}" \
	--set view_group="${view_group%:*}"
works "a start after stale pins"
fwd_refuses "is not on a bpffs" --set pin_dir="$work/pins" \
	--set state_dir="$work/other" --set socket="$work/other.sock"
fwd_stop
