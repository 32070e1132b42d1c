#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_guessing.sh BUILD_DIR - passwords are guessed, at a program that begins
# and ends processes as sshd does; test_guessing_real.sh asks sshd itself.
set -eu
if [ -z "${GUESSING_INSIDE:-}" ] && [ "$(id -u)" = 0 ]; then
	exec env GUESSING_INSIDE=1 unshare --mount --propagation private \
		bash "$0" "$@"
fi
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_guessing.sh BUILD_DIR}"
# shellcheck source=tests/support/guessing.sh
. "$here/../support/guessing.sh"

[ -x "$1/tests/netns/sshd_like" ] || skip "sshd_like is not built"

# says SOURCE LINE: to sshd; returns when that has closed the connection, or
# has let us in and we have.
says() {
	local to=$own4
	case $1 in
	*:*) to=$own6 ;;
	esac
	in_internet timeout 60 python3 - "$1" "$to" "$2" <<-'END'
		import socket, sys
		s = socket.create_connection((sys.argv[2], 2222), 30,
		                             (sys.argv[1], 0))
		s.sendall(sys.argv[3].encode() + b"\n")
		try:
		    got = s.recv(100)
		except ConnectionError:  # cut
		    got = b""
		if got != (b"welcome\n" if sys.argv[3] == "right" else b""):
		    sys.exit("sshd said %r" % got)
	END
}

guess() {
	says "$1" wrong
}

log_in() {
	says "$1" right
}

listens() {
	in_gateway ss -Hltn | grep -q ':2222 '
}

make_sshd_user
mkdir "$work/sbin"
cp "$1/tests/netns/sshd_like" "$work/sbin/sshd"
in_background "$gateway" "$work/sbin/sshd" 2222 \
	"$(awk -F: '$1 == "sshd" { print $3 }' "$work/passwd")" 65534
wait_for "sshd" listens
run_guessing

# Another address of one /64 for each try.
network=2001:db8:bad:
ip -n "$gateway" route add "$network:/64" via 2001:db8:51::2
for host in 11 12 13 14 15 16 17; do
	ip -n "$internet" addr add "$network:$host/128" dev peer0 nodad
done
fwd_start
for host in 11 12 13 14 15; do
	guess "$network:$host"
done
wait_for "five that failed" matched 5
is "who failed once" pass "$(verdict "$network:15")"
guess "$network:16"
wait_for "the ban of an address" is_listed "$network:16"
is "its neighbour" pass "$(verdict "$network:17")"
guess "$network:17"
wait_for "the ban of the network" is_listed "$network:99"
is "bans of it" "$network:/64 2" \
	"$("$fwctl" --json detect offences | jq -rs '.[] |
		select(.address | startswith("2001:")) |
		"\(.address) \(.bans)"')"
is "cuts that failed" 0 "$(detection .steps.cut.failed)"
is "another network" pass "$(verdict 2001:db8:bae::11)"
fwd_stop
echo "ok: the addresses of a /64 count together, and the second has all of it banned"
