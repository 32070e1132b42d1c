#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_confined.sh BUILD_DIR - whoever talks to strangers has nothing to lose.
#
# Started as root, the fetcher has no privileges by the time it connects, and
# can do all that it has to; its keeper can do one thing. The filter of system
# calls is tried with a program that makes those it must refuse.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_confined.sh BUILD_DIR}"
forbidden=$1/tests/fetch/fetch_forbidden

[ -x "$forbidden" ] || skip "$forbidden is not built"
program=$bare

# value PID NAME: of its status; of all threads, if they are of one mind.
value() {
	awk -v name="$2:" '$1 == name { sub(/^[^:]*:[ \t]*/, ""); print }' \
		"/proc/$1/task/"*/status | sort -u | tr '\t' ' ' |
		sed 's/ *$//'
}

# limit PID NAME: the hard one.
limit() {
	sed -n "s/^$2  *[^ ]* *\\([^ ]*\\).*/\\1/p" "/proc/$1/limits"
}

half_is_there() {
	[ "$(find "$work/out" -name '.fetch-feed-*' -size 1000c | wc -l)" = 1 ]
}

# hold: sets $pid, which has half a feed, and $keeper.
hold() {
	rm -f "$work/server/go-on"
	printf before >"$work/out/feed"
	"$program" --user nobody --output "$work/out/feed" \
		--ca-file "$work/ca.pem" --url "$secure/hold" \
		>"$work/said" 2>"$work/errors" </dev/null &
	pid=$!
	others+=("$pid")
	wait_for "half a feed" half_is_there
	keeper=$(tr -d " " <"/proc/$pid/task/$pid/children")
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

user=$(id -u nobody)
group=$(id -g nobody)
hold
is "user" "$user $user $user $user" "$(value "$pid" Uid)"
is "group" "$group $group $group $group" "$(value "$pid" Gid)"
is "groups" "" "$(value "$pid" Groups)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	is "$set" 0000000000000000 "$(value "$pid" $set)"
done
is "no new privileges" 1 "$(value "$pid" NoNewPrivs)"
is "filter of system calls" 2 "$(value "$pid" Seccomp)"
is "memory" $((768 << 20)) "$(limit "$pid" "Max address space")"
is "size of a file" $(((64 << 20) + (64 << 10))) \
	"$(limit "$pid" "Max file size")"
is "open files" 64 "$(limit "$pid" "Max open files")"
is "dumps" 0 "$(limit "$pid" "Max core file size")"
echo "ok: the fetcher"

is "no new privileges of the keeper" 1 "$(value "$keeper" NoNewPrivs)"
is "filter of system calls of the keeper" 2 "$(value "$keeper" Seccomp)"
is "capabilities of the keeper" 0000000000000002 "$(value "$keeper" CapPrm)"
is "capabilities of the keeper" 0000000000000002 "$(value "$keeper" CapEff)"
is "what the keeper has open" "directory socket" \
	"$(find "/proc/$keeper/fd" -type l -printf '%l\n' |
		sed 's/^socket:.*/socket/; s/^\/.*/directory/' | sort | xargs)"
echo "ok: the keeper"

: >"$work/server/go-on"
status=0
wait "$pid" || status=$?
arrived "a feed that was held"

for signal in TERM KILL; do
	hold
	kill -$signal "$pid"
	wait "$pid" 2>/dev/null || true
	wait_for "end of the keeper" is_gone "$keeper"
	untouched "killed by SIG$signal"
done
hold
kill -TERM "$pid" "$keeper"
wait "$pid" 2>/dev/null || true
wait_for "end of the keeper" is_gone "$keeper"
untouched "both killed by SIGTERM"
hold
kill -KILL "$keeper"
: >"$work/server/go-on"
status=0
wait "$pid" || status=$?
is "without its keeper" "1 failed" "$status $(field outcome)"
is "the feed of before" before "$(cat "$work/out/feed")"
rm "$work"/out/.fetch-feed-*
echo "ok: without its keeper"

