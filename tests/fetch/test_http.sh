#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_http.sh BUILD_DIR - what servers send, good and bad.
#
# A feed that is whole arrives; anything else leaves the feed of before as it
# was, and says why.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_http.sh BUILD_DIR}"

# unchanged WHAT
unchanged() {
	is "exit status: $1" 0 "$status"
	is "outcome: $1" "true unchanged 304" \
		"$(field ok) $(field outcome) $(field http)"
	untouched "$1"
}

https plain
arrived "a plain feed over https"
is "validators" '"first" Sat, 28 Nov 2026 10:00:00 GMT text/plain' \
	"$(field etag) $(field last_modified) $(field content_type)"
is "user agent" "portcullis/$("$program" --version | cut -d' ' -f2)" \
	"$(tail -n 1 "$work/server/requests" | jq -r '.headers["user-agent"]')"
http plain
arrived "a plain feed over http"
run --url "$plain/plain"
refused "http that was not allowed" "http is not allowed"

https plain --etag '"first"'
unchanged "the same ETag"
is "ETag" '"first"' "$(field etag)"
https plain --etag '"other"'
arrived "another ETag"
https plain --modified-since 'Sat, 28 Nov 2026 10:00:00 GMT'
unchanged "the same date"
https plain --modified-since 'Fri, 27 Nov 2026 10:00:00 GMT'
arrived "another date"
https always-304
failed "304 that nobody asked for" "HTTP 304"

for page in chunked gzip gzip-two-members control-headers; do
	https "$page"
	arrived "$page"
done
is "headers that are not fit to be shown" "null null" \
	"$(field etag) $(field last_modified)"
https empty
is "an empty feed" "true new 0" "$(field ok) $(field outcome) $(field bytes)"
is "an empty feed" 0 "$(stat -c %s "$work/out/feed")"

https cut-chunked
failed "a chunked body that was cut" "cut short"
https short
failed "a body shorter than its Content-Length" "cut short"
https cut-gzip
failed "a gzip stream without its end" "gzip stream is damaged or cut short"
https bad-gzip
failed "a gzip stream with a wrong checksum" "damaged"
https unasked
failed "an encoding that nobody asked for" "encoding"
https partial
failed "a part" "HTTP 206"

for page in bomb long long-chunked; do
	https "$page"
	failed "$page: more than the usual bound" "longer than 67108864 bytes"
done
for page in plain chunked gzip; do
	https "$page" --max-bytes 3730
	arrived "$page: just within a bound"
	https "$page" --max-bytes 3729
	failed "$page: just above it" "longer than 3729 bytes"
done

https drip --stall 1
failed "a server that is too slow" "took too long"
https hold --timeout 1
failed "a server that never comes to an end" "took too long"

https broken
failed "HTTP 500" "HTTP 500, error of the server"
! grep -q secret-of-the-server "$work/said" ||
	fail "the body of an error was shown"
https missing
failed "HTTP 404" "HTTP 404, not found"
is "status" 404 "$(field http)"

https later
missed "HTTP 429" 3 retry "HTTP 429"
is "seconds to wait" "429 120" "$(field http) $(field retry_after_s)"
https later-date
missed "HTTP 503 until a date" 3 retry "HTTP 503"
wait_s=$(field retry_after_s)
[ "$wait_s" -gt 3000 ] && [ "$wait_s" -le 3600 ] ||
	fail "expected about an hour, found $wait_s"
https much-later
is "a wait has a bound" 604800 "$(field retry_after_s)"
https later-unsaid
missed "HTTP 503" 3 retry "HTTP 503"
is "what was not said" null "$(field retry_after_s)"

https page
failed "text/html" "web page"
https page-as-text
failed "a page that is called text" "web page"
https page --allow-markup
is "a page that was asked for" "true new" "$(field ok) $(field outcome)"

run --allow-http --url "http://localhost:1/plain"
failed "nobody listens" "http://localhost:1: no connection: Connection refused"
http_proxy=$plain http plain
is "by a proxy" 0 "$status"
http_proxy=$plain run --allow-http --url http://feeds.example/plain
arrived "by a proxy that is in the environment"
is "what the proxy was asked" http://feeds.example/plain \
	"$(tail -n 1 "$work/server/requests" | jq -r .path)"
