#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_denylist.sh BUILD_DIR - a program on the exec denylist of fwd is not
# run, whatever it is called, and that is told; without it on the list it runs.
#
# Only a file system of the test's own is watched.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_denylist.sh BUILD_DIR}"
stub=$1/tests/bpf/stub
[ -x "$stub" ] || skip "$stub is not built"

disk=$work/disk
list=$work/denied
mkdir "$disk"
mount -t tmpfs -o size=16m,mode=755 tmpfs "$disk" ||
	skip "no tmpfs may be mounted"
cp "$stub" "$disk/miner"
cp "$stub" "$disk/good"
printf x >>"$disk/good" # what nobody reads
(cd "$disk" && sha256sum miner) >"$list"
digest=$(cut -d ' ' -f 1 "$list")
cat >>"$work/fwd.yml" <<-EOF
	exec_denylist: $list
	exec_denylist_places: $disk
	alert_file: $work/alerts
EOF

denylist() {
	ask ".denylist.$1" detect status
}

# runs PROGRAM: what comes of it.
runs() {
	local status=0
	"$disk/$1" 2>"$work/ran" || status=$?
	[ "$status" = 126 ] && grep -q "Operation not permitted" "$work/ran" &&
		echo EPERM && return
	echo "$status"
}

fwd_start
if has_alert "CAP_SYS_ADMIN|cannot be watched: Operation not permitted"; then
	skip "this may not watch executions"
fi
is "on" true "$(denylist on)"
is "digests" 1 "$(denylist digests)"
if [ "$(denylist lsm)" = true ]; then
	is "lsm_digests" 1 "$(denylist lsm_digests)"
	does detect status
	said '^lsm +1 digests, denied'
else
	is "lsm" false "$(denylist lsm)"
	does detect status
	said '^lsm +is off: (the kernel|lsm=|/sys/)'
fi
is "another program" 0 "$(runs good)"
is "the miner" EPERM "$(runs miner)"
cp "$stub" "$disk/kworker"
is "the renamed miner" EPERM "$(runs kworker)"
[ "$(denylist denied)" -ge 2 ] || fail "denied: $(denylist denied)"
told() {
	jq -se ".[0].rule.id == \"exec denylist\" and
		.[0].portcullis.level == \"high\" and
		.[0].process.executable == \"$disk/miner\" and
		.[0].process.hash.sha256 == \"$digest\" and
		.[0].portcullis.done == [\"deny\"] and
		(.[0].message | endswith(\" of root, denied\")) and
		.[0].user.name == \"root\" and
		(.[0].process.name | length) > 0 and
		.[0].process.parent.pid > 1 and
		.[0].process.pid > 1" "$work/alerts" >/dev/null 2>&1
}
wait_for "the alert" told
is "alerts" 1 "$(wc -l <"$work/alerts")" # the same digest again
does alert list
said "exec denylist.* deny"
does detect status
said '^denylist +1 digests, denied [1-9]'
grep -q "exec denylist: not run path=$disk/miner pid=[0-9]* sha256=$digest" \
	"$work/log" || fail "the log does not say so"
echo "ok: it is not run under any name, and that is told"

echo "0123 too short" >>"$list"
refuses "$list:2: not a SHA-256.*: those before stay" detect reload
does detect status
said "^refused +$list:2: not a SHA-256"
wait_for "an alert" has_alert "$list:2: not a SHA-256"
is "digests" 1 "$(denylist digests)"
is "the miner" EPERM "$(runs miner)"
rm "$list"
refuses "$list: No such file.*: those before stay" detect reload
is "the miner" EPERM "$(runs miner)"
: >"$list"
refuses "$list: it is empty.*: those before stay" detect reload
wait_for "an alert" has_alert "$list: it is empty"
is "the miner" EPERM "$(runs miner)"
echo "ok: a list that is broken, gone or empty leaves the one before"

echo "# nobody" >"$list"
does detect reload
has_no_alert || fail "an alert stays: $(ask '.alerts' status)"
is "digests" 0 "$(denylist digests)"
is "the miner" 0 "$(runs miner)"
is "the renamed miner" 0 "$(runs kworker)"
echo "$digest" >"$list"
kill -HUP "$fwd_pid"
denies() {
	[ "$(runs miner)" = EPERM ]
}
wait_for "the list" denies
fwd_stop
is "the miner without fwd" 0 "$(runs miner)"
echo "ok: what is off the list runs, and all does without fwd"

mv "$list" "$list.away"
fwd_start
is "on" true "$(denylist on)"
is "digests" 0 "$(denylist digests)"
wait_for "an alert" has_alert "exec denylist: $list: No such file"
does detect status
said "^refused +$list: No such file"
mv "$list.away" "$list"
does detect reload
is "the miner" EPERM "$(runs miner)"
has_no_alert || fail "an alert stays: $(ask '.alerts' status)"
fwd_stop
echo "ok: a list that is not there at the start is told, and read later"

sed -i "s|^exec_denylist_places:.*|exec_denylist_places: $disk/none|" \
	"$work/fwd.yml"
fwd_start
is "on" false "$(denylist on)"
wait_for "an alert" has_alert "$disk/none.*cannot be watched"
does detect status
said "^is off +.*$disk/none"
refuses "has not started|sensor is off" detect reload
echo "ok: where it cannot start, fwd goes on and says why"
