#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fetch_crowdsec.sh - print the directory of an unpacked CrowdSec.
#
# Debian's package is unpacked and not installed: none of its scripts run, which
# would register it with a server on the Internet, and no service starts. It is
# kept outside the tree, in ${XDG_CACHE_HOME:-/var/cache}/portcullis-crowdsec, and
# fetched once. Exit status 77, with the reason on standard error, where it cannot
# be had.
set -euo pipefail

cache=${XDG_CACHE_HOME:-/var/cache}/portcullis-crowdsec

skip() {
	echo "skipped: $*" >&2
	exit 77
}

# Unpacked beside the final name and renamed, so that an interrupted run leaves
# nothing that looks complete.
fetch() {
	local work=$1
	chmod 755 "$work"
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root \
		download crowdsec >&2) &&
		dpkg-deb -x "$work"/*.deb "$work/root" &&
		mv "$work/root" "$cache/root"
}

mkdir -p "$cache" 2>/dev/null || skip "cannot write to $cache"
exec 9>"$cache/.lock"
flock 9
if [ ! -d "$cache/root" ]; then
	work=$(mktemp -d "$cache/.fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	fetch "$work" || skip "the package crowdsec cannot be downloaded"
fi
"$cache/root/usr/bin/crowdsec" -version >/dev/null 2>&1 ||
	skip "crowdsec does not run here: $(ldd "$cache/root/usr/bin/crowdsec" |
		grep 'not found' | xargs)"
echo "$cache/root"
