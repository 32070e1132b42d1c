# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packages.sh - the Debian packages this project needs, and their arrival.
#
# Sourced by ./check and ./quickstart. need_packages GROUP... installs what
# of the groups is missing; it is silent and quick when nothing is, asks no
# questions, and fails when a package is still missing at the end.

# Everything CMakeLists.txt looks for; libcmocka because tests are built too.
PACKAGES_build="
	bpftool clang cmake gcc libbpf-dev libc6-dev libcap-ng-dev libcmocka-dev
	libcurl4-openssl-dev libevent-dev libjansson-dev liblmdb-dev
	libmaxminddb-dev libnl-3-dev libnl-route-3-dev libpcap-dev libseccomp-dev
	libssl-dev libsystemd-dev
	libxdp-dev libyajl-dev libyaml-dev libzip-dev linux-libc-dev ninja-build
	pkg-config zlib1g-dev"

# What ./quickstart calls.
PACKAGES_quickstart="
	iproute2 jq mount procps python3 util-linux"

# Everything the tests, and the scripts under tests/netns, call.
PACKAGES_test="
	bpftool clang-format clang-tidy ethtool iproute2 iputils-ping jq kmod
	libclang-rt-dev llvm mandoc netcat-openbsd nftables openssl procps
	python3 python3-scapy shellcheck socat strace tcpdump tshark util-linux
	xdp-tools"

# What boots Debian's other kernels under emulation.
PACKAGES_vm="
	binutils busybox-static bpftool clang cpio dash ethtool gzip iproute2
	kmod qemu-system-x86 xdp-tools xz-utils"

# The firewalls that perf/ measures beside this one.
PACKAGES_perf="bpftool ethtool ipset iproute2 iptables nftables xdp-tools"

packages_of() {
	local group
	for group; do
		case $group in
		build) echo "$PACKAGES_build" ;;
		quickstart) echo "$PACKAGES_quickstart" ;;
		test) echo "$PACKAGES_test" ;;
		vm) echo "$PACKAGES_vm" ;;
		perf) echo "$PACKAGES_perf" ;;
		*)
			echo "packages.sh: unknown group '$group'" >&2
			return 2
			;;
		esac
	done
}

# Prints the packages of its arguments that are not installed, one a line.
missing_packages() {
	{
		# shellcheck disable=SC2016 # dpkg expands it, not the shell
		dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
			2>/dev/null | awk '$1 == "installed" { print "+", $2 }'
		printf '? %s\n' "$@"
	} | awk '$1 == "+" { have[$2] } $1 == "?" && !($2 in have) && !s[$2]++ {
		print $2 }'
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 \
		install -y --no-install-recommends "$@" </dev/null
}

need_packages() {
	local wanted missing
	wanted=$(packages_of "$@") || return
	# shellcheck disable=SC2086 # a list of names
	missing=$(missing_packages $wanted)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "missing packages, and only root can install:" \
			"${missing//$'\n'/ }" >&2
		return 1
	fi
	echo "installing ${missing//$'\n'/ }"
	# The first try saves the minute of an update where lists are fresh;
	# lists that are absent or stale make it fail.
	# shellcheck disable=SC2086 # a list of names
	apt_install $missing >/dev/null 2>&1 || {
		apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null
		apt_install $missing >/dev/null
	} || true
	# shellcheck disable=SC2086 # a list of names
	missing=$(missing_packages $missing)
	[ -n "$missing" ] || return 0
	echo "could not install ${missing//$'\n'/ }" >&2
	return 1
}
