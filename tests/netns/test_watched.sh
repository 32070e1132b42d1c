#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_watched.sh BUILD_DIR - a rule about reads is met by those of the paths
# that sensor_paths names, and of no other.
#
# Of a file, of all below a folder, and of a path at which there was nothing at
# the start; by the path that a file has when it is read. Reads are told in the
# order in which they were: what is not told before the last one never is.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_watched.sh BUILD_DIR}"

site=$(realpath "$work")/site
mkdir -p "$site/keys/deep/er" "$site/keys.old" "$work/rules"
for name in token token.old keys/a keys/deep/er/b keys.old/c new; do
	echo secret >"$site/$name"
done
cat >"$work/rules/read.yml" <<-END
	version: 1
	rules:
	  - name: read
	    event: open
	    action: alert
	    group_by: [command_line]
	    match: {filename: "$site/*"}
END
cat >>"$work/fwd.yml" <<-END
	sensor: true
	sensor_paths: $site/token,$site/keys/,$site/later
	detect_rules: $work/rules
	alert_file: $work/alerts
END

# reads PATH: a process of its own each time.
count=0
reads() {
	count=$((count + 1))
	bash -c 'read -r <"$1"' "reader-$count" "$1" || fail "no read of $1"
}

told() {
	[ ! -e "$work/alerts" ] || jq -r .file.path "$work/alerts"
}

# are_told PATH...: in this order, below $site, and nothing else from the start
# or the last time on, when the last of them has been.
seen=0
are_told() {
	wait_for "the read of ${*: -1}" has_last "${*: -1}"
	is "reads that are told" "$(printf '%s\n' "${@/#/$site/}")" \
		"$(told | tail -n +$((seen + 1)))"
	seen=$(told | wc -l)
}

has_last() {
	[ "$(told | wc -l)" -gt "$seen" ] &&
		[ "$(told | tail -n 1)" = "$site/$1" ]
}

fwd_start
reads "$site/token.old"
reads "$site/keys.old/c"
reads "$site/new"
reads "$site/token"
are_told token
reads "$site/keys/a"
reads "$site/keys.old/c"
reads "$site/keys/deep/er/b"
are_told keys/a keys/deep/er/b
ln -s token "$site/link"
reads "$site/link"
are_told token
echo "ok: a file and what is below a folder, and nothing beside them"

echo secret >"$site/later"
reads "$site/later"
are_told later
echo "ok: a path at which there was nothing at the start"

mv "$site/token" "$site/away"
mv "$site/new" "$site/token"
reads "$site/away"
reads "$site/token"
mv "$site/keys" "$site/moved"
reads "$site/moved/a"
mv "$site/keys.old" "$site/keys"
reads "$site/keys/c"
are_told token keys/c
echo "ok: the path counts that a file has when it is read"

fwd_stop
sed -i "s|^sensor_paths: .*|sensor_paths: $site/later|" "$work/fwd.yml"
fwd_start
reads "$site/token"
reads "$site/keys/c"
reads "$site/later"
are_told later
echo "ok: no path that is not named any more"
