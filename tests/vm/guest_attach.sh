#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest_attach.sh STEP | --list - how programs hang on an interface, step by
# step, inside the guest. Each step makes its own pair of interfaces:
#
#	namespace peer			the guest itself
#	peer0 192.0.2.2, 198.51.100.9 ---- gw0 192.0.2.1
#
# and takes everything away at its end. A step is a function step_NAME; it
# fails by fail(), and 77 is a skip. FWD_OPTIONS is given to fwd.
set -eu

listed=198.51.100.9
clean=192.0.2.2
own=192.0.2.1
fwd_pid=

fail() {
	echo "$*"
	[ ! -s /tmp/fwd.log ] || tail -n 20 /tmp/fwd.log
	exit 1
}

need_fwd() {
	[ -x ./fwd ] && [ -x ./fwctl ] || {
		echo "skipped: fwd and fwctl are not built"
		exit 77
	}
}

setup() {
	ip netns add peer
	ip link add gw0 type veth peer name peer0 netns peer
	ip addr add $own/24 dev gw0
	ip link set gw0 up
	ip -n peer addr add $clean/24 dev peer0
	ip -n peer addr add $listed/32 dev peer0
	ip -n peer link set peer0 up
	# through a next hop: what is on the link itself is protected
	ip route add 198.51.100.0/24 via $clean
}

cleanup() {
	set +e
	[ -z "$fwd_pid" ] || kill -9 "$fwd_pid" 2>/dev/null
	ip link del gw0 2>/dev/null
	ip netns del peer 2>/dev/null
	rm -rf /sys/fs/bpf/* /var/lib/portcullis /run/portcullis
}

# reaches SOURCE: whether an echo request from SOURCE is answered.
reaches() {
	ip netns exec peer ping -c 2 -W 1 -I "$1" $own >/dev/null 2>&1
}

must_reach() {
	reaches "$1" || fail "$1 does not reach $own: $2"
}

must_not_reach() {
	! reaches "$1" || fail "$1 reaches $own: $2"
}

# hook: what hangs on gw0: native, generic or nothing.
hook() {
	case $(ip link show gw0) in
	*xdpgeneric*) echo generic ;;
	*xdp*) echo native ;;
	*) echo nothing ;;
	esac
}

# link_id: of what holds the program on gw0; an update leaves it as it is.
link_id() {
	bpftool -j link show pinned \
		"/sys/fs/bpf/portcullis/links/$(cat /sys/class/net/gw0/ifindex)" |
		sed -n 's/^.*"id":\([0-9]*\),"type":"xdp".*$/\1/p'
}

foreign_count() {
	bpftool -j map dump name foreign_count |
		sed 's/.*"formatted":{[^}]*"value": *\([0-9]*\).*/\1/'
}

foreign_alone() {
	ip link set dev gw0 xdpdrv obj foreign.bpf.o sec xdp ||
		fail "the foreign program does not attach"
}

foreign_in_dispatcher() {
	xdp-loader load -m native gw0 foreign.bpf.o ||
		fail "libxdp's dispatcher does not attach"
}

fwd_start() {
	mkdir -p /var/lib/portcullis /run/portcullis
	# shellcheck disable=SC2086 # a list of options
	./fwd ${FWD_OPTIONS:-} >>/tmp/fwd.log 2>&1 &
	fwd_pid=$!
	tries=0
	until ./fwctl status >/dev/null 2>&1; do
		kill -0 "$fwd_pid" 2>/dev/null || fail "fwd ended at start"
		tries=$((tries + 1))
		[ "$tries" -lt 60 ] || fail "fwd does not answer"
		sleep 0.5
	done
}

fwd_crash() {
	kill -9 "$fwd_pid"
	wait "$fwd_pid" 2>/dev/null || true
	fwd_pid=
}

fwctl() {
	./fwctl "$@" || fail "refused: fwctl $*"
}

# The kernel can do what the other steps build on.
step_plain() {
	must_reach $listed "before anything is attached"
	must_reach $clean "before anything is attached"
	foreign_alone
	[ "$(hook)" = native ] || fail "the hook is $(hook), not native"
	must_reach $clean "past a program that passes all"
	[ "$(foreign_count)" -gt 0 ] || fail "the program saw no packet"
}

step_dispatcher() {
	foreign_in_dispatcher
	must_reach $clean "past a dispatcher whose program passes all"
	[ "$(foreign_count)" -gt 0 ] || fail "the program saw no packet"
}

# Ours alone, through a crash of the daemon and its return.
step_exclusive() {
	need_fwd
	fwd_start
	fwctl attach gw0 --mode native
	[ "$(hook)" = native ] || fail "the hook is $(hook), not native"
	fwctl block $listed
	must_not_reach $listed "although it is blocked"
	must_reach $clean "although nothing blocks it"
	fwd_crash
	must_not_reach $listed "since fwd crashed"
	must_reach $clean "although fwd only crashed"
}

step_adopt() {
	need_fwd
	fwd_start
	fwctl attach gw0 --mode native
	fwctl block $listed
	before=$(link_id)
	[ -n "$before" ] || fail "gw0 has no pinned link"
	fwd_crash
	fwd_start
	[ "$(hook)" = native ] || fail "the hook is $(hook) after the restart"
	[ "$(link_id)" = "$before" ] ||
		fail "link $before was not adopted: it is $(link_id) now"
	must_not_reach $listed "since fwd was started again"
	fwctl unblock $listed
	must_reach $listed "although it was unblocked"
	fwctl detach gw0
	[ "$(hook)" = nothing ] || fail "the hook is $(hook) after detach"
}

# Somebody else's program is never replaced.
step_busy() {
	need_fwd
	foreign_alone
	fwd_start
	! ./fwctl attach gw0 --mode native || fail "attached over another"
	before=$(foreign_count)
	must_reach $clean "although ours was refused"
	[ "$(foreign_count)" -gt "$before" ] || fail "the other is gone"
}

step_shared() {
	FWD_OPTIONS="${FWD_OPTIONS:-} --set allow_shared=true"
	need_fwd
	foreign_in_dispatcher
	fwd_start
	fwctl attach gw0 --mode native --shared
	fwctl block $listed
	before=$(foreign_count)
	must_not_reach $listed "although it is blocked"
	must_reach $clean "although nothing blocks it"
	[ "$(foreign_count)" -gt "$before" ] || fail "the other sees nothing"
	fwd_crash
	must_not_reach $listed "since fwd crashed"
	fwd_start
	must_not_reach $listed "since fwd was started again"
	fwctl detach gw0
	before=$(foreign_count)
	must_reach $listed "although ours was detached"
	[ "$(foreign_count)" -gt "$before" ] || fail "the other went with ours"
}

case ${1:?usage: guest_attach.sh STEP or --list} in
--list)
	sed -n 's/^step_\([a-z_]*\)() {$/\1/p' "$0"
	;;
*)
	trap cleanup EXIT
	setup
	"step_$1"
	;;
esac
