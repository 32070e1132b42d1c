#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_sandbox.sh BUILD_DIR - with the privileges it keeps, fwd can do all that
# it has to.
#
# Every request, a reload, and interfaces that come and go, with system calls
# filtered and traced: one that the filter refuses is a call that is missing
# in daemon/privileges.c. A build with sanitizers has no filter.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_sandbox.sh BUILD_DIR}"

command -v strace >/dev/null || skip "strace is not installed"

# field NAME: of each thread of fwd, from /proc.
field() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$fwd_pid/task/"*/status
}

is_traced() {
	! field TracerPid | grep -qx 0
}

# Until fwd ends, each call that fails goes to the trace.
trace() {
	strace -f -Z -p "$fwd_pid" -o "$work/trace.$starts" 2>/dev/null &
	others+=($!)
	wait_for "strace" is_traced
}

# The calls that were refused. bpf() itself is allowed, but what needs
# CAP_SYS_ADMIN, as the name of a program by its number, is not had.
refused() {
	cat "$work"/trace.* | grep -F 'EPERM (' | grep -vF ' bpf(BPF_' || true
}

is_gate() {
	[ "$(ask '.gates[] | select(.iface == "'"$1"'").state' status)" = "$2" ]
}

has_gone() {
	[ "$(verdict "$1")" = pass ]
}

has_watched() {
	grep -q "$listed4" "$work/watched"
}

has_reloaded() {
	[ "$(grep -c ' reload: done' "$work/log")" = "$1" ]
}

# The check for leaks would trace fwd itself.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

start() {
	# a tracer and a real-time thread would wait for each other
	fwd_start --set realtime=false --set sensor=true
	trace
}

start
if [ "$(field Seccomp | sort -u)" = 2 ]; then
	is "threads with the filter" 3 "$(field Seccomp | wc -l)"
else
	echo "this build has no filter: the requests are tried without it"
fi
is "new privileges" 1 "$(field NoNewPrivs | sort -u)"
is "capabilities" 000000c000001000 "$(field CapEff | sort -u)"

link lan0 peer1
does attach wan0
does attach lan0 --mode generic
does detach lan0
does attach lan0 --mode native
does doctor
does doctor wan0
does status
does version
does capture --seconds 1
echo "ok: gates"

does block $listed4 --reason "tried"
does allow 192.0.2.4
does unblock $listed4
does block $listed4
does why $listed4
does block 192.0.2.50 --for 1s
does set new trial --action shadow --capacity 100000
printf '192.0.2.%d\n' {0..255} | does set import trial -
seq -f '198.18.0.%g' 0 99 | does set import trial -
does set add trial 2001:db8:bad::/48
does set del trial 2001:db8:bad::/48
does set list
does set show trial
does set export trial
does log
does counters
wait_for "end of a member" has_gone 192.0.2.50
echo "ok: members"

does backup "$work/saved"
does set drop trial
does restore "$work/saved"
is "members after the restore" 100 "$("$fwctl" set export trial | wc -l)"
# with a member that has ended before the boot, if the clock is right: is it?
python3 - "$work/saved" "$work/older" <<-'EOF'
	import sys, zlib
	lines = open(sys.argv[1]).read().splitlines(True)[:-1]
	at = next(i for i, line in enumerate(lines)
	          if line.startswith("member ") and int(line.split()[1]) >= 3)
	lines.insert(at, "member 3 1.0.0.1 operator 0 0 1 2 long ago\n")
	text = "".join(lines)
	crc = zlib.crc32(text.encode())
	open(sys.argv[2], "w").write(f"{text}end {len(lines)} {crc:08x}\n")
EOF
does restore "$work/older"
echo "ok: saved and restored"

"$fwctl" watch >"$work/watched" 2>&1 &
others+=($!)
watched() {
	send $listed4 10
	has_watched
}
wait_for "an event" watched
end "${others[-1]}"
unset 'others[-1]'
"$fwctl" events --kind exec --count 1 >"$work/seen" 2>&1 &
others+=($!)
saw() {
	/bin/true
	grep -q ' exec ' "$work/seen"
}
wait_for "an event of the host" saw
echo "ok: watched"

kill -HUP "$fwd_pid"
wait_for "a reload" has_reloaded 1
sed -i 's/^log_level: .*/log_level: debug/' "$work/fwd.yml"
kill -HUP "$fwd_pid"
wait_for "another reload" has_reloaded 2
ip -n "$gateway" link del lan0
wait_for "lan0 to be absent" is_gate lan0 absent
link lan0 peer1
wait_for "lan0 to be attached" is_gate lan0 attached
ip -n "$gateway" link set lan0 down
ip -n "$gateway" link set lan0 name dmz0
ip -n "$gateway" link set dmz0 up
wait_for "dmz0 to be attached" is_gate dmz0 attached
does detach dmz0
ip -n "$gateway" addr add 198.51.100.77/24 dev wan0
refuses "198.51.100.77" block 198.51.100.77
echo "ok: reloads and interfaces"

fwd_stop
start
is "verdict after a restart" drop "$(verdict $listed4)"
does status
fwd_stop
is "system calls that were refused" "" "$(refused)"
[ -s "$work/trace.1" ] || fail "nothing was traced"
echo "ok: no system call was refused"
