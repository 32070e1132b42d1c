#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_misp.sh BUILD_DIR - the events that a manifest names become one response.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_misp.sh BUILD_DIR}"

# has_events NUMBER...: these, in this order.
has_events() {
	is "outcome" "0 new $#" "$status $(field outcome) $(field pages)"
	is "events" "$*" "$(jq -r '[.response[].Event.Attribute[0].value |
		ltrimstr("198.51.100.")] | join(" ")' "$work/out/feed")"
	left_only feed
}

https manifest.json --misp
has_events 103 102 101
is "validator" '"first"' "$(field etag)"
is "what was asked" "/manifest.json 3" \
	"$(head -n 1 "$work/server/requests" | jq -r .path) $(grep -c \
		'33f4c354e5' "$work/server/requests")"
echo "ok: three events, the newest first"

https manifest.json --misp --max-pages 2
has_events 103 102
echo "ok: no more than allowed, of the newest"

https manifest.json --misp --etag '"other"'
has_events 103 102 101
is "who was asked with a validator" /manifest.json \
	"$(jq -r 'select(.headers."if-none-match") | .path' \
		"$work/server/requests")"
https manifest.json --misp --etag '"first"'
is "outcome" "0 unchanged" "$status $(field outcome)"
untouched "nothing new"

https manifest-odd --misp
failed "a name that is no event's" "names what is no event"
https manifest-lost --misp
failed "an event that is not there" "404"
https plain --misp
failed "no manifest" "not a JSON object"
https page --misp
failed "a web page" "web page"
https manifest.json --misp --max-bytes 100
failed "events that are too long" "longer than 100 bytes"
https manifest.json --misp --taxii
refused "both" "only one"
