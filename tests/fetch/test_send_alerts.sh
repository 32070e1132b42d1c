#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_send_alerts.sh BUILD_DIR - alerts are posted to a server that takes them,
# refuses them, hangs, or is not there; keys go to it and to nobody else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${1:?usage: test_send_alerts.sh BUILD_DIR}")
for tool in jq python3 openssl; do
	command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done

work=$(mktemp -d)
chmod 755 "$work"
others=()
sender=
end() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
finish() {
	local status=$? pid
	for pid in $sender "${others[@]}"; do
		end "$pid"
	done
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT

fail() {
	echo "FAILED: $*"
	cat "$work/errors" 2>/dev/null
	exit 1
}

is() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", found \"$3\""
}

wait_for() {
	local what=$1
	shift
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "waited in vain for $what"
}

# serve DIRECTORY [CERTIFICATE KEY]: sets $port.
serve() {
	mkdir "$work/$1"
	echo 200 >"$work/$1/plan"
	python3 "$here/../support/post_server.py" "$work/$1" "${@:2}" &
	others+=($!)
	wait_for "a server" test -s "$work/$1/port"
	port=$(cat "$work/$1/port")
}

# plan WORD...: what the server does with the next posts.
plan() {
	printf '%s\n' "$@" >"$work/http/plan.next"
	mv "$work/http/plan.next" "$work/http/plan"
	: >"$work/http/posts"
}

# start ORDER...: the sender, whose input is 3.
start() {
	rm -f "$work/in"
	mkfifo "$work/in"
	"${program:-$build/images/send-alerts/send-alerts}" <"$work/in" \
		>"$work/said" 2>"$work/errors" &
	sender=$!
	exec 3>"$work/in"
	printf '%s\n' "user nobody" "$@" '' >&3
}

# stop: its input ends; its exit status is left in $status.
stop() {
	exec 3>&-
	status=0
	wait "$sender" || status=$?
	sender=
	[ ! -s "$work/said" ] || fail "it said $(cat "$work/said")"
}

# alert NUMBER
alert() {
	echo "{\"event\":{\"id\":\"$1\",\"category\":[\"a\",\"b\"]},\"message\":\"say \\\"$1\\\"\"}" >&3
}

posts() {
	jq -rs "$1" "${2:-$work/http/posts}"
}

# told: the ids of alerts in posts that were taken.
told() {
	posts 'map(select(.status == "200").body | fromjson | .alerts[].event.id) | join(" ")'
}

has_told() {
	[ "$(told)" = "$1" ]
}

serve http
url="http://127.0.0.1:$port/hook?token=secret-of-the-url"
install -m 600 /dev/stdin "$work/headers" <<<"Authorization: Bearer key-of-the-test"

plan 200
start "url $url" "header-file $work/headers"
alert 1
wait_for "a post" has_told 1
is "path" "/hook?token=secret-of-the-url" "$(posts '.[0].path')"
is "key" "Bearer key-of-the-test" "$(posts '.[0].headers.authorization')"
is "type" application/json "$(posts '.[0].headers["content-type"]')"
is "body" '{"dropped":0,"alerts":[{"event":{"id":"1","category":["a","b"]},"message":"say \"1\""}]}' \
	"$(posts '.[0].body')"
is "user" nobody "$(ps -o user= -p "$sender")"
is "capabilities" 0000000000000000 \
	"$(sed -n 's/^CapEff:\s*//p' "/proc/$sender/status")"
stop
is "exit status" 0 "$status"
[ ! -s "$work/errors" ] || fail "it complains"
echo "ok: taken"

plan 500 503 200
start "url $url" "header-file $work/headers"
alert 1
wait_for "a post" has_told 1
is "posts" 3 "$(posts length)"
stop
is "what it says" "send-alerts: http://127.0.0.1:$port: status 500, will retry
send-alerts: http://127.0.0.1:$port takes alerts again failures=2" \
	"$(cat "$work/errors")"
echo "ok: tried again"

plan 429:2 200
start "url $url"
alert 1
wait_for "a post" has_told 1
is "waited as it was told" true "$(posts '.[1].time - .[0].time >= 2')"
stop
echo "ok: Retry-After"

plan 500:3600
start "url $url"
for i in $(seq 1100); do
	alert "$i"
done
echo "lost 7" >&3
wait_for "a post" test -s "$work/http/posts"
plan 200
stop
is "exit status" 0 "$status"
grep -q ": 1107 alerts were not told" "$work/errors" ||
	fail "it does not say what was lost"
echo "ok: a server that is away for long, and an end meanwhile"

plan 500:2 200
start "url $url"
is_nobody() { [ "$(ps -o user= -p "$sender")" = nobody ]; }
wait_for "its start" is_nobody
for i in $(seq 1100); do
	alert "$i"
done
echo "lost 7" >&3
all_told() {
	[ "$(posts 'map(select(.status == "200").body | fromjson | .alerts | length) | add')" = 1000 ]
}
wait_for "all posts" all_told
is "dropped, told once" 107 \
	"$(posts 'map(select(.status == "200").body | fromjson | .dropped) | add')"
