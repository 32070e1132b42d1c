# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fetch.sh - what the scripts of tests/fetch share. Sourced, as
#
#	. .../fetch.sh "${1:?usage: test_NAME.sh BUILD_DIR}"
#
# which leaves with 77 and a reason where it cannot run, and otherwise starts
# servers of feeds on loopback that go away with the script, however it ends:
#
#	$plain http://localhost:PORT	$secure https://localhost:PORT
#
# $secure has a certificate for localhost alone, of an authority that only
# $work/ca.pem knows. A check that fails ends the script by fail(). Waiting has
# a limit only so that a broken program does not hang.
set -eu
shopt -s inherit_errexit

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# One with the sanitizers of the build, one without, which is confined.
program=$1/images/fetch-feed/fetch-feed
bare=$1/images/fetch-feed/fetch_feed_bare
as=() # who runs it, as a command before it
others=() # pids of what runs beside

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	[ ! -s "$work/said" ] ||
		echo "it said: $(head -c 2000 "$work/said" "$work/errors")"
	exit 1
}

# wait_for WHAT COMMAND...: until it succeeds.
wait_for() {
	local what=$1 tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || fail "$what: not within a minute"
		sleep 0.1
	done
}

end() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

cleanup() {
	local status=$? pid
	set +e
	for pid in "${others[@]}"; do
		end "$pid"
	done
	rm -rf "$work"
	exit "$status"
}

# make_certificate NAME SUBJECT DAYS: signed by the authority.
make_certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" \
		-keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" \
		-CAkey "$work/ca.key" -days "$3" -out "$work/$1.pem" \
		-extfile <(echo "subjectAltName=DNS:$2") 2>/dev/null
}

make_authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
		-subj "/CN=authority of a test" -keyout "$work/ca.key" \
		-out "$work/ca.pem" 2>/dev/null
}

# start_server DIRECTORY CERTIFICATE: sets $plain and $secure.
start_server() {
	mkdir "$1"
	python3 "$top/tests/support/feed_server.py" "$1" "$work/$2.pem" \
		"$work/$2.key" &
	others+=($!)
	wait_for "the servers" test -s "$1/ports"
	read -r plain secure <"$1/ports"
	plain=http://localhost:$plain
	secure=https://localhost:$secure
}

# run ARGUMENT...: over the feed of before; what it answered is left in $work/said, its exit status in
# $status. Nothing else ever comes out of it.
run() {
	status=0
	printf before >"$work/out/feed"
	"${as[@]}" "$program" --user nobody --output "$work/out/feed" "$@" \
		>"$work/said" 2>"$work/errors" </dev/null || status=$?
	[ ! -s "$work/errors" ] || fail "$*: standard error is not empty"
	jq -e . "$work/said" >/dev/null || fail "$*: not JSON"
}

# The same by the usual ways.
http() {
	run --allow-http --url "$plain/$1" "${@:2}"
}

https() {
	run --ca-file "$work/ca.pem" --url "$secure/$1" "${@:2}"
}

# is WHAT EXPECTED FOUND
is() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", found \"$3\""
}

# field NAME: of the last answer.
field() {
	jq -r ".$1" "$work/said"
}

# The whole feed has arrived, and the answer says so.
arrived() {
	is "exit status" 0 "$status"
	is outcome "true new" "$(field ok) $(field outcome)"
	cmp "$work/expected" "$work/out/feed" || fail "$1: another feed"
	is "bytes" "$(stat -c %s "$work/expected")" "$(field bytes)"
	is "sha256" "$(sha256sum <"$work/expected" | cut -d' ' -f1)" \
		"$(field sha256)"
	is "mode" 600 "$(stat -c %a "$work/out/feed")"
	left_only feed
	echo "ok: $1"
}

# left_only NAME...: nothing else lies beside the output.
left_only() {
	is "what lies beside the output" "$*" \
		"$(find "$work/out" -mindepth 1 -printf '%f\n' | sort | xargs)"
}

# untouched WHAT: the feed of before is as it was.
untouched() {
	is "the feed of before: $1" before "$(cat "$work/out/feed")"
	left_only feed
	echo "ok: $1"
}

# missed WHAT STATUS OUTCOME TEXT: it said no, by a sentence that matches TEXT,
# and has changed nothing.
missed() {
	is "exit status: $1" "$2" "$status"
	is "outcome: $1" "false $3" "$(field ok) $(field outcome)"
	field error | grep -qE -- "$4" || fail "$1: expected \"$4\""
	untouched "$1"
}

# failed WHAT TEXT, refused WHAT TEXT: the same, when it tried, and when it did
# not because of what was asked.
failed() {
	missed "$1" 1 failed "$2"
}

refused() {
	missed "$1" 2 failed "$2"
}

[ "$(id -u)" = 0 ] || skip "needs root"
for tool in jq openssl python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
for file in "$program" "$bare"; do
	[ -x "$file" ] || skip "$file is not built"
done

unset http_proxy https_proxy all_proxy no_proxy
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
# Who changes the user cannot be traced, as the check for leaks does.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" LC_ALL=C
work=$(mktemp -d /tmp/pcl-fetch-XXXXXX)
trap cleanup EXIT
trap 'exit 1' INT TERM
mkdir "$work/out"
printf '198.51.100.%d\n' {0..255} >"$work/expected"
make_authority
make_certificate localhost localhost 2
start_server "$work/server" localhost
