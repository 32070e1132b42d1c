#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_nftables.sh BUILD_DIR [--policies N] [--packets N] [--seed N] - the same
# random policies in fwd and, exported, in the kernel's nftables, and the same
# packets through both: nft_judge compares the verdicts.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_nftables.sh BUILD_DIR}"
judge=$1/tests/netns/nft_judge
shift

command -v nft >/dev/null || skip "nft is not installed"

theirs=pcl-nft-$$
names='eth0 eth1 ppp0 ppp1 wg0 other'
mark=7 # of what nft_judge sends out

cleanup_theirs() {
	local status=$?
	ip netns del "$theirs" 2>/dev/null || true
	(exit "$status")
	cleanup
}
trap cleanup_theirs EXIT

# pair NAMESPACE NAME PEER NUMBER: joined to the internet by NAME, through which
# everything leaves, to nobody in particular.
pair() {
	local all=net.ipv6.conf
	ip -n "$internet" link add "$3" type veth peer name "$2" \
		address 02:00:00:00:01:01 netns "$1"
	nsenter --net="/run/netns/$1" sysctl -qw "$all.$2.addr_gen_mode=1"
	in_internet sysctl -qw "$all.$3.disable_ipv6=1"
	nsenter --net="/run/netns/$1" ethtool -K "$2" gro off
	in_internet ethtool -K "$3" gro off
	ip -n "$1" link set "$2" arp off up
	ip -n "$internet" link set "$3" up
	ip -n "$1" addr add "198.51.100.$4/32" dev "$2"
	ip -n "$1" addr add "2001:db8:51:$4::1/128" dev "$2" nodad
	ip -n "$1" route add default dev "$2" metric "$4"
	ip -n "$1" -6 route add default dev "$2" metric "$4"
}

# sets NAME: of both families' numbers.
sets() {
	cat <<-EOF
		set ${1}4 { typeof ip id; size 65535; flags dynamic; }
		set ${1}6 { typeof ip6 flowlabel; size 65535; flags dynamic; }
	EOF
}

# note NAME: the number of what comes here.
note() {
	echo "update @${1}4 { ip id }"
	echo "update @${1}6 { ip6 flowlabel }"
}

# at_ingress NAME PREFIX: what comes in through PREFIX and one of the names,
# before the IP stack has seen it.
at_ingress() {
	local devices
	devices=$(printf "\"$2%s\", " $names)
	cat <<-EOF
		table netdev rec {
			$(sets "$1")
			chain in {
				type filter hook ingress devices = { ${devices%, } } priority 0;
				$(note "$1")
			}
		}
	EOF
}

# silence: only what nft_judge sends goes out.
silence() {
	cat <<-EOF
		chain silence {
			type filter hook output priority -450;
			oifname != "lo" meta mark != $mark drop
		}
	EOF
}

# step NAME HOOK PRIORITY
step() {
	cat <<-EOF
		chain $1 {
			type filter hook $2 priority $3;
			$(note "$1")
		}
	EOF
}

number=10
ip netns add "$theirs"
ip -n "$theirs" link set lo up
for name in $names; do
	pair "$gateway" "$name" "o-$name" $number
	pair "$theirs" "$name" "n-$name" $number
	number=$((number + 1))
done
in_gateway nft -f - <<-EOF
	$(at_ingress passed_in "")
	table inet rec {
		$(sets saw_out)
		$(silence)
		$(step saw_out postrouting 299)
	}
EOF
in_internet nft -f - <<-EOF
	$(at_ingress passed_out "o-")
EOF
nsenter --net="/run/netns/$theirs" nft -f - <<-EOF
	table inet rec {
		$(sets saw_in)
		$(sets passed_in)
		$(sets saw_out)
		$(sets passed_out)
		$(silence)
		$(step saw_in prerouting -450)
		$(step passed_in prerouting -140)
		$(step saw_out postrouting 299)
		$(step passed_out postrouting 301)
	}
EOF

fwd_start
for name in $names; do
	does attach "$name"
done
JUDGE_OURS=$gateway JUDGE_THEIRS=$theirs JUDGE_FAR=$internet \
	JUDGE_FWCTL=$fwctl JUDGE_WORK=$work "$judge" "$@" ||
	fail "the judges do not agree"
fwd_stop
