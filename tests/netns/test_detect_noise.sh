#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_detect_noise.sh BUILD_DIR - the detection rules that are installed, while
# a host does what hosts do: packages are put in, something is built, somebody
# logs in, an hour of cron passes. Nothing of it may be told at level medium or
# above; what was told is listed, by rule.
#
# All of it happens on a copy of the root's files that is thrown away, and
# without a network. Each part has a control group, by which its events are
# known from those of others. NOISE_DEBS names a folder of packages that are put
# into the copy first, like openssh-server with what it needs.
set -eu
build=$(realpath "${1:?usage: test_detect_noise.sh BUILD_DIR}")
top=$(cd "$(dirname "$0")/../.." && pwd)
parts="package apt build login ssh cron control"
# shellcheck source=tests/support/sensed.sh
. "$top/tests/support/sensed.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in cmake dpkg-deb jq ninja run-parts unshare; do
	command -v "$tool" >/dev/null || skip "needs $tool"
done

work=$(mktemp -d)
trap sensed_clear EXIT

# A package with what may look odd: a job of cron, a unit, a script of logins,
# and scripts of its own.
make_package() {
	local root=$work/package
	mkdir -p "$root/DEBIAN" "$root/etc/cron.d" "$root/etc/profile.d" \
		"$root/usr/lib/systemd/system"
	printf '%s\n' 'Package: portcullis-noise' 'Version: 1' \
		'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
		'Description: what may look odd' >"$root/DEBIAN/control"
	echo '# nothing' >"$root/etc/cron.d/portcullis-noise"
	echo '# nothing' >"$root/etc/profile.d/portcullis-noise.sh"
	printf '%s\n' '[Service]' 'ExecStart=/bin/true' \
		>"$root/usr/lib/systemd/system/portcullis-noise.service"
	printf '%s\n' /etc/cron.d/portcullis-noise \
		/etc/profile.d/portcullis-noise.sh >"$root/DEBIAN/conffiles"
	printf '%s\n' '#!/bin/sh' 'set -e' 'useradd -r portcullis-noise || true' \
		'usermod -L portcullis-noise || true' >"$root/DEBIAN/postinst"
	printf '%s\n' '#!/bin/sh' 'userdel portcullis-noise || true' \
		>"$root/DEBIAN/postrm"
	chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/postrm"
	dpkg-deb --root-owner-group -b "$root" "$work/noise.deb" >/dev/null
}

make_package
sensed_start "$parts" "$build/tests/netns/sensed_rules" \
	"$top/rules/default/detect" each

code=0
unshare --mount --net bash "$top/tests/netns/noise_scenario.sh" \
	"$top" "$groups/$group" "$work" "${NOISE_DEBS:-}" || code=$?
[ "$code" != 77 ] || skip "there can be no copy of the root's files"
[ "$code" = 0 ] || { echo "FAILED: the scenario ended with $code"; exit 1; }
sensed_end

failed=0
printf '%-9s %-6s %-14s %6s  %s\n' PART RAN LEVEL TOLD RULE
for part in $parts; do
	ran=yes
	grep -qx "$part" "$work/done" || ran=no
	sensed_of "$part" | jq -r '[.level, .id] | @tsv' | sort | uniq -c |
		while read -r count level id; do
			printf '%-9s %-6s %-14s %6s  %s\n' "$part" "$ran" \
				"$level" "$count" "$id"
		done
	loud=$(sensed_of "$part" | jq -c 'select(.level == "medium" or
		.level == "high" or .level == "critical")')
	if [ "$part" = control ]; then
		grep -q credentials-shadow <<<"$loud" ||
			{ echo "FAILED: nothing is told at all"; failed=1; }
	elif [ -n "$loud" ]; then
		echo "FAILED: $part is told"
		jq -r '[.id, .image, .command_line, .path, .peer,
			.parent_command_line] | @json' <<<"$loud" | head -n 20
		failed=1
	fi
	[ "$ran" = yes ] || echo "note: $part did not run"
done
tail -n 1 "$work/told"
[ "$(jq -s '.[-1].lost' "$work/told")" = 0 ] ||
	{ echo "FAILED: events were lost"; failed=1; }
for part in package build login control; do
	grep -qx "$part" "$work/done" ||
		{ echo "FAILED: $part could not run"; failed=1; }
done
exit "$failed"
