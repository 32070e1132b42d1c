# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quickstart_net.sh - three network namespaces in a row, and their end.
#
# Sourced by ./quickstart.
#
# shellcheck disable=SC2154 # names are shared with who sources this
#
#	internet                    gateway                     LAN
#	inet0 198.51.100.2  ----  wan0 198.51.100.1
#	(and every source)        lan0 192.0.2.1  ----  srv0 192.0.2.10
#
# Everything made is written into a record first, one "KIND VALUE..." a line,
# so that whoever comes later can take it away, whatever happened to us. A
# process is known by its id and its start time; so none is ended that only
# got the number of one of ours.

export WAN=wan0 SERVER=192.0.2.10 PORT=7777
export WAN_MAC=02:00:00:00:00:01

record() { echo "$*" >>"$scratch/record"; }

# in_ns NAME COMMAND...: runs there. Not "ip netns exec", which hides bpffs.
in_ns() {
	nsenter --net="/run/netns/$prefix-$1" -- "${@:2}"
}

# The clock tick at which a process started; nothing when there is none.
start_of() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	# the name, in parentheses, may hold anything
	stat=${stat##*) }
	# shellcheck disable=SC2086 # fields
	set -- $stat
	[ "$1" = Z ] || echo "${20}"
}

# run_in NAME OUTPUT COMMAND...: in the background; its id becomes $spawned.
run_in() {
	nsenter --net="/run/netns/$prefix-$1" -- "${@:3}" >>"$2" 2>&1 &
	spawned=$!
	record process "$spawned" "$(start_of "$spawned")"
}

make_bpffs() {
	[ "$(stat -f -c %T /sys/fs/bpf 2>/dev/null)" != bpf_fs ] || return 0
	record mount /sys/fs/bpf
	mount -t bpf -o mode=700 bpf /sys/fs/bpf
}

make_namespaces() {
	local name
	mountpoint -q /run/netns || record netns-mount /run/netns
	for name in internet gateway lan; do
		record netns "$prefix-$name"
		ip netns add "$prefix-$name" || return
		# no neighbour or router discovery: every packet is ours
		in_ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1 2>/dev/null ||
			true
		ip -n "$prefix-$name" link set lo up || return
	done
}

make_cables() {
	local internet=$prefix-internet gateway=$prefix-gateway lan=$prefix-lan
	ip link add inet0 netns "$internet" type veth \
		peer name wan0 netns "$gateway" address "$WAN_MAC" &&
		ip link add srv0 netns "$lan" type veth \
			peer name lan0 netns "$gateway" &&
		ip -n "$internet" addr add 198.51.100.2/24 dev inet0 &&
		ip -n "$gateway" addr add 198.51.100.1/24 dev wan0 &&
		ip -n "$gateway" addr add 192.0.2.1/24 dev lan0 &&
		ip -n "$lan" addr add "$SERVER/24" dev srv0 &&
		ip -n "$internet" link set inet0 up &&
		ip -n "$gateway" link set wan0 up &&
		ip -n "$gateway" link set lan0 up &&
		ip -n "$lan" link set srv0 up &&
		ip -n "$internet" route add 192.0.2.0/24 via 198.51.100.1 &&
		ip -n "$gateway" route add default via 198.51.100.2 &&
		ip -n "$lan" route add default via 192.0.2.1 &&
		in_ns gateway sysctl -qw net.ipv4.ip_forward=1
}

# own_addresses FILE: the internet answers for each of them.
own_addresses() {
	sed 's/.*/route add local &\/32 dev lo/' "$1" |
		ip -n "$prefix-internet" -batch -
}

# Ends the processes of a record: asks, waits up to 5 s, then insists.
end_processes() {
	local pid start signal try alive
	for signal in TERM KILL; do
		for try in $(seq 50); do
			alive=
			while read -r _ pid start; do
				[ -n "$start" ] || continue
				[ "$(start_of "$pid")" = "$start" ] || continue
				alive=yes
				[ "$try" != 1 ] || kill -"$signal" "$pid"
			done < <(grep '^process ' "$1")
			[ -n "$alive" ] || return 0
			sleep 0.1
		done
	done 2>/dev/null
	return 1
}

# Unmounts a bpffs that nobody else uses by now; the kernel's own files in it,
# *.debug, do not count.
unmount_bpffs() {
	mountpoint -q "$1" && [ -z "$(ls -A -I '*.debug' "$1")" ] || return 0
	umount "$1"
}

# take_away DIR: undoes all that the record in DIR tells of, and DIR itself.
# What is pinned goes last of the firewall, so its gate does not outlive it.
take_away() {
	local kind value failed=0
	end_processes "$1/record" || failed=1
	while read -r kind value; do
		case $kind in
		pins)
			rm -rf -- "$value" || failed=1
			;;
		netns)
			[ ! -e "/run/netns/$value" ] ||
				ip netns del "$value" || failed=1
			;;
		mount)
			unmount_bpffs "$value" || failed=1
			;;
		netns-mount)
			# others may have put theirs there since
			umount "$value" 2>/dev/null && rmdir "$value" || true
			;;
		esac
	done < <(tac "$1/record")
	[ "$failed" = 0 ] && rm -rf -- "$1"
}