is "the first that is left" 101 \
	"$(posts 'map(select(.status == "200"))[0].body | fromjson | .alerts[0].event.id')"
is "the most in a post" 100 \
	"$(posts 'map(.body | fromjson | .alerts | length) | max')"
stop
echo "ok: a queue that is full"

plan 400 200
start "url $url"
alert 1
wait_for "a post" test -s "$work/http/posts"
sleep 0.5
alert 2
wait_for "the next" has_told 2
is "dropped" 1 "$(posts '.[1].body | fromjson | .dropped')"
stop
grep -q "status 400, the alerts are given up" "$work/errors" ||
	fail "it does not say so"
echo "ok: refused is given up"

plan 302 200
start "url $url"
alert 1
wait_for "a post" test -s "$work/http/posts"
stop
is "posts" 1 "$(posts length)"
echo "ok: a redirect is not followed"

plan hang
start "url $url"
alert 1
wait_for "a post" test -s "$work/http/posts"
for i in $(seq 2 500); do
	alert "$i"
done
before=$(date +%s)
stop
[ $(($(date +%s) - before)) -lt 20 ] || fail "it waits for who hangs"
grep -q ": 500 alerts were not told" "$work/errors" || fail "it does not say so"
echo "ok: a server that hangs does not hold it up"

echo '{"text": "{{message}}", "kinds": "{{event.category}}{{none}}", "n": {{dropped}}, "all": {{json}}}' \
	>"$work/template"
plan 200
start "url $url" "template $work/template"
echo "lost 3" >&3
alert 1
wait_for "a post" test -s "$work/http/posts"
is "by a template" '{"text":"say \"1\"","kinds":"a,b","n":3,"all":{"event":{"id":"1","category":["a","b"]},"message":"say \"1\""}}' \
	"$(posts '.[0].body' | jq -c .)"
stop
echo "ok: a template"

install -m 600 /dev/stdin "$work/url" <<<"$url"
plan 200
start "url-file $work/url"
alert 1
wait_for "a post" has_told 1
is "path" "/hook?token=secret-of-the-url" "$(posts '.[0].path')"
stop
[ ! -s "$work/errors" ] || fail "it complains"
echo "ok: a URL that is in a file"

# refused SENTENCE ORDER...
refused() {
	start "${@:2}"
	stop
	[ "$status" -ne 0 ] || fail "$* was not refused"
	grep -qE "$1" "$work/errors" || fail "$*: another sentence"
	! grep -q "secret" "$work/errors" || fail "$*: a secret was told"
}
echo '{{' >"$work/broken"
install -m 644 /dev/stdin "$work/open" <<<"X: secret"
install -m 600 /dev/stdin "$work/split" <<<"no header secret"
refused "where to is missing"
refused "not a URL" "url ftp://secret.example/"
refused "header file" "url https://user:secret@host.example/"
refused "mode 0600" "url $url" "header-file $work/open"
refused "line 1: expected" "url $url" "header-file $work/split"
refused "a place is not" "url $url" "template $work/broken"
install -m 644 /dev/stdin "$work/url-open" <<<"$url"
install -m 600 /dev/stdin "$work/url-two" <<<"$url"$'\n'"$url"
printf '%s\0secret' "$url" | install -m 600 /dev/stdin "$work/url-nul"
install -m 600 /dev/null "$work/url-none"
refused "url-file: must be of mode 0600" "url-file $work/url-open"
refused "url-file: expected one line" "url-file $work/url-two"
refused "url-file: expected one line" "url-file $work/url-nul"
refused "not a URL" "url-file $work/url-none"
refused "url-file: No such file" "url-file $work/url-not-there"
refused "one is enough" "url $url" "url-file $work/url"
refused "not understood" "url $url" "what else secret"
start "url http://192.0.2.1:9/secret"
alert 1
wait_for "a complaint" grep -q "could not connect to it on this machine" \
	"$work/errors"
stop
! grep -q secret "$work/errors" || fail "a secret was told"
echo "ok: http goes to this machine only; what is wrong is said, secrets are not"

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=localhost" \
	-addext "subjectAltName=DNS:localhost" -keyout "$work/key.pem" \
	-out "$work/ca.pem" 2>/dev/null
serve https "$work/ca.pem" "$work/key.pem"
start "url https://localhost:$port/" "ca-file $work/ca.pem"
alert 1
wait_for "a post" test -s "$work/https/posts"
stop
start "url https://localhost:$port/"
alert 2
wait_for "a complaint" grep -q "will retry" "$work/errors"
stop
is "posts" 1 "$(wc -l <"$work/https/posts")"
echo "ok: https, and nobody who is not trusted"

program=$build/images/send-alerts/send_alerts_bare
plan 500 200
start "url $url" "header-file $work/headers"
alert 1
wait_for "a post" has_told 1
is "filter" 2 "$(sed -n 's/^Seccomp:\s*//p' "/proc/$sender/status")"
stop
is "exit status" 0 "$status"
start "url https://localhost:$(cat "$work/https/port")/" "ca-file $work/ca.pem"
alert 3
two() { [ "$(wc -l <"$work/https/posts")" = 2 ]; }
wait_for "a post" two
stop
echo "ok: confined, it does the same"
