# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netns.sh - what the scripts of tests/netns share. Sourced, as
#
#	. .../netns.sh "${1:?usage: test_NAME.sh BUILD_DIR}"
#
# which leaves with 77 and a reason where it cannot run, and otherwise makes
# two namespaces that go away with the script, however it ends:
#
#	gateway					internet
#	wan0 198.51.100.1 -------------------- peer0 198.51.100.2, clean
#						     198.51.100.9, control
#	     2001:db8:51::1			     2001:db8:51::2, clean
#						     203.0.113.7, 2001:db8:bad::7
#	route to 203.0.113.0/24			     ("listed" once it is)
#	via 198.51.100.2
#
# fwd runs in the gateway. Its state, pins and socket belong to this run. A
# check that fails ends the script by fail(). Waiting has a limit only so that
# a broken program does not hang: how long something takes decides nothing.
set -eu
shopt -s inherit_errexit
shopt -u nullglob

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fwd=$1/daemon/fwd
# shellcheck disable=SC2034 # for one of those who source this
fwd_next=$1/daemon/fwd_next
fwctl=${NETNS_FWCTL:-$1/ctl/fwctl} # ./check: one without sanitizers

clean4=198.51.100.2
control4=198.51.100.9
listed4=203.0.113.7
own4=198.51.100.1
own6=2001:db8:51::1
listed6=2001:db8:bad::7

gateway=pcl-gw-$$
internet=pcl-net-$$
pins=/sys/fs/bpf/pcl-test-$$
fwd_pid=
starts=0 # of fwd, this one included
others=() # pids of what runs beside it

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	if [ -s "$work/log" ]; then
		echo "the last lines of fwd:"
		tail -n 30 "$work/log"
	fi
	exit 1
}

# wait_for WHAT COMMAND...: until it succeeds.
wait_for() {
	local what=$1 tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || fail "$what: not within a minute"
		sleep 0.1
	done
}

in_gateway() {
	nsenter --net="/run/netns/$gateway" "$@"
}

in_internet() {
	nsenter --net="/run/netns/$internet" "$@"
}

# in_background NAMESPACE COMMAND...: left running; ended with the script.
in_background() {
	nsenter --net="/run/netns/$1" "${@:2}" &
	others+=($!)
}

end() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

cleanup() {
	local status=$? pid
	set +e
	for pid in "${others[@]}" $fwd_pid; do
		end "$pid"
	done
	if [ -d "$pins" ]; then
		in_gateway "$fwd" --config "$work/fwd.yml" --unload \
			>/dev/null 2>&1
		rm -rf "$pins"
	fi
	ip netns del "$gateway" 2>/dev/null
	ip netns del "$internet" 2>/dev/null
	! mountpoint -q "$work/disk" || umount "$work/disk"
	# fwd may not: what it takes to remove it is given away
	rmdir /sys/fs/cgroup/{,unified/}portcullis.quarantine 2>/dev/null
	rm -rf "$work"
	exit "$status"
}

# link NAME PEER: a pair of interfaces, one on each side, both up.
link() {
	ip -n "$gateway" link add "$1" type veth peer name "$2" \
		netns "$internet"
	ip -n "$gateway" link set "$1" up
	ip -n "$internet" link set "$2" up
}

make_world() {
	local space
	for space in "$gateway" "$internet"; do
		ip netns add "$space"
		ip -n "$space" link set lo up
	done
	link wan0 peer0
	ip -n "$gateway" addr add $own4/24 dev wan0
	ip -n "$gateway" addr add $own6/64 dev wan0 nodad
	ip -n "$internet" addr add $clean4/24 dev peer0
	ip -n "$internet" addr add 2001:db8:51::2/64 dev peer0 nodad
	ip -n "$internet" addr add $control4/32 dev peer0
	ip -n "$internet" addr add $listed4/32 dev peer0
	ip -n "$internet" addr add $listed6/128 dev peer0 nodad
	# through a next hop, which is protected as our own addresses are
	ip -n "$gateway" route add 203.0.113.0/24 via $clean4
}

write_config() {
	cat >"$work/fwd.yml" <<-EOF
		state_dir: $work/state
		pin_dir: $pins
		socket: $work/sock
		log_level: info
		hosts4: 20000
		blocks4: 4000
		entries6: 4000
		detect_shipped: false
	EOF
}

count_starts() {
	grep -c ' started version=' "$work/log" || true
}

has_started() {
	kill -0 "$fwd_pid" 2>/dev/null || fail "fwd ended at its start"
	[ "$(count_starts)" -ge "$starts" ]
}

