#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ./quickstart ends well and leaves nothing behind: run twice, kept and
# cleaned, ended in the middle, and where nothing was mounted; and it says so
# when a listed packet arrives.
set -euo pipefail
build=$(realpath "${1:?usage: test_quickstart.sh BUILD_DIR}")
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"

[ "$(id -u)" = 0 ] || {
	echo "skipped: needs root"
	exit 77
}
[ -x "$build/tests/netns/flood" ] || {
	echo "$build/tests/netns/flood is not there"
	exit 1
}

scratch=$(mktemp -d)
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
running=
end() {
	[ -z "$running" ] || kill "$running" 2>/dev/null || true
	./quickstart --clean >/dev/null || true
	rm -rf -- "$scratch"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "$*"
	sed 's/^/    /' "$scratch/out"
	exit 1
}

# Runs it; what it says is in $scratch/out.
play() {
	local status=0
	./quickstart --build-dir "$build" "$@" >"$scratch/out" 2>&1 || status=$?
	return "$status"
}

# What a run in $TMPDIR makes, as far as it is there. A process of ours has
# the directory of its run in its arguments.
remains() {
	ls -A "$TMPDIR"
	ip netns list | sed -n "s/^pclq-$1-.*/namespace &/p"
	ls -d "/sys/fs/bpf/portcullis-quickstart-$1" 2>/dev/null || true
	grep -lsF "$TMPDIR/" /proc/[0-9]*/cmdline || true
}

expect_nothing_left() {
	local left
	left=$(remains '[0-9]*')
	[ -z "$left" ] || fail "left behind: $left"
}

mounts() { findmnt -rno TARGET,FSTYPE | grep -E '/run/netns|bpf' || true; }

echo "wrong usage"
for words in --bogus --build-dir '--build-dir /nowhere' '--clean --keep'; do
	status=0
	# shellcheck disable=SC2086 # words
	./quickstart $words >"$scratch/out" 2>&1 || status=$?
	[ "$status" = 2 ] || fail "$words: exit status $status"
	grep -q "^quickstart: .*${words%% *}" "$scratch/out" ||
		fail "$words: $(cat "$scratch/out")"
done

echo "an ordinary run"
mounts >"$scratch/before"
play || fail "exit status $?"
grep -q '^Everything behaved as promised' "$scratch/out" ||
	fail "no closing words"
[ "$(tail -n 1 "$scratch/out")" = "Nothing is left behind." ] ||
	fail "another last line"
expect_nothing_left

echo "a second one, where no bpffs is mounted and no namespace known"
# in a mount namespace of our own, so nobody else misses them
export -f play
export build scratch
unshare --mount bash -c '
	while mountpoint -q /sys/fs/bpf; do umount -l /sys/fs/bpf; done
	while mountpoint -q /run/netns; do umount -l /run/netns; done
	findmnt -rno TARGET,FSTYPE >"$scratch/before"
	play || exit
	findmnt -rno TARGET,FSTYPE >"$scratch/after"' ||
	fail "exit status $?"
diff "$scratch/before" "$scratch/after" || fail "other mounts than before"
expect_nothing_left

echo "a run that is kept, and cleaned"
play --keep || fail "exit status $?"
socket=$(echo "$TMPDIR"/portcullis-quickstart.*/fwd.sock)
"$build/ctl/fwctl" --socket "$socket" why 77.90.185.20 | grep -q drop ||
	fail "a kept run does not answer"
./quickstart --clean >"$scratch/out" || fail "--clean fails"
expect_nothing_left

echo "a firewall that lets a listed source through"
mkdir -p "$scratch/false/ctl"
ln -s "$build/daemon" "$build/tests" "$scratch/false/"
cat >"$scratch/false/ctl/fwctl" <<END
#!/bin/bash
"$build/ctl/fwctl" "\$@" || exit
[ "\$1 \$2" != "set import" ] || "$build/ctl/fwctl" allow 77.90.185.20 >&2
END
chmod +x "$scratch/false/ctl/fwctl"
status=0
./quickstart --build-dir "$scratch/false" >"$scratch/out" 2>&1 || status=$?
[ "$status" = 1 ] || fail "exit status $status, not 1"
grep -q '^NOT AS PROMISED: 1 connections from listed' "$scratch/out" ||
	fail "it does not tell"
expect_nothing_left

echo "one that is ended in the middle"
./quickstart --build-dir "$build" >"$scratch/out" 2>&1 &
running=$!
for _ in $(seq 300); do
	[ ! -e "/sys/fs/bpf/portcullis-quickstart-$running" ] || break
	sleep 0.1
done
[ -n "$(remains "$running")" ] || fail "it did not come up"
kill "$running"
status=0
wait "$running" || status=$?
running=
[ "$status" = 143 ] || fail "exit status $status, not 143"
expect_nothing_left
