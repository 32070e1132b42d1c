#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_secrets.sh BUILD_DIR - keys and secret URLs reach the server and nobody
# else.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_secrets.sh BUILD_DIR}"

key="key-of-the-test-1234"
token="token-of-the-test-5678"

# secret FILE: standard input, for its owner only.
secret() {
	install -m 600 /dev/stdin "$1"
}

# silent WHAT: no secret was printed.
silent() {
	! grep -qE "$key|$token" "$work/said" "$work/errors" ||
		fail "$1: a secret was printed"
	echo "ok: nothing was told: $1"
}

# key_of PATH: what the last request for it had as the key.
key_of() {
	jq -r --arg path "$1" 'select(.path == $path).headers["x-api-key"]' \
		"$work/server/requests" | tail -n 1
}

with_key() {
	"$1" "${@:2}" --header X-Api-Key --key-file "$work/key"
}

secret "$work/key" <<<"$key"
with_key https plain
arrived "a feed with a key"
silent "a feed with a key"
is "key" "$key" "$(key_of /plain)"
with_key https forbidden
failed "a key that is refused" "HTTP 403"
silent "a key that is refused"
with_key https 'chain?left=2'
arrived "a redirect within the place"
is "key at its end" "$key" "$(key_of /plain)"
with_key http to-other-name
arrived "a redirect to another place"
is "key on the way there" "$key" "$(key_of /to-other-name)"
is "key at the other place" null "$(key_of /plain)"
with_key https to-other-name
failed "a redirect to a wrong certificate" "certificate"
silent "a redirect to a wrong certificate"

# bad_key WHAT TEXT: as the file is now.
bad_key() {
	with_key https plain
	failed "$1" "$2"
	silent "$1"
}

rule="key-file: must be of mode 0600"
for mode in 644 640 604 660 700; do
	chmod "$mode" "$work/key"
	bad_key "a key of mode $mode" "$rule"
done
chmod 600 "$work/key"
chown nobody "$work/key"
bad_key "a key of somebody else" "$rule"
chown root "$work/key"
printf '%s\rX-Other: 1\n' "$key" | secret "$work/key"
with_key https plain
arrived "a key up to the end of its line"
is "another header" null "$(tail -n 1 "$work/server/requests" |
	jq -r '.headers["x-other"]')"
printf '%s\tand more\n' "$key" | secret "$work/key"
bad_key "a key with a control character" "its first line is no key"
secret "$work/key" </dev/null
bad_key "an empty key" "its first line is no key"
head -c 10000 /dev/zero | tr '\0' k | secret "$work/key"
bad_key "a key that is too long" "File too large"
rm "$work/key"
bad_key "no file" "No such file"
mkfifo -m 600 "$work/key"
bad_key "a FIFO" "Invalid argument"
https plain --key-file "$work/key"
refused "a key without a header" "go together"
https plain --header 'X: 1' --key-file "$work/key"
refused "a header that is none" "not a name of a header"

# By a request, which no other process sees.
secret "$work/request" <<-END
	# a feed whose URL is its key
	url $secure/$token/plain?auth=$token
	ca-file $work/ca.pem
END
run --request "$work/request"
arrived "a secret URL"
silent "a secret URL"
is "what was asked" "/$token/plain?auth=$token" \
	"$(tail -n 1 "$work/server/requests" | jq -r .path)"
chmod 644 "$work/request"
run --request "$work/request"
refused "a request of mode 644" "must be of mode 0600"

# asks LINE...: a request on standard input.
asks() {
	status=0
	printf before >"$work/out/feed"
	printf '%s\n' "ca-file $work/ca.pem" "output $work/out/feed" \
		"user nobody" "$@" | "$program" --request - >"$work/said" \
		2>"$work/errors" || status=$?
	silent "${1%% *}"
}

asks "  url  $secure/$token/plain"
arrived "a request on standard input"
for page in to-http to-file broken cut-gzip page drip 'chain?left=4' later; do
	asks "url $secure/$token/$page" "stall 1"
	[ "$status" = 1 ] || [ "$status" = 3 ] || fail "$page has arrived"
done
asks "url https://localhost:1/$token"
failed "nobody listens" "Connection refused"
asks "url http://localhost/$token"
refused "http" "http is not allowed"
asks "url $token"
refused "no URL" "url: not"
asks "url https://user:$token@localhost/"
refused "a password in a URL" "user and password do not belong there"
asks "url ftp://localhost/$token"
refused "ftp" "not https"
asks "$token"
refused "a name that is not known" "line 4: unknown name"
asks "url $secure/plain" "etag"
refused "a name without a value" "etag needs a value"
asks "url $secure/plain" "allow-http $token"
refused "a flag with a value" "allow-http takes no value"
asks "url $secure/plain" "max-bytes $token"
refused "a number that is none" "max-bytes: a number from 1 to"
asks "url $secure/plain" "etag \"$(printf '\r')X: $token\""
refused "an ETag with a line end" "etag: not an ETag"
asks "url $secure/plain" "modified-since $token"
refused "a date that is none" "modified-since: not a date"
asks "etag \"$token\""
refused "no URL at all" "url is missing"
run "--$token"
refused "an option that is not known" "wrong usage"
silent "an option that is not known"

# As it runs: what everyone can read of its processes.
secret "$work/key2" <<<"$key"
secret "$work/request" <<-END
	url $secure/$token/hold
	header X-Api-Key
	key-file $work/key2
	ca-file $work/ca.pem
	output $work/out/feed
	user nobody
END
"$program" --request "$work/request" >"$work/said" 2>"$work/errors" &
pid=$!
others+=("$pid")
is_held() {
	[ "$(key_of "/$token/hold")" = "$key" ]
}
wait_for "the request" is_held
keeper=$(tr -d " " <"/proc/$pid/task/$pid/children")
for process in "$pid" "$keeper"; do
	tr '\0' '\n' <"/proc/$process/cmdline" | grep -q fetch-feed ||
		fail "no command line"
	! cat "/proc/$process/cmdline" "/proc/$process/environ" \
		"/proc/$process/comm" | grep -qaE "$key|$token" ||
		fail "a secret is in what others can read of it"
done
: >"$work/server/go-on"
status=0
wait "$pid" || status=$?
arrived "while others looked at it"
silent "while others looked at it"
