#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fetch_kernels.sh SERIES... - print the directory of each unpacked kernel.
#
# SERIES is 6.1 or 6.12: Debian's cloud kernel of that series, whose package
# name of today comes from the archive. A kernel is kept outside the tree, in
# ${XDG_CACHE_HOME:-/var/cache}/portcullis-vm, and fetched once; without the
# archive the newest one kept is used. Exit status 77, with the reason on
# standard error, when there is neither.
set -euo pipefail

cache=${XDG_CACHE_HOME:-/var/cache}/portcullis-vm

skip() {
	echo "skipped: $*" >&2
	exit 77
}

# The meta package of a series; 6.1 is the kernel Debian 12 shipped with.
meta_package() {
	case $1 in
	6.1) echo linux-image-cloud-amd64 ;;
	6.12) echo linux-image-6.12-cloud-amd64 ;;
	*)
		echo "fetch_kernels.sh: unknown series '$1'" >&2
		exit 2
		;;
	esac
}

current_package() {
	apt-cache depends "$(meta_package "$1")" 2>/dev/null |
		awk '/Depends: linux-image-/ { print $2; exit }'
}

# The newest kernel of the series that an earlier run has left.
newest_kept() {
	find "$cache" -maxdepth 1 -type d -name "linux-image-$1.*" \
		2>/dev/null | sort -V | tail -n 1
}

# Unpacks beside the final name and renames, so that an interrupted run
# leaves nothing that looks complete.
fetch() {
	local package=$1 work
	work=$(mktemp -d "$cache/.fetch.XXXXXX")
	chmod 755 "$work"
	if (cd "$work" && apt-get -qq -o APT::Sandbox::User=root \
		download "$package" >&2) &&
		dpkg-deb -x "$work"/*.deb "$work/root"; then
		rm -rf "${cache:?}/$package"
		mv "$work/root" "$cache/$package"
		rm -rf "$work"
		return 0
	fi
	rm -rf "$work"
	return 1
}

kernel_dir() {
	local series=$1 package kept
	package=$(current_package "$series")
	if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
		apt-get -qq update >&2 || true
		package=$(current_package "$series")
	fi
	if [ -n "$package" ] && [ -d "$cache/$package" ]; then
		echo "$cache/$package"
		return
	fi
	if [ -n "$package" ] && fetch "$package"; then
		echo "$cache/$package"
		return
	fi
	kept=$(newest_kept "$series")
	[ -n "$kept" ] ||
		skip "kernel $series: cannot download ${package:-its package}"
	echo "$kept"
}

mkdir -p "$cache" 2>/dev/null || skip "cannot write to $cache"
exec 9>"$cache/.lock"
flock 9
for series; do
	kernel_dir "$series"
done