# Who may write where.
chown nobody "$work/out"
chmod 700 "$work/out"
https plain
arrived "into a directory of somebody else"
chown root "$work/out"
https plain --user root
failed "as root" "root is root"
https plain --user no-such-user-$$
failed "as nobody we know" "there is no no-such-user"
https plain --output "$work/none/feed"
failed "into a directory that is not there" "output: No such file"
https plain --output "$work/out"
failed "over a directory" "output: Is a directory"
https plain --output "$work/out/"
failed "over a directory, with a slash" "output: Is a directory"

# As an ordinary user, with the sanitizers, which look for leaks here.
mkdir "$work/bin"
cp "$1/images/fetch-feed/fetch-feed" "$work/bin/"
chmod 755 "$work" "$work/bin" "$work/bin/fetch-feed"
program=$work/bin/fetch-feed
as=(setpriv --reuid "$user" --regid "$group" --clear-groups
	env ASAN_OPTIONS=detect_leaks=1)
https plain
failed "a directory that the caller may not write to" "output: Permission"
chown nobody "$work/out" "$work/out/feed"
for page in plain gzip 'chain?left=3'; do
	https "$page"
	arrived "by an ordinary user: $page"
	is "owner" nobody "$(stat -c %U "$work/out/feed")"
	rm "$work/out/feed"
done
for page in cut-gzip to-http missing page; do
	https "$page"
	failed "by an ordinary user: $page" .
done
https objects --taxii
is "by an ordinary user: taxii" "0 3" "$status $(field pages)"
https objects-odd --taxii
failed "by an ordinary user: a bad page" "an object is none"
install -m 600 -o nobody /dev/stdin "$work/key" <<<"a key"
https plain --header X-Key --key-file "$work/key"
arrived "by an ordinary user: with a key"

# What it has to do, it can: no call is refused but the one that is a trial.
command -v strace >/dev/null || skip "strace is not installed"
program=$bare
as=(strace -f -Z -o "$work/trace" --output-append-mode)
https plain
arrived "traced: a plain feed"
https 'chain?left=3'
arrived "traced: redirects"
http gzip
arrived "traced: gzip"
https objects --taxii
is "traced: taxii" "0 3" "$status $(field pages)"
run --url "$secure/plain"
failed "traced: the usual authorities" "certificate"
# a name that takes the resolver all its ways, none of which leads out
as=(unshare --net "${as[@]}")
run --url https://feeds.example/
failed "traced: a name that cannot be resolved" "no such host"
# and one that a server tells, over UDP and, cut there, over TCP
cat >"$work/resolved" <<-END
	#!/bin/bash
	set -e
	ip link set lo up
	echo "nameserver 127.0.0.53" >"$work/resolv.conf"
	mount --bind "$work/resolv.conf" /etc/resolv.conf
	python3 "$top/tests/support/dns_server.py" "$work/dns" &
	dns=\$!
	python3 "$top/tests/support/feed_server.py" "$work/named" \
		2>/dev/null &
	feeds=\$!
	trap 'kill -KILL \$dns \$feeds' EXIT
	until [ -s "$work/dns" ] && [ -s "$work/named/ports" ]; do
		sleep 0.1
	done
	read -r port _ <"$work/named/ports"
	"\$@" --allow-http --url "http://feeds.example:\$port/plain"
END
chmod 755 "$work/resolved"
mkdir "$work/named"
as=(unshare --net --mount "$work/resolved" strace -f -Z -o "$work/trace"
	--output-append-mode)
run
arrived "traced: a name that a server tells"
is "who was asked" "ready tcp udp" "$(sort -u "$work/dns" | xargs)"
[ -s "$work/trace" ] || fail "nothing was traced"
is "calls that were refused" "" \
	"$(grep EPERM "$work/trace" | grep -vF ' setuid(0)' || true)"
echo "ok: no system call was refused"

"$forbidden" >"$work/said" || fail "the filter let through"
echo "ok: $(wc -l <"$work/said") system calls are refused"