# fwd_start [PROGRAM] [OPTION...]: returns when it listens.
fwd_start() {
	local program=$fwd
	case ${1:-} in
	/*)
		program=$1
		shift
		;;
	esac
	starts=$(($(count_starts) + 1))
	# not by in_gateway: the pid would be that of a shell around it
	nsenter --net="/run/netns/$gateway" "$program" \
		--config "$work/fwd.yml" "$@" >>"$work/log" 2>&1 &
	fwd_pid=$!
	wait_for "start of fwd" has_started
}

fwd_kill() {
	kill -KILL "$fwd_pid"
	wait "$fwd_pid" 2>/dev/null || true
	fwd_pid=
}

# As a service manager stops it; what it leaks, or worse, is its status.
fwd_stop() {
	local pid=$fwd_pid status=0
	fwd_pid=
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" = 0 ] || fail "fwd ended with status $status on SIGTERM"
}

# fwd_refuses TEXT [OPTION...]: does not start, and its last words hold TEXT.
fwd_refuses() {
	local text=$1
	shift
	! in_gateway timeout 120 "$fwd" --config "$work/fwd.yml" "$@" \
		>"$work/words" 2>&1 || fail "fwd ran, expected: $text"
	grep -qE "$text" "$work/words" ||
		fail "fwd said $(cat "$work/words"), expected: $text"
}

# does COMMAND...: fwctl does it; what it printed is left in $work/said.
does() {
	"$fwctl" "$@" >"$work/said" 2>&1 ||
		fail "fwctl $*: status $?: $(head -c 2000 "$work/said")"
}

# refuses TEXT COMMAND...: fwctl says no, by a sentence that matches TEXT.
refuses() {
	local text=$1 status=0
	shift
	"$fwctl" "$@" >"$work/said" 2>&1 || status=$?
	[ "$status" = 1 ] ||
		fail "fwctl $*: status $status, expected 1 and: $text: $(
			head -c 2000 "$work/said")"
	said "$text"
}

# said TEXT: the last command printed a line that matches.
said() {
	grep -qE -- "$1" "$work/said" ||
		fail "expected \"$1\" in: $(head -c 2000 "$work/said")"
}

# ask FILTER COMMAND...: a part of its answer, as jq picks it.
ask() {
	local filter=$1
	shift
	"$fwctl" --json "$@" | jq -r "$filter"
}

# is WHAT EXPECTED FOUND
is() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", found \"$3\""
}

# seal FILE: its end line again, after somebody has edited it.
seal() {
	python3 - "$1" <<-'END'
		import sys, zlib
		body = b"".join(l for l in open(sys.argv[1], "rb")
		                if not l.startswith(b"end "))
		open(sys.argv[1], "wb").write(
		    body + b"end %d %08x\n" % (body.count(b"\n"), zlib.crc32(body)))
	END
}

# Both what the sets say and what the live table says.
verdict() {
	ask '.verdict + if .verdict == .from_table then "" else
		", but in the table " + .from_table end' why "$1"
}

has_alert() {
	ask '.alerts[].text' status | grep -qE -- "$1"
}

has_no_alert() {
	[ -z "$(ask '.alerts[].text' status)" ]
}

# The link that holds the gate of an interface.
link_id() {
	local index
	index=$(index_of "$1")
	bpftool -j link show pinned "$pins/links/$index" | jq .id
}

index_of() {
	ip -n "$gateway" -j link show dev "$1" | jq '.[0].ifindex'
}

# What comes through the gate, by source: counted behind it, in the kernel.
count_arrivals() {
	in_gateway nft -f - <<-EOF
		table netdev arrivals {
			counter clean4 {}
			counter control4 {}
			counter listed4 {}
			counter listed6 {}
			chain in {
				type filter hook ingress device wan0 priority 0
				udp dport 7000 ip saddr $clean4 counter name clean4
				udp dport 7000 ip saddr $control4 counter name control4
				udp dport 7000 ip saddr $listed4 counter name listed4
				udp dport 7000 ip6 saddr $listed6 counter name listed6
			}
		}
	EOF
}

arrived() {
	in_gateway nft -j list counter netdev arrivals "$1" |
		jq '.nftables[] | select(.counter).counter.packets'
}

has_arrived() {
	[ "$(arrived "$1")" -ge "$2" ]
}

# clean_flow: until another fifty have come from the clean source. Sources
# take turns, so as many were sent meanwhile from each of the others.
clean_flow() {
	wait_for "packets from $clean4" has_arrived clean4 \
		$(($(arrived clean4) + 50))
}

# Without an end: one UDP packet from each source in turn.
send_all() {
	in_background "$internet" python3 "$top/tests/support/send_udp.py" \
		$own4,$clean4 $own4,$listed4 $own6,$listed6
	# shellcheck disable=SC2034 # for those who source this
	sender=${others[-1]}
}

# send SOURCE COUNT
send() {
	local to=$own4
	case $1 in
	*:*) to=$own6 ;;
	esac
	in_internet python3 "$top/tests/support/send_udp.py" -n "$2" "$to,$1"
}

# probe SOURCE: how many of three packets came is left in $came. Each is followed
# by one that has to come, so what did not arrive was sent, and was dropped. For
# that the control source is in the set management.
probe() {
	local counter=clean4 before control
	[ "$1" = $clean4 ] || counter=listed4
	before=$(arrived $counter)
	control=$(arrived control4)
	in_internet python3 "$top/tests/support/send_udp.py" -n 3 \
		"$own4,$1" $own4,$control4 || fail "packets of $1 were not sent"
	wait_for "packets behind those of $1" has_arrived control4 \
		$((control + 3))
	came=$(($(arrived $counter) - before))
}

# passes SOURCE, is_dropped SOURCE: all packets of it, sent now.
passes() {
	probe "$1"
	[ "$came" -ge 3 ]
}

is_dropped() {
	probe "$1"
	[ "$came" = 0 ]
}

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in ip nsenter jq python3 bpftool; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
for program in "$fwd" "$fwctl"; do
	[ -x "$program" ] || skip "$program is not built"
done
grep -q ' /sys/fs/bpf bpf ' /proc/mounts || skip "no bpffs on /sys/fs/bpf"

work=$(mktemp -d /tmp/pcl-test-XXXXXX)
trap cleanup EXIT
trap 'exit 1' INT TERM
export PORTCULLIS_SOCKET=$work/sock LC_ALL=C
mkdir "$work/state"
: >"$work/log"
write_config
make_world
