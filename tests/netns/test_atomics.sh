#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_atomics.sh BUILD_DIR - which rules tell the techniques of Atomic Red Team
# that harm nobody (class A of PORTCULLIS_DATA/sigma-linux), when they are run:
# those of SigmaHQ, and those that are installed.
#
# Each has a control group, by which its events are known from those of others,
# and only the technique's own command runs in it. What must be told and is not
# has a reason in atomics_unmet.txt. The table in docs/detection.md is what was
# told here; GOLDEN_UPDATE=1 writes it.
#
# None of them ends a process or connects to anybody; they search, and write to
# /tmp, /var/tmp and home. One that needs a file that is not there is not run:
# nothing is fetched or made for it.
set -eu
build=$(realpath "${1:?usage: test_atomics.sh BUILD_DIR}")
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
data=${PORTCULLIS_DATA:-/nonexistent}/sigma-linux
atomics=$data/atomics-linux.jsonl
page=$top/docs/detection.md
# shellcheck source=tests/support/sensed.sh
. "$here/../support/sensed.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in jq unshare; do
	command -v "$tool" >/dev/null || skip "needs $tool"
done
[ -e "$atomics" ] || skip "PORTCULLIS_DATA names no folder with sigma-linux"

work=$(mktemp -d -p /run) # /tmp is each technique's own
trap sensed_clear EXIT

# The techniques, each a folder; what is missing of an argument is a mistake.
mkdir "$work/tests"
jq -j --arg nul $'\x01' 'select(.cls == "A") | .id, $nul, .executor, $nul,
	.command, $nul, (.cleanup // ""), $nul,
	([.prereq[].check | "(\n" + . + "\n) || exit 1\n"] | add // ""), $nul
	' "$atomics" >"$work/techniques"
jq -r 'select(.cls == "A").id' "$atomics" >"$work/ids"
(cd "$work/tests" && xargs mkdir <"$work/ids")
while IFS= read -r -d $'\x01' id; do
	for part in executor command cleanup check; do
		IFS= read -r -d $'\x01' text
		printf '%s' "$text" >"$work/tests/$id/$part"
	done
done <"$work/techniques"
! grep -rl '#{' "$work/tests" || { echo "FAILED: arguments are missing"; exit 1; }

mkdir "$work/rules"
cp -r "$top/rules/default/detect" "$work/rules/shipped"
for folder in "$data"/rules*; do
	cp -r "$folder" "$work/rules/"
done
# Large, and some search everything; the keys of who works here are in it, too.
for dir in /root /opt /usr/include /usr/share /usr/src /usr/lib/*/ "$top" \
	"$(realpath "$PORTCULLIS_DATA")"; do
	case $dir in
	*-linux-gnu*/ | */locale/ | */systemd/) ;;
	*) [ ! -d "$dir" ] || echo "${dir%/}" ;;
	esac
done >"$work/lacks"
cp "$here/atomics_scenario.sh" "$here/../support/root_copy.sh" "$work"

# state: the users and the jobs of cron of this machine.
state() {
	find /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/sub[ug]id \
		/etc/sudoers* /etc/cron* /var/spool/cron -type f \
		-exec stat -c '%n %a %u %g' {} + -exec sha256sum {} + \
		2>/dev/null || true
}

state >"$work/before"
sensed_start "$(<"$work/ids")" "$build/tests/netns/sensed_rules" \
	"$work/rules" each
code=0
unshare --mount --net bash "$work/atomics_scenario.sh" "$groups/$group" \
	"$work" || code=$?
[ "$code" != 77 ] || skip "there can be no copy of the root's files"
[ "$code" = 0 ] || { echo "FAILED: the scenario ended with $code"; exit 1; }
sensed_end
state >"$work/after"

# What is told of a sum of points depends on what else this machine did before;
# which calls a program makes, on how much it finds.
jq -r --arg group "/$group/" 'select((.cgroup // "") | startswith($group)) |
	select(.kind != "call" and (.id | startswith("scores-") | not)) |
	[(.cgroup[($group | length):] | split("/")[0]),
	(if .list == 0 then "sigma" else "shipped" end), .rule, .level] | @tsv' \
	"$work/told" | sort -u >"$work/fired"
jq -r 'select(.cls == "A") | .id as $id | .sigma_expected[] |
	[$id, sub(" \\[[a-z]+\\]$"; "")] | @tsv' "$atomics" >"$work/expected"

failed=0
failure() {
	echo "FAILED: $*"
	failed=1
}

cmp "$work/before" "$work/after" || failure "users or jobs of cron were changed"
[ ! -s "$work/changed" ] ||
	failure "more was changed than /tmp: $(head "$work/changed")"
tail -n 1 "$work/told"
[ "$(tail -n 1 "$work/told" | jq .lost)" = 0 ] || failure "events were lost"

# Each is told, or there is a reason why not; a reason that is none is a failure.
(cd "$work/tests" && ls -d */skipped 2>/dev/null || true) |
	sed 's|/skipped$||' >"$work/skipped"
grep -vFf <(sed 's/$/\t/' "$work/skipped") "$work/expected" |
	sed 's/\t/: /' | sort >"$work/wanted" || true
awk -F '\t' '$2 == "sigma" { print $1 ": " $3 }' "$work/fired" | sort >"$work/got"
grep '^T[0-9.-]*: ' "$here/atomics_unmet.txt" | sort >"$work/excused"
comm -23 "$work/wanted" "$work/got" | comm -3 - "$work/excused" >"$work/wrong"
[ ! -s "$work/wrong" ] || {
	failure "what is told is not as expected (first column: not told;" \
		"second: excused in atomics_unmet.txt, and told or not run)"
	cat "$work/wrong"
}

while read -r id; do
	code=skipped
	if [ ! -e "$work/tests/$id/skipped" ]; then
		code=$(cat "$work/tests/$id/code") || failure "$id did not run"
	fi
	printf '%s\t%s\n' "$id" "$code" >>"$work/ran"
	[ "$code" != 124 ] || echo "note: $id has taken too long"
done < <(sort -V "$work/ids")
awk -f "$here/atomics_table.awk" "$work/fired" "$work/ran" >"$work/table"
grep '^Of .* were run' "$work/table"

begin='<!-- what test_atomics.sh was told -->'
end='<!-- up to here -->'
sed "/^$begin$/,/^$end$/ {
	/^$begin$/p; /^$begin$/r $work/table
	/^$end$/p; d }" "$page" >"$work/page"
if [ "${GOLDEN_UPDATE:-0}" = 1 ]; then
	cp "$work/page" "$page"
else
	diff -u "$page" "$work/page" ||
		failure "docs/detection.md has another table; GOLDEN_UPDATE=1"
fi
exit "$failed"
